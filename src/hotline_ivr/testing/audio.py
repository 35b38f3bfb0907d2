"""What a caller heard: is it this prompt, this music, this tone, or silence?

A prompt is recognised by normalised cross-correlation with its own samples. That does not depend on level
or on when the prompt began, and A-law or u-law cost it a few hundredths at most; another prompt in the same
voice stays far below. Needs numpy, which only callers need: nothing on the path of a call imports this file.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

FULL_SCALE = 32768.0
QUIET_DBFS = -55.0
"""A level below this is silence: comfort noise of a codec, but no speech and no music."""
RECOGNISED = 0.7
"""Least score of a prompt that was heard. Measured: the right one 0.95 and more, a wrong one below 0.5."""

_HOPELESS = 0.25
"""A whole prompt below this is not there in pieces either: the longest of them alone scores more."""

_STEP_S = 0.2
_SECOND_MATCHES = 0.8
_SLIP_S = 0.2
"""Ten packets of 20 ms: what is lost or repeated when a phone's buffer runs dry on a busy machine."""


@dataclass(frozen=True, slots=True)
class Audio:
    """One channel of sound. Samples lie between -1 and 1."""

    samples: Samples
    rate: int
    """Samples a second."""

    @classmethod
    def from_pcm(cls, pcm: bytes, rate: int) -> Audio:
        """Signed 16-bit little-endian samples; an odd last byte is left out."""
        return cls(np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2").astype(np.float64) / FULL_SCALE, rate)

    @classmethod
    def from_wav(cls, path: Path) -> Audio:
        """A 16-bit mono WAV file, whatever its suffix says."""
        with wave.open(str(path), "rb") as file:
            if (file.getsampwidth(), file.getnchannels()) != (2, 1):
                raise ValueError(f"{path}: not 16-bit mono")
            return cls.from_pcm(file.readframes(file.getnframes()), file.getframerate())

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def part(self, start_s: float, end_s: float | None = None) -> Audio:
        end = None if end_s is None else round(end_s * self.rate)
        return Audio(self.samples[max(0, round(start_s * self.rate)) : end], self.rate)

    def at_rate(self, rate: int) -> Audio:
        """The same sound at another rate, band-limited."""
        if rate == self.rate or len(self.samples) == 0:
            return Audio(self.samples, rate)
        count = round(len(self.samples) * rate / self.rate)
        spectrum = np.fft.rfft(self.samples)
        kept = np.zeros(count // 2 + 1, dtype=complex)
        size = min(len(kept), len(spectrum))
        kept[:size] = spectrum[:size]
        return Audio(np.fft.irfft(kept, count) * (count / len(self.samples)), rate)

    def pcm(self) -> bytes:
        """Signed 16-bit little-endian samples."""
        scaled = np.clip(np.round(self.samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
        return scaled.astype("<i2").tobytes()


@dataclass(frozen=True, slots=True)
class Match:
    """How well, and where, a prompt was found in what was heard."""

    score: float
    """Correlation of what overlaps, 0 to 1."""
    offset_s: float
    """When the prompt began, in seconds from the start of what was heard; negative if its head was missed."""
    heard_s: float
    """How far into the prompt: the end of the last second of it that was heard, in steps of 0.2 s."""

    @property
    def recognised(self) -> bool:
        return self.score >= RECOGNISED


def recognise(heard: Audio, prompt: Audio, *, least_overlap_s: float = 1.0) -> Match:
    """Find `prompt` in `heard`. A prompt cut off at either end counts by the part that overlaps."""
    wanted = prompt.at_rate(heard.rate).samples
    least = max(1, round(min(least_overlap_s, prompt.seconds) * heard.rate))
    if len(heard.samples) < least:
        return Match(0.0, 0.0, 0.0)
    scores, first_lag = _correlate(heard.samples, wanted, least)
    best = int(np.argmax(scores))
    lag = first_lag + best
    if scores[best] < _HOPELESS:
        return Match(float(scores[best]), lag / heard.rate, 0.0)
    score = max(float(scores[best]), _score_in_pieces(heard.samples, wanted, lag, heard.rate))
    return Match(score, lag / heard.rate, _heard(heard.samples, wanted, lag, heard.rate))


def _score_in_pieces(heard: Samples, wanted: Samples, lag: int, rate: int) -> float:
    """The score of seconds that may each lie a little off `lag`: a lost packet moves what comes after it."""
    total = weight = 0.0
    for start in range(max(0, -lag), min(len(wanted), len(heard) - lag) - rate, rate):
        piece = wanted[start : start + rate]
        energy = float(np.sum(piece**2))
        total += energy * _near(heard, piece, start + lag, rate)[0]
        weight += energy
    return total / weight if weight > 0 else 0.0


def _near(heard: Samples, piece: Samples, at: int, rate: int) -> tuple[float, int]:
    """The best score of `piece` within a slip of `at`, and where that is."""
    first = max(0, at - round(_SLIP_S * rate))
    scores, lag = _correlate(heard[first : at + len(piece) + round(_SLIP_S * rate)], piece, len(piece))
    best = int(np.argmax(scores)) if len(scores) else 0
    return (float(scores[best]), first + lag + best) if len(scores) else (0.0, at)


def _correlate(heard: Samples, wanted: Samples, least: int) -> tuple[Samples, int]:
    """Normalised correlation at each lag that leaves `least` samples of overlap, and the first such lag."""
    size = 1 << (len(heard) + len(wanted) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)
    first, last = least - len(wanted), len(heard) - least
    lags = np.arange(first, last + 1)
    energy_heard = _window_energy(heard, lags, lags + len(wanted))
    energy_wanted = _window_energy(wanted, -lags, -lags + len(heard))
    # Where either side is as good as silent there is nothing to recognise, and nothing to divide by.
    floor = 1e-8 * least
    audible = (energy_heard > floor) & (energy_wanted > floor)
    scale = np.sqrt(np.where(audible, energy_heard * energy_wanted, 1.0))
    return np.where(audible, product[lags % size] / scale, 0.0), first


def _window_energy(samples: Samples, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Samples:
    total = np.concatenate(([0.0], np.cumsum(samples**2)))
    energy: Samples = total[np.clip(ends, 0, len(samples))] - total[np.clip(starts, 0, len(samples))]
    return energy


def _heard(heard: Samples, wanted: Samples, lag: int, rate: int) -> float:
    for end in range(len(wanted), min(rate, len(wanted)) - 1, -round(_STEP_S * rate)):
        start = max(0, end - rate)
        if start + lag >= 0 and _near(heard, wanted[start:end], start + lag, rate)[0] >= _SECOND_MATCHES:
            return end / rate
    return 0.0


def tone(hz: float, seconds: float, rate: int = 8000, level: float = 0.3) -> Audio:
    """A sine of `level` times full scale."""
    return Audio(level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate), rate)


def tone_share(audio: Audio, hz: float) -> float:
    """The part of the sound's energy that lies at one frequency: 1 for that tone alone, near 0 without it.

    The same as Goertzel's filter with a window of the whole sound.
    """
    energy = float(np.sum(audio.samples**2))
    if energy == 0:
        return 0.0
    turns = np.exp(-2j * np.pi * hz * np.arange(len(audio.samples)) / audio.rate)
    return float(2 * np.abs(np.dot(audio.samples, turns)) ** 2 / (len(audio.samples) * energy))


def level_dbfs(audio: Audio) -> float:
    """Mean level against full scale, in dB; -120 for digital silence."""
    return _dbfs(audio.samples)


def is_silent(audio: Audio) -> bool:
    return level_dbfs(audio) < QUIET_DBFS


def _dbfs(samples: Samples) -> float:
    mean = float(np.mean(samples**2)) if len(samples) else 0.0
    return 10 * float(np.log10(max(mean, 1e-12)))

"""Audio at one loudness and in every form that Asterisk needs, by sox.

All work is done without dither and with sox's repeatable generator, so equal input gives equal bytes.
Levels are dBFS; RMS is over the whole sound after its silence was cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hotline_ivr.errors import SetupError
from hotline_ivr.setup.tools import require, run

FORMATS = ("wav", "wav16", "ulaw", "alaw")
"""Name endings that Asterisk's format_wav and format_pcm read: 8 and 16 kHz linear, and both G.711 laws."""

MIN_SPEECH = 0.2
"""A prompt shorter than this (in seconds) is a mistake, such as an empty recording."""

MESSAGE_PAUSES = (0.1, 0.2)
"""Seconds of silence around a message: its first syllable would be lost to an audio path that just opens."""

PART_PAUSES = (0.01, 0.06)
"""Seconds around a part of a sentence, which follows the part before it without a stop."""

_ROUNDS = 4  # the limiter takes away what it cuts, so the gain is found by trying; two are enough in practice
_TOLERANCE_DB = 0.2
OUTPUT = {
    "wav": ("-t", "wav", "-r", "8000", "-b", "16", "-e", "signed-integer"),
    "wav16": ("-t", "wav", "-r", "16000", "-b", "16", "-e", "signed-integer"),
    "ulaw": ("-t", "ul", "-r", "8000"),
    "alaw": ("-t", "al", "-r", "8000"),
}
"""sox's words for each of FORMATS."""
_LENGTH = re.compile(r"^Length s\s+([\d.]+)", re.MULTILINE)
_RMS = re.compile(r"^RMS lev dB\s+(-?[\d.]+|-inf)", re.MULTILINE)
_PEAK = re.compile(r"^Pk lev dB\s+(-?[\d.]+|-inf)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Level:
    """How loud a sound shall be: its RMS, and the peak that a limiter holds. Both in dBFS."""

    rms_db: float
    peak_db: float


SPEECH = Level(rms_db=-19.0, peak_db=-3.0)
"""As loud as a clear human voice on the telephone, with room for what a carrier adds."""

BACKGROUND = Level(rms_db=-25.0, peak_db=-6.0)
"""Music must not tire a caller who waits with the phone at the ear, nor drown an announcement."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a sound is: length in seconds, levels in dBFS (-inf is silence)."""

    length_s: float
    rms_db: float
    peak_db: float


def sox(*arguments: str | Path) -> str:
    """Run sox; its answer. Raises SetupError with its last words."""
    return run([require("sox", package="sox"), "-D", "-R", *map(str, arguments)]).stderr


def measure(sound: Path) -> Measured:
    """Measure any sound that sox can tell the type of. Raises SetupError when it is none."""
    text = sox(sound, "-n", "stats")
    found = [pattern.search(text) for pattern in (_LENGTH, _RMS, _PEAK)]
    if None in found:
        return Measured(0.0, float("-inf"), float("-inf"))
    length, rms, peak = (float(match[1]) for match in found if match)
    return Measured(length, rms, peak)


def speech(source: Path, work: Path, pauses: tuple[float, float] = MESSAGE_PAUSES) -> Path:
    """Cut silence at both ends of a voice, level it, put short pauses around it. Gives a file in `work`.

    Raises SetupError when there is no voice in it.
    """
    cut = work / "cut.wav"
    trim = ("silence", "1", "0.01", "-50d", "reverse")
    sox(source, *_linear(cut), "remix", "-", "rate", "-v", "16000", "highpass", "80", *trim, *trim)
    length = measure(cut).length_s
    if length < MIN_SPEECH:
        raise SetupError(
            f"{source} holds only {length:.2f} s of sound; a prompt has at least {MIN_SPEECH:g} s"
        )
    padded = work / "speech.wav"
    before, after = map(str, pauses)
    sox(levelled(cut, work, SPEECH), *_linear(padded), "fade", "0.005", "-0", "0.01", "pad", before, after)
    return padded


def levelled(source: Path, work: Path, level: Level) -> Path:
    """`source` at `level`. Raises SetupError when it is silent."""
    gain = level.rms_db - measure(source).rms_db
    if gain == float("inf"):
        raise SetupError(f"{source} is silent")
    result = work / "levelled.wav"
    for _ in range(_ROUNDS):
        # sox's limiter holds full scale, so the peak is set by turning down after it.
        sox(
            source,
            *_linear(result),
            "gain",
            "-l",
            f"{gain - level.peak_db:.3f}",
            "gain",
            f"{level.peak_db:.3f}",
        )
        missing = level.rms_db - measure(result).rms_db
        if abs(missing) <= _TOLERANCE_DB:
            break
        gain += missing
    return result


def write_formats(sound: Path, target: Path) -> None:
    """Write `target`.wav, .wav16, .ulaw and .alaw; each appears whole or not at all."""
    for ending in FORMATS:
        final = target.with_name(f"{target.name}.{ending}")
        partial = target.with_name(f".{target.name}.{ending}.partial")
        sox(sound, *OUTPUT[ending], "-c", "1", partial, "rate", "-v")
        partial.replace(final)


def _linear(path: Path) -> tuple[str, ...]:
    """sox's words for a working file: 32-bit float, so that nothing is lost or clipped between steps."""
    return ("-t", "wav", "-b", "32", "-e", "floating-point", str(path))

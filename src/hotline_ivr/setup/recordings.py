"""Judging a recording before callers hear it. Measured by sox, judged by numbers alone.

Levels are dBFS. Loudness is the RMS of the whole sound after its silence was cut (`RMS lev dB` of sox's
`stats`, sox(1)): for one voice without music it orders recordings as LUFS would, and it is what set-up levels
by. The flat factor is sox's measure of peaks cut flat (0 without clipping, above 10 plainly heard). A
telephone's G.711 leaves of it 3 to 8 for a clipped voice and up to 3.4 for a clean one, since its steps are
wide at the top; there the share of the samples that stand at the peak tells them apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hotline_ivr.errors import SetupError
from hotline_ivr.setup.audio import MIN_SPEECH, sox
from hotline_ivr.setup.tools import require, run

MAX_LENGTH = 180.0
"""Seconds. Nobody listens longer; such a file is the whole session, not yet cut into prompts."""

TOO_QUIET_DB, QUIET_DB = -45.0, -35.0
"""Raised to speech level (-19) a sound brings its noise along: 26 dB of that is heard as a roar, 16 dB a
little."""

CLIPPED_FLAT = 5.0
"""A voice overdriven by 3 dB has a flat factor of 13, one that just touches full scale has 0."""

FLAT, FLAT_SHARE = 2.0, 0.002
"""Clipped too, from this flat factor on, where so many of the samples stand at the peak. Spoken through A-law
and u-law at every level: a clean voice has at most 0.0007, one overdriven by 3 dB at least 0.003."""

NARROW_RATE = 16_000
"""Samples a second below which a recording is duller than the wideband form that telephones can play."""

_SAMPLES = 8_000
_CANCELLED_DB = 10.0
_NOISY_DB = 12.0
_LONG_SILENCE = 1.0
_CUT = ("silence", "1", "0.01", "-50d")
_NUMBER = r"\s+(-?[\d.]+|-inf)"
_TIMES = {"": 1, "k": 1_000, "M": 1_000_000}


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file holds. Lengths in seconds, levels in dBFS of its loudest channel (-inf is silence)."""

    channels: int
    rate: int
    length_s: float
    """Without the silence at its ends."""
    before_s: float
    after_s: float
    rms_db: float
    peak_db: float
    quietest_db: float
    """RMS of the quietest 50 ms: the noise between the words."""
    flat: float
    mixed_loss_db: float = 0.0
    """How much quieter all channels are together than the loudest one alone."""
    at_peak: float = 0.0
    """Share of the samples that are the highest or the lowest of all, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing about a recording, in plain words, and what to do about it; `bad` refuses it."""

    bad: bool
    message: str
    remedy: str = ""


def judge(found: Recording, expected_s: float = 0.0) -> tuple[Verdict, ...]:
    """What is wrong with a recording, worst first; `expected_s` is how long its text should take, if
    known."""
    if found.length_s == 0:
        return (Verdict(True, "is silent", "record it again; is the microphone on?"),)
    if found.length_s < MIN_SPEECH:
        return (Verdict(True, f"holds only {found.length_s:.2f} s of sound", "record it again"),)
    verdicts = [*_of_form(found), *_of_level(found), *_of_length(found, expected_s)]
    return tuple(sorted(verdicts, key=lambda one: not one.bad))


def _of_form(found: Recording) -> list[Verdict]:
    verdicts = []
    if found.rate < _SAMPLES:
        verdicts.append(
            Verdict(True, f"has {found.rate} samples a second, less than a telephone", "record at 48,000")
        )
    elif found.rate < NARROW_RATE:
        verdicts.append(Verdict(False, f"sounds dull: {found.rate} samples a second", "record at 48,000"))
    if found.channels > 2:
        verdicts.append(Verdict(True, f"has {found.channels} channels", "export it as mono"))
    elif found.mixed_loss_db > _CANCELLED_DB:
        verdicts.append(
            Verdict(True, "its two channels cancel each other in mono", "export only one of the channels")
        )
    elif found.channels == 2:
        verdicts.append(Verdict(False, "is stereo; both channels were made one"))
    return verdicts


def _of_level(found: Recording) -> list[Verdict]:
    verdicts = []
    loudness = f"{found.rms_db:.0f} dBFS"
    if found.flat >= CLIPPED_FLAT or (found.flat >= FLAT and found.at_peak >= FLAT_SHARE):
        what = f"is clipped (flat factor {found.flat:.0f})"
        verdicts.append(Verdict(True, what, "record it again at a lower level"))
    if found.rms_db < TOO_QUIET_DB:
        what = f"is too quiet: {loudness}"
        verdicts.append(Verdict(True, what, "go closer to the microphone, or turn it up"))
    elif found.rms_db < QUIET_DB:
        verdicts.append(Verdict(False, f"is quiet: {loudness}; it was raised, with its noise"))
    if found.length_s > 2 and found.rms_db - found.quietest_db < _NOISY_DB:
        what = "has noise or music between the words"
        verdicts.append(Verdict(False, what, "record in a quiet room, without music"))
    return verdicts


def _of_length(found: Recording, expected_s: float) -> list[Verdict]:
    verdicts = []
    if found.length_s > MAX_LENGTH:
        verdicts.append(
            Verdict(True, f"is {found.length_s:.0f} s long; at most {MAX_LENGTH:g}", "cut it into prompts")
        )
    elif expected_s and not expected_s / 2.5 <= found.length_s <= expected_s * 2.5 + 1:
        verdicts.append(
            Verdict(
                False,
                f"is {found.length_s:.1f} s long; its text takes about {expected_s:.0f} s",
                "see that it is the right recording",
            )
        )
    for silence, where in ((found.before_s, "before"), (found.after_s, "after")):
        if silence > _LONG_SILENCE:
            verdicts.append(Verdict(False, f"had {silence:.1f} s of silence {where} the voice; it was cut"))
    return verdicts


def inspect(file: Path) -> Recording:
    """Measure a file of any form that sox reads. Raises SetupError in plain words when it is none."""
    if not file.is_file():
        raise SetupError(f"{file}: there is no such file")
    try:
        channels, rate = (int(_about(file, option)) for option in ("-c", "-r"))
        levels = {str(channel): _stats(file, str(channel)) for channel in range(1, min(channels, 2) + 1)}
        best = max(levels, key=lambda channel: levels[channel]["RMS lev dB"])
        mixed_loss = levels[best]["RMS lev dB"] - _stats(file, "-")["RMS lev dB"] if channels > 1 else 0.0
        whole, after_start, both = (
            _length(file, best, *effects) for effects in ((), _CUT, (*_CUT, "reverse", *_CUT))
        )
        voice = _stats(file, best, *_CUT, "reverse", *_CUT) if both else levels[best]
    except (SetupError, ValueError) as error:
        raise SetupError(f"{file}: {_why_not(file, error)}") from None
    return Recording(
        channels=channels,
        rate=rate,
        length_s=both,
        before_s=whole - after_start,
        after_s=after_start - both,
        rms_db=voice["RMS lev dB"],
        peak_db=voice["Pk lev dB"],
        quietest_db=voice["RMS Tr dB"],
        flat=voice["Flat factor"],
        mixed_loss_db=mixed_loss,
        at_peak=voice["Pk count"] / max(1.0, both * rate),
    )


def _about(file: Path, option: str) -> str:
    return run([require("sox", package="sox"), "--i", option, str(file)]).stdout


def _length(file: Path, channel: str, *effects: str) -> float:
    """Seconds of one channel after `effects`."""
    text = sox(file, "-n", "remix", channel, *effects, "stat")
    found = re.search(rf"^Length \(seconds\):{_NUMBER}", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _stats(file: Path, channel: str, *effects: str) -> dict[str, float]:
    """sox's `stats` of one channel, or of all mixed (`-`), after `effects`."""
    text = sox(file, "-n", "remix", channel, *effects, "stats")
    names = ("RMS lev dB", "Pk lev dB", "RMS Tr dB", "Flat factor", "Pk count")
    found = {name: re.search(rf"^{name}{_NUMBER}([kM]?)", text, re.MULTILINE) for name in names}
    return {
        name: float(match[1]) * _TIMES[match[2]] if match else float("-inf") for name, match in found.items()
    }


def _why_not(file: Path, error: Exception) -> str:
    if "no handler" in str(error):
        return (
            f"sox here cannot read {file.suffix or 'it'}; export it as WAV or FLAC,"
            " or install what is missing: sudo apt-get install libsox-fmt-all"
        )
    if isinstance(error, SetupError) and "is not installed" in str(error):
        return str(error)
    return "is no sound that can be read; export it as WAV or FLAC"

"""Every prompt in every language: whether it is recorded, how long and loud it is, and who uses it."""

from __future__ import annotations

import array
import math
import sys
import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hotline_ivr.config.prompt_uses import Use
from hotline_ivr.routing.speech import is_part
from hotline_ivr.setup.prompt_sources import PromptSource, Recorded, Spoken

State = Literal["recorded", "placeholder", "missing"]

_FULL_SCALE = 32_768
_QUIET = 104  # -50 dBFS, where prompts are cut too


@dataclass(frozen=True, slots=True)
class Sound:
    """What callers hear: its length in seconds, and its RMS level in dBFS between first and last sound."""

    length_s: float
    rms_db: float


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in a language; `used_by` are the places of the plan that name it."""

    prompt: str
    language: str
    state: State
    text: str
    used_by: tuple[str, ...]
    recording: Path | None = None

    @property
    def name(self) -> str:
        return f"{self.language}/{self.prompt}"

    @property
    def is_part(self) -> bool:
        return is_part(self.prompt)


def library(sources: Mapping[str, PromptSource], uses: Mapping[str, tuple[Use, ...]]) -> tuple[Prompt, ...]:
    """All prompts that there are or should be, by id and language; parts of sentences last."""
    wanted = {
        f"{language}/{prompt}"
        for prompt, found in uses.items()
        for use in found
        for language in use.languages
    }
    prompts = (_prompt(name, sources.get(name), uses) for name in {*sources, *wanted})
    return tuple(sorted(prompts, key=lambda one: (one.is_part, one.prompt, one.language)))


def missing(prompts: Iterable[Prompt], *, recordings: bool = False) -> tuple[Prompt, ...]:
    """Prompts that the plan names and callers cannot hear; with `recordings` also those still
    placeholders."""
    bad: tuple[State, ...] = ("missing", "placeholder") if recordings else ("missing",)
    return tuple(one for one in prompts if one.used_by and one.state in bad)


def heard(file: Path) -> Sound | None:
    """Measure a built 16-bit WAV file; None where it has not been made."""
    try:
        with wave.open(str(file), "rb") as sound:
            samples = array.array("h", sound.readframes(sound.getnframes()))
            length = sound.getnframes() / sound.getframerate()
    except (OSError, EOFError, wave.Error):
        return None
    if sys.byteorder == "big":
        samples.byteswap()
    loud = [at for at, sample in enumerate(samples) if abs(sample) > _QUIET]
    if not loud:
        return Sound(length, float("-inf"))
    voice = samples[loud[0] : loud[-1] + 1]
    power = sum(sample * sample for sample in voice) / len(voice)
    return Sound(length, 10 * math.log10(power / _FULL_SCALE**2))


def _prompt(name: str, source: PromptSource | None, uses: Mapping[str, tuple[Use, ...]]) -> Prompt:
    language, _, prompt = name.partition("/")
    used_by = tuple(use.where for use in uses.get(prompt, ()) if language in use.languages)
    match source:
        case Recorded(file, text):
            return Prompt(prompt, language, "recorded", text, used_by, file)
        case Spoken(text):
            return Prompt(prompt, language, "placeholder", text, used_by)
        case None:
            return Prompt(prompt, language, "missing", "", used_by)

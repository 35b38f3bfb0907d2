"""Placeholders for the parts of sentences: some 260 words, each too short to be worth a dozen programs.

espeak-ng says each word; all words of a voice then go through sox as one sound, which is cut apart again
where it was put together. That takes a second or two instead of a minute, and leaves the words as loud beside
each other as the voice spoke them.
"""

from __future__ import annotations

import array
import sys
import tempfile
import wave
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from hotline_ivr.errors import SetupError
from hotline_ivr.setup.audio import FORMATS, OUTPUT, PART_PAUSES, SPEECH, levelled, sox
from hotline_ivr.setup.tools import require, run

WORDS_PER_MINUTE = "150"

SILENCE = 200
"""Samples below this (of 32,767; about -44 dBFS) at either end are no voice. espeak-ng leaves true
silence."""

_BLOCK = 80
"""Words begin and end at multiples of 10 ms of 8 kHz, so that they lie on whole samples in every form."""


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a voice as one sound, and where each lies in it, in 8 kHz samples."""

    sound: Path
    places: tuple[tuple[Path, int, int], ...]


def say(text: str, voice: str, file: Path) -> Path:
    """Let espeak-ng say a text into `file`, 16-bit mono at its own rate. Raises SetupError without it."""
    espeak = require("espeak-ng", package="espeak-ng")
    # Through standard input, so that no text can be taken for an option.
    run([espeak, "-b", "1", "-v", voice, "-s", WORDS_PER_MINUTE, "-w", str(file), "--stdin"], stdin=text)
    return file


def write_parts(texts: Mapping[Path, str], voice: str, workers: Executor) -> None:
    """Say each text and write it in every form beside its path (without ending). Raises SetupError."""
    with tempfile.TemporaryDirectory(prefix="hotline-parts-") as folder:
        work = Path(folder)
        said = workers.map(
            lambda item: say(item[1], voice, work / f"{item[0]}.wav"), enumerate(texts.values())
        )
        words = _put_together(dict(zip(texts, said, strict=True)), work)
        level = levelled(words.sound, work, SPEECH)
        for ending in FORMATS:
            whole = work / f"whole.{ending}"
            sox(level, *OUTPUT[ending], "-c", "1", whole, "rate", "-v")
            _cut_apart(whole, ending, words)


def _put_together(said: Mapping[Path, Path], work: Path) -> _Words:
    """One sound of all words, each with the silence at its ends cut and the pauses of a part around it."""
    sound = work / "words.wav"
    places, at, rate = [], 0, 0
    with wave.open(str(sound), "wb") as out:
        for target, file in said.items():
            samples, rate = _voice_of(file)
            if not at:
                out.setparams((1, 2, rate, 0, "NONE", "not compressed"))
            before, after = (round(pause * rate) for pause in PART_PAUSES)
            whole = array.array("h", bytes(2 * before)) + samples + array.array("h", bytes(2 * after))
            blocks = -(-len(whole) * 8000 // (rate * _BLOCK))
            length = blocks * _BLOCK
            # A place counts in 8 kHz samples, so the sound is filled up to the very sample at its own rate.
            filled = round((at + length) * rate / 8000) - round(at * rate / 8000)
            whole.extend([0] * (filled - len(whole)))
            out.writeframes(_little(whole))
            places.append((target, at, length))
            at += length
    return _Words(sound, tuple(places))


def _voice_of(file: Path) -> tuple[array.array[int], int]:
    with wave.open(str(file), "rb") as spoken:
        samples = array.array("h", spoken.readframes(spoken.getnframes()))
        rate = spoken.getframerate()
    if sys.byteorder == "big":
        samples.byteswap()
    loud = [at for at, sample in enumerate(samples) if abs(sample) > SILENCE]
    if not loud:
        raise SetupError("espeak-ng said nothing; write words that it can say")
    return samples[loud[0] : loud[-1] + 1], rate


def _cut_apart(whole: Path, ending: str, words: _Words) -> None:
    for target, start, length in words.places:
        partial = target.with_name(f".{target.name}.{ending}.partial")
        if ending in {"wav", "wav16"}:
            _cut_wave(whole, partial, start, length)
        else:
            with whole.open("rb") as raw:
                raw.seek(start)
                partial.write_bytes(raw.read(length))
        partial.replace(target.with_name(f"{target.name}.{ending}"))


def _cut_wave(whole: Path, partial: Path, start: int, length: int) -> None:
    with wave.open(str(whole), "rb") as sound, wave.open(str(partial), "wb") as out:
        times = sound.getframerate() // 8000
        out.setparams(sound.getparams())
        sound.setpos(start * times)
        out.writeframes(sound.readframes(length * times))


def _little(samples: array.array[int]) -> bytes:
    if sys.byteorder == "big":
        samples = array.array("h", samples)
        samples.byteswap()
    return samples.tobytes()

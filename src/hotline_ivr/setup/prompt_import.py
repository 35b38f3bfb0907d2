"""Taking recordings over: which prompt a file is, whether it is good enough, and into the own folder with
it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hotline_ivr.config.refusal import did_you_mean
from hotline_ivr.errors import SetupError
from hotline_ivr.routing.speech import is_part
from hotline_ivr.setup.audio import MESSAGE_PAUSES, PART_PAUSES, sox, speech
from hotline_ivr.setup.manuscript import expected_seconds
from hotline_ivr.setup.prompt_library import Prompt
from hotline_ivr.setup.prompt_sources import RECORDINGS, VOICES, is_prompt_id
from hotline_ivr.setup.recordings import Verdict, inspect, judge
from hotline_ivr.setup.tools import make_folder

# The widest form that is made of a prompt is 16 kHz; more would only take room in a repository.
_KEPT = ("-t", "wav", "-r", "16000", "-b", "16", "-e", "signed-integer", "-c", "1")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: `target` is the recording in the own folder, None when it was refused."""

    file: Path
    name: str
    target: Path | None
    verdicts: tuple[Verdict, ...]


def name_of(file: Path, known: Mapping[str, Prompt], *, language: str | None, prompt: str | None) -> str:
    """The `<language>/<prompt>` that a file is, by `nb/greeting.wav`, `greeting.nb.wav` or what is asked for.

    Raises SetupError when that is no prompt, or the language cannot be seen.
    """
    stem, _, suffix = file.stem.rpartition(".")
    if suffix not in VOICES or not stem:
        stem, suffix = file.stem, ""
    spoken = language or suffix or (file.parent.name if file.parent.name in VOICES else "")
    if spoken not in VOICES:
        choices = " or ".join(f"--language {code}" for code in VOICES)
        raise SetupError(f"{file}: its language cannot be seen; say {choices}, or put it in a folder `nb`")
    if prompt is None and (wanted := stem.strip().lower()) not in {one.prompt for one in known.values()}:
        near = did_you_mean(wanted, {one.prompt for one in known.values() if not one.is_part})
        raise SetupError(f"{file}: there is no prompt {wanted!r}{near}; say which it is with --as ID")
    chosen = stem.strip().lower() if prompt is None else prompt
    if not is_prompt_id(chosen):
        raise SetupError(f"{chosen!r} is no id of a prompt; write small letters, digits and hyphens")
    return f"{spoken}/{chosen}"


def take(file: Path, name: str, text: str, own: Path, *, force: bool = False) -> Taken:
    """Judge `file` and, unless it is bad, cut, level and put it into the folder `own`, whole or not at all.

    Raises SetupError when it is no sound at all (`force` or not) or the folder cannot be written.
    """
    verdicts = judge(inspect(file), expected_seconds(text))
    if any(one.bad for one in verdicts) and not force:
        return Taken(file, name, None, verdicts)
    target = own / f"{name}.wav"
    pauses = PART_PAUSES if is_part(target.stem) else MESSAGE_PAUSES
    try:
        make_folder(target.parent)
        partial = target.with_name(f".{target.name}.partial")
        with tempfile.TemporaryDirectory(prefix="hotline-import-") as work:
            sox(speech(file, Path(work), pauses), *_KEPT, partial)
        partial.replace(target)
        for ending in RECORDINGS:
            if ending != ".wav":
                # Two recordings of a prompt are an error, and the one just brought is meant.
                target.with_suffix(ending).unlink(missing_ok=True)
    except OSError as error:
        raise SetupError(f"{own}: cannot be written ({error.strerror})") from None
    return Taken(file, name, target, verdicts)

"""What prompts are made of: texts and recordings, the shipped ones with the organisation's own over them.

A folder of prompts holds prompts.yaml, parts.yaml (both optional in an own folder) and recordings
`<language>/<prompt>.wav` (or .flac, .ogg, .aiff). The shipped folder is the base; what stands in the own
folder wins name by name. So an upgrade brings new texts and never touches a recording.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hotline_ivr.errors import SetupError
from hotline_ivr.settings import Settings
from hotline_ivr.setup.share import sounds_source

VOICES = {"nb": "nb", "en": "en-gb"}
"""espeak-ng's voice for each language that callers may hear."""

RECORDINGS = (".wav", ".flac", ".ogg", ".aiff")
"""Name endings of recordings that any sox reads."""

TEXT_FILES = ("prompts.yaml", "parts.yaml")

_PROMPT = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A prompt that espeak-ng says."""

    text: str
    voice: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A prompt that a person said; `text` is what it should say, empty where nobody wrote it down."""

    file: Path
    text: str = ""


PromptSource = Spoken | Recorded


def is_prompt_id(text: str) -> bool:
    return bool(_PROMPT.fullmatch(text))


def prompt_folders(settings: Settings) -> tuple[Path, ...]:
    """The shipped folder, then the own one where there is one. Raises SetupError when a chosen one is not."""
    own = settings.own_sounds
    if settings.sounds is not None and not own.is_dir():
        raise SetupError(f"HOTLINE_SOUNDS={settings.sounds}: there is no such folder")
    shipped = sounds_source()
    return (shipped, own) if own.is_dir() and own != shipped else (shipped,)


def read_sources(*folders: Path) -> dict[str, PromptSource]:
    """The source of each `<language>/<prompt>`, sorted; later folders win over earlier ones.

    Within a folder a recording wins over the text. Raises SetupError listing all problems at once.
    """
    problems: list[str] = []
    sources: dict[str, PromptSource] = {}
    texts: dict[str, str] = {}
    for folder in folders:
        own: dict[str, PromptSource] = {}
        for file in TEXT_FILES:
            for prompt, by_language in _read_texts(folder / file, problems).items():
                for language, text in by_language.items():
                    own[f"{language}/{prompt}"] = Spoken(text, VOICES[language])
                    texts[f"{language}/{prompt}"] = text
        for language in VOICES:
            for name, recording in _read_recordings(folder / language, problems).items():
                own[name] = Recorded(recording, texts.get(name, ""))
        sources.update(own)
    if problems:
        raise SetupError("\n".join(problems))
    return dict(sorted(sources.items()))


def _read_texts(file: Path, problems: list[str]) -> dict[str, Mapping[str, str]]:
    try:
        state = file.stat()
        data = _parsed(file, (state.st_ino, state.st_mtime_ns, state.st_ctime_ns, state.st_size))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SetupError(f"{file}: cannot be read ({error.strerror})") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise SetupError(f"{file}: is not YAML: {error}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise SetupError(f"{file}: must be prompts by id, each with its text by language")
    texts = {}
    for prompt, by_language in data.items():
        if wrong := _what_is_wrong(prompt, by_language):
            problems.append(f"{file}: {prompt}: {wrong}")
        else:
            texts[prompt] = by_language
    return texts


@lru_cache(maxsize=8)
def _parsed(file: Path, _seen: tuple[int, ...]) -> object:
    """What stands in a file that is as `_seen`, not to be changed: starts and reloads ask for it often.

    Raises OSError, UnicodeDecodeError, or ruamel's YAMLError.
    """
    return YAML(typ="safe").load(file.read_text(encoding="utf-8"))


def _what_is_wrong(prompt: object, by_language: object) -> str | None:
    if not isinstance(prompt, str) or not is_prompt_id(prompt):
        return "a prompt's id is small letters, digits and hyphens"
    if not isinstance(by_language, dict):
        return "must be texts by language, such as `nb: Velkommen.`"
    for language, text in by_language.items():
        if language not in VOICES:
            return f"there is no language {language!r}; write one of {', '.join(VOICES)}"
        if not isinstance(text, str) or not text.strip():
            return f"the text for {language} must be words"
    return None


def _read_recordings(folder: Path, problems: list[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in sorted(folder.glob("*")):
        name = f"{folder.name}/{file.stem}"
        if file.name.startswith("."):
            continue
        if file.suffix.lower() not in RECORDINGS:
            problems.append(f"{file}: a recording ends in one of {', '.join(RECORDINGS)}")
        elif not is_prompt_id(file.stem):
            problems.append(f"{file}: a prompt's id is small letters, digits and hyphens")
        elif name in found:
            problems.append(f"{file}: there is another recording of {name}; keep one")
        else:
            found[name] = file
    return found

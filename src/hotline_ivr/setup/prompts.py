"""Prompts: from texts and recordings to the files that Asterisk plays.

`prompts.yaml` holds a text for each prompt and language. espeak-ng speaks it into a placeholder; a recording
`<language>/<prompt>.wav` (or .flac, .ogg, .aiff) beside it wins. Both are cut, levelled and written alike.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hotline_ivr.errors import SetupError
from hotline_ivr.settings import Settings
from hotline_ivr.setup.audio import FORMATS, speech, write_formats
from hotline_ivr.setup.manifest import Manifest, fingerprint
from hotline_ivr.setup.tools import exclusive, make_folder, require, run

VOICES = {"nb": "nb", "en": "en-gb"}
"""espeak-ng's voice for each language that callers may hear."""

RECORDINGS = (".wav", ".flac", ".ogg", ".aiff")
"""Name endings of recordings that any sox reads."""

RECIPE = "1"
"""Part of every fingerprint: raise it when the way of making changes, and all prompts are made again."""

LOCK_TIMEOUT = 120.0
"""Deadline (in seconds) for another set-up in the same folder; all prompts take about three."""

_PROMPT = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_WORDS_PER_MINUTE = "150"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A prompt that espeak-ng says."""

    text: str
    voice: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A prompt that a person said."""

    file: Path


PromptSource = Spoken | Recorded


@dataclass(frozen=True, slots=True)
class PromptReport:
    """What a build did; names are `<language>/<prompt>`."""

    built: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]
    placeholders: tuple[str, ...]
    """Prompts that still speak with the placeholder voice."""


def build_prompts(settings: Settings, source_dir: Path) -> PromptReport:
    """Bring `settings.sounds_dir` up to date with `source_dir`.

    Raises SetupError when a source cannot be used or espeak-ng or sox is missing.
    """
    sources = read_sources(source_dir)
    target = settings.sounds_dir
    make_folder(target)
    with exclusive(target / ".lock", timeout=LOCK_TIMEOUT, what=str(target)):
        manifest = Manifest(target)
        removed = tuple(name for name in manifest.names() if name not in sources)
        for name in removed:
            _remove(manifest, target, name)
        built = tuple(name for name, source in sources.items() if _refresh(manifest, target, name, source))
    kept = tuple(name for name in sources if name not in built)
    placeholders = tuple(name for name, source in sources.items() if isinstance(source, Spoken))
    return PromptReport(built, kept, removed, placeholders)


def read_sources(source_dir: Path) -> dict[str, PromptSource]:
    """The source of each `<language>/<prompt>`, sorted. Raises SetupError listing all problems at once."""
    problems: list[str] = []
    sources: dict[str, PromptSource] = {}
    for prompt, texts in _read_texts(source_dir / "prompts.yaml", problems).items():
        for language, text in texts.items():
            sources[f"{language}/{prompt}"] = Spoken(text, VOICES[language])
    for language in VOICES:
        sources.update(_read_recordings(source_dir / language, problems))
    if problems:
        raise SetupError("\n".join(problems))
    return dict(sorted(sources.items()))


def _read_texts(file: Path, problems: list[str]) -> dict[str, Mapping[str, str]]:
    try:
        data = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupError(f"{file}: cannot be read ({error.strerror})") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise SetupError(f"{file}: is not YAML: {error}") from None
    if not isinstance(data, dict):
        raise SetupError(f"{file}: must be prompts by id, each with its text by language")
    texts = {}
    for prompt, by_language in data.items():
        if wrong := _what_is_wrong(prompt, by_language):
            problems.append(f"{file}: {prompt}: {wrong}")
        else:
            texts[prompt] = by_language
    return texts


def _what_is_wrong(prompt: object, by_language: object) -> str | None:
    if not isinstance(prompt, str) or not _PROMPT.fullmatch(prompt):
        return "a prompt's id is small letters, digits and hyphens"
    if not isinstance(by_language, dict):
        return "must be texts by language, such as `nb: Velkommen.`"
    for language, text in by_language.items():
        if language not in VOICES:
            return f"there is no language {language!r}; write one of {', '.join(VOICES)}"
        if not isinstance(text, str) or not text.strip():
            return f"the text for {language} must be words"
    return None


def _read_recordings(folder: Path, problems: list[str]) -> dict[str, PromptSource]:
    found: dict[str, PromptSource] = {}
    for file in sorted(folder.glob("*")):
        name = f"{folder.name}/{file.stem}"
        if file.name.startswith("."):
            continue
        if file.suffix.lower() not in RECORDINGS:
            problems.append(f"{file}: a recording ends in one of {', '.join(RECORDINGS)}")
        elif not _PROMPT.fullmatch(file.stem):
            problems.append(f"{file}: a prompt's id is small letters, digits and hyphens")
        elif name in found:
            problems.append(f"{file}: there is another recording of {name}; keep one")
        else:
            found[name] = Recorded(file)
    return found


def _refresh(manifest: Manifest, target: Path, name: str, source: PromptSource) -> bool:
    """Build one prompt unless it is up to date; whether it was built."""
    mark = _fingerprint(source)
    final = target / name
    if manifest.holds(name, mark) and all(final.with_name(f"{final.name}.{e}").is_file() for e in FORMATS):
        return False
    manifest.drop(name)
    make_folder(final.parent)
    with tempfile.TemporaryDirectory(prefix="hotline-prompt-") as work:
        write_formats(speech(_voice(source, Path(work)), Path(work)), final)
    manifest.put(name, mark)
    return True


def _fingerprint(source: PromptSource) -> str:
    match source:
        case Spoken(text, voice):
            return fingerprint(RECIPE, "spoken", voice, text)
        case Recorded(file):
            return fingerprint(RECIPE, "recorded", file.read_bytes())


def _voice(source: PromptSource, work: Path) -> Path:
    match source:
        case Recorded(file):
            return file
        case Spoken(text, voice):
            spoken = work / "spoken.wav"
            espeak = require("espeak-ng", package="espeak-ng")
            # Through standard input, so that no text can be taken for an option.
            run(
                [espeak, "-b", "1", "-v", voice, "-s", _WORDS_PER_MINUTE, "-w", str(spoken), "--stdin"],
                stdin=text,
            )
            return spoken


def _remove(manifest: Manifest, target: Path, name: str) -> None:
    final = target / name
    for ending in FORMATS:
        final.with_name(f"{final.name}.{ending}").unlink(missing_ok=True)
    manifest.drop(name)

"""Prompts: from texts and recordings to the files that Asterisk plays.

espeak-ng speaks each text into a placeholder, unless somebody has recorded it (see prompt_sources.py). Both
are cut, levelled and written alike. The placeholders of the parts of sentences are many and short: they are
made together (see spoken_parts.py).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hotline_ivr.routing.speech import is_part
from hotline_ivr.settings import Settings
from hotline_ivr.setup.audio import FORMATS, MESSAGE_PAUSES, PART_PAUSES, speech, write_formats
from hotline_ivr.setup.manifest import Manifest, fingerprint
from hotline_ivr.setup.prompt_sources import PromptSource, Recorded, Spoken, read_sources
from hotline_ivr.setup.spoken_parts import say, write_parts
from hotline_ivr.setup.tools import exclusive, make_folder

__all__ = ["PromptReport", "build_prompts", "read_sources"]

RECIPE = "1"
"""Part of every fingerprint: raise it when the way of making changes, and all prompts are made again."""

LOCK_TIMEOUT = 120.0
"""Deadline (in seconds) for another set-up in the same folder; all prompts take about ten."""


@dataclass(frozen=True, slots=True)
class PromptReport:
    """What a build did; names are `<language>/<prompt>`."""

    built: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]
    placeholders: tuple[str, ...]
    """Prompts that still speak with the placeholder voice."""


def build_prompts(settings: Settings, *folders: Path, again: bool = False) -> PromptReport:
    """Bring `settings.sounds_dir` up to date with `folders`, of which later ones win; `again` makes all anew.

    Raises SetupError when a source cannot be used or espeak-ng or sox is missing; what was made by then
    stays.
    """
    sources = read_sources(*folders)
    target = settings.sounds_dir
    make_folder(target)
    with exclusive(target / ".lock", timeout=LOCK_TIMEOUT, what=str(target)):
        manifest = Manifest(target)
        removed = tuple(name for name in manifest.names() if name not in sources)
        for name in removed:
            _remove(manifest, target, name)
        marks = {name: _fingerprint(name, source) for name, source in sources.items()}
        stale = {
            name: source
            for name, source in sources.items()
            if again or not _is_made(manifest, target, name, marks[name])
        }
        manifest.drop(*stale)
        for name in _make(target, stale):
            manifest.put(name, marks[name])
    kept = tuple(name for name in sources if name not in stale)
    placeholders = tuple(name for name, source in sources.items() if isinstance(source, Spoken))
    return PromptReport(tuple(stale), kept, removed, placeholders)


def _make(target: Path, stale: Mapping[str, PromptSource]) -> Iterable[str]:
    """Make each prompt, on every processor; yields the names as they are done."""
    for name in stale:
        make_folder((target / name).parent)
    parts = {
        name: source
        for name, source in stale.items()
        if isinstance(source, Spoken) and is_part(name.partition("/")[2])
    }
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        done = {
            name: workers.submit(_make_one, source, target / name)
            for name, source in stale.items()
            if name not in parts
        }
        try:
            for name, one in done.items():
                one.result()
                yield name
            for voice in sorted({source.voice for source in parts.values()}):
                texts = {
                    target / name: source.text for name, source in parts.items() if source.voice == voice
                }
                write_parts(texts, voice, workers)
                yield from (name for name, source in parts.items() if source.voice == voice)
        except BaseException:
            workers.shutdown(wait=True, cancel_futures=True)
            raise


def _make_one(source: PromptSource, final: Path) -> None:
    pauses = PART_PAUSES if is_part(final.name) else MESSAGE_PAUSES
    with tempfile.TemporaryDirectory(prefix="hotline-prompt-") as work:
        write_formats(speech(_voice(source, Path(work)), Path(work), pauses), final)


def _is_made(manifest: Manifest, target: Path, name: str, mark: str) -> bool:
    final = target / name
    return manifest.holds(name, mark) and all(
        final.with_name(f"{final.name}.{ending}").is_file() for ending in FORMATS
    )


def _fingerprint(name: str, source: PromptSource) -> str:
    kind = "part" if is_part(name.partition("/")[2]) else ""
    match source:
        case Spoken(text, voice):
            return fingerprint(RECIPE, f"spoken{kind}", voice, text)
        case Recorded(file):
            return fingerprint(RECIPE, f"recorded{kind}", file.read_bytes())


def _voice(source: PromptSource, work: Path) -> Path:
    match source:
        case Recorded(file):
            return file
        case Spoken(text, voice):
            return say(text, voice, work / "spoken.wav")


def _remove(manifest: Manifest, target: Path, name: str) -> None:
    final = target / name
    for ending in FORMATS:
        final.with_name(f"{final.name}.{ending}").unlink(missing_ok=True)
    manifest.drop(name)

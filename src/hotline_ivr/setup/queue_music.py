"""The music of queues: own files one after the other, and words of comfort between stretches of it.

app_queue's own announcements hold the caller who hears one: no operator is rung for it meanwhile. What is in
the music delays nobody. Everybody hears it from its beginning, so the first words come after one stretch.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hotline_ivr.config.models import Plan
from hotline_ivr.config.waiting_music import FOLDER, MusicClass, music_classes
from hotline_ivr.errors import SetupError
from hotline_ivr.routing.remark import Remark
from hotline_ivr.settings import Settings
from hotline_ivr.setup.audio import BACKGROUND, FORMATS, levelled, measure, sox, write_formats
from hotline_ivr.setup.manifest import Manifest, fingerprint
from hotline_ivr.setup.music import NAME
from hotline_ivr.setup.tools import exclusive, make_folder

RECIPE = "2"
_FADE_S = 0.7
_LOCK_TIMEOUT = 120.0
_RATE = ("-r", "16000", "-c", "1", "-b", "32", "-e", "floating-point")


def music_folder(settings: Settings) -> Path:
    """One folder for each class; not in that of the music of all, whose every file is played."""
    return settings.asterisk_dir / "moh-queues"


def own_music(settings: Settings) -> Path:
    folder = settings.config.parent if settings.config.is_file() else settings.config
    return folder / FOLDER


def build_queue_music(settings: Settings, plan: Plan) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Make what is missing. The classes that are ready, with marks of their content, and what went wrong."""
    folder = music_folder(settings)
    make_folder(folder)
    ready: dict[str, str] = {}
    wrong: list[str] = []
    with exclusive(folder / ".lock", timeout=_LOCK_TIMEOUT, what=str(folder)):
        manifest = Manifest(folder)
        wanted = list(music_classes(plan))
        for stale in set(manifest.names()) - {each.name for each in wanted}:
            manifest.drop(stale)
            shutil.rmtree(folder / stale, ignore_errors=True)
        for each in wanted:
            try:
                ready[each.name] = _class(settings, manifest, folder / each.name, each)
            except (SetupError, OSError) as error:
                wrong.append(f"{each.name}: {error}")
    return ready, tuple(wrong)


def classes_conf(settings: Settings, ready: Mapping[str, str]) -> str:
    """What musiconhold.conf includes. The fingerprints make Asterisk read files again that have changed."""
    sections = (
        f"; {mark[:16]}\n[{name}]\nmode=files\ndirectory={music_folder(settings) / name}\nsort=alpha\n"
        for name, mark in sorted(ready.items())
    )
    return "".join(sections)


def missing_music(settings: Settings, plan: Plan) -> Iterator[Remark]:
    """Files that a queue names and that are not there."""
    folder = own_music(settings)
    for name, queue in plan.queues.items():
        for file in queue.music:
            if not (folder / file).is_file():
                message = f"there is no file '{file}' in {FOLDER}/ beside the YAML files"
                yield Remark(("queues", name, "music"), message, "save it there, or leave it out")


def _class(settings: Settings, manifest: Manifest, target: Path, wanted: MusicClass) -> str:
    tracks = [own_music(settings) / name for name in wanted.queue.music] or [
        settings.music_dir / f"{NAME}.wav16"
    ]
    spoken = settings.sounds_dir / wanted.language
    words = [(before_s, spoken / f"{prompt}.wav16") for before_s, prompt in wanted.words]
    files = (*tracks, *(file for _, file in words))
    for file in files:
        if not file.is_file():
            raise SetupError(f"there is no file {file}")
    stretches = ",".join(str(before_s) for before_s, _ in words)
    mark = fingerprint(RECIPE, stretches, *(file.read_bytes() for file in files), str(len(words)))
    made = target / NAME
    whole = all(made.with_name(f"{NAME}.{ending}").is_file() for ending in FORMATS)
    if not (whole and manifest.holds(target.name, mark)):
        manifest.drop(target.name)
        make_folder(target)
        with tempfile.TemporaryDirectory(prefix="hotline-music-") as work:
            write_formats(_mixed(Path(work), tracks, words), made)
        manifest.put(target.name, mark)
    return mark


def _mixed(work: Path, tracks: Sequence[Path], words: Sequence[tuple[int, Path]]) -> Path:
    """`words` are seconds of music and what is spoken after them."""
    music = _joined(work / "music.wav", [_levelled(work, place, track) for place, track in enumerate(tracks)])
    if not words:
        return music
    length, needed = measure(music).length_s, sum(before_s for before_s, _ in words)
    long = work / "long.wav"
    sox(music, long, "repeat", str(int(needed // max(length, 0.1))))
    parts: list[Path] = []
    begin = 0
    for place, (before_s, prompt) in enumerate(words):
        stretch, spoken = work / f"stretch{place}.wav", work / f"words{place}.wav"
        trim = ("trim", str(begin), str(before_s))
        begin += before_s
        sox(long, stretch, *trim, "fade", "t", f"{_FADE_S}", "-0", f"{_FADE_S}")
        sox("-t", "wav", prompt, *_RATE, spoken, "rate", "-v", "16000")
        parts += [stretch, spoken]
    return _joined(work / "mixed.wav", parts)


def _levelled(work: Path, place: int, track: Path) -> Path:
    """One track at the loudness of all music, in a folder of its own."""
    folder = work / f"track{place}"
    folder.mkdir()
    plain = folder / "plain.wav"
    kind = ("-t", "wav") if track.suffix == ".wav16" else ()
    sox(*kind, track, *_RATE, plain, "remix", "-", "rate", "-v", "16000")
    return levelled(plain, folder, BACKGROUND)


def _joined(target: Path, parts: Sequence[Path]) -> Path:
    sox(*parts, target)
    return target

"""The proof of an erasure: everywhere the number is looked for, in every form in which it is written."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import json
import lzma
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from hotline_ivr.asterisk.spool_redaction import DamagedLogError, unpacked
from hotline_ivr.launch.backup.leftovers import left_by_backups
from hotline_ivr.launch.left_behind import remedy_of_left
from hotline_ivr.launch.privacy.place import PrivacyPlace
from hotline_ivr.routing.number_forms import NumberForms
from hotline_ivr.store.compacting import empty_log, vacuum
from hotline_ivr.store.redacting import holders
from hotline_ivr.store.register_privacy import index_holders

# Bytes that are looked through at once, and how many of them again with the next, so that nothing lies
# between.
PIECE = 1 << 22
_OVERLAP = 256
_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
# Sound, encrypted or not: what is said in it is not found by looking for digits, and its names are.
_SOUND = (".age", ".raw", ".done", ".wav", ".sln16", ".ulaw", ".alaw", ".g722", ".gsm", ".sln")
MOST_NAMED = 200
SERVER_KEEPS = (
    "the server's write-ahead log, its archives and replicas: the number goes with the segments that hold it",
    "backups of the server, and its own log of statements",
)
"""What a query does not tell of a database server."""
REWRITE = "bytes of rows that are gone may stay there until others take their place; VACUUM FULL ends that"


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup of this node. It cannot be rewritten, and goes when newer ones take its place."""

    path: str
    made_at: datetime
    expires: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What was looked through, and the places where the number still stands."""

    files: int
    bytes: int
    places: tuple[str, ...]
    backups: tuple[Backup, ...]
    #: Files that are damaged: what they hold is not known.
    unread: tuple[str, ...] = ()
    #: What no query tells of a database server, in words.
    unseen: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the number is known to be nowhere that can be looked at."""
        return not self.places and not self.unread


async def prove(place: PrivacyPlace, forms: NumberForms) -> Proof:
    """Look everywhere. Raises StoreError and OSError."""
    places = [
        found.place for found in await place.store.read(lambda on: [each[0] for each in holders(on, forms)])
    ]
    index = await place.store.read(lambda on: index_holders(on, forms))
    places += [f"database, register_search of {doc}" for doc in index]
    if place.database_file is not None:
        await asyncio.to_thread(empty_log, place.database_file)
        if not places and await asyncio.to_thread(_in_pages, place.database_file, forms):
            # Free pages of before deleted rows were overwritten.
            await asyncio.to_thread(vacuum, place.database_file)
    unseen: tuple[str, ...] = SERVER_KEEPS if place.database_file is None else ()
    if place.database_file is None and not places and (left := await _tidy(place)):
        unseen += (f"free space within {', '.join(left)}: {REWRITE}",)
    seen = await asyncio.to_thread(_look, place, forms)
    found = tuple([*places, *seen.found][:MOST_NAMED])
    return Proof(seen.files, seen.size, found, tuple(backups(place)), tuple(seen.unread), unseen)


async def _tidy(place: PrivacyPlace) -> tuple[str, ...]:
    # PostgreSQL's driver is an extra.
    from hotline_ivr.store.server_space import tidy  # noqa: PLC0415

    return await tidy(place.settings.database)


def _in_pages(path: Path, forms: NumberForms) -> bool:
    return any(True for _ in _hits(path, forms.find_in_pages))


@dataclass(slots=True)
class _Seen:
    files: int = 0
    size: int = 0
    found: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def _look(place: PrivacyPlace, forms: NumberForms) -> _Seen:
    seen = _Seen()
    for path in searched(place):
        seen.files += 1
        name = os.fsencode(path.name)
        if forms.find_in_text(name):
            seen.found.append(f"{path.parent}: the name of a file")
        try:
            seen.size += path.stat().st_size
            finder = forms.find_in_pages if _is_database(path) else forms.find_in_text
            hits = [] if path.suffix in _SOUND else list(_hits(path, finder))
        except FileNotFoundError:
            continue
        except DamagedLogError as damaged:
            seen.unread.append(str(damaged))
            continue
        if hits:
            more = f" and {len(hits) - 1} more" if len(hits) > 1 else ""
            seen.found.append(f"{path}: byte {hits[0]}{more}{_remedy(place, path)}")
    return seen


def searched(place: PrivacyPlace) -> Iterator[Path]:
    """Every file of this node: the state folder, the database and what is beside it, the configuration."""
    settings = place.settings
    apart = {settings.root_dir, settings.music_dir}
    folders = [settings.state_dir, *left_by_backups(settings)]
    if not settings.config.absolute().is_relative_to(settings.state_dir):
        folders.append(settings.config.absolute())
    seen = set[Path]()
    if place.database_file is not None:
        database = place.database_file.absolute()
        for path in (
            database,
            *(database.with_name(f"{database.name}{end}") for end in ("-wal", "-journal")),
        ):
            if path.exists():
                seen.add(path)
                yield path
    for folder in folders:
        if folder.is_file():
            yield folder
            continue
        for top, names, files in os.walk(folder):
            names[:] = [name for name in names if Path(top, name) not in apart and name != ".git"]
            for name in files:
                path = Path(top, name)
                if (
                    path not in seen
                    and path.is_file()
                    and not path.is_symlink()
                    and not name.endswith("-shm")
                ):
                    yield path


def _is_database(path: Path) -> bool:
    if path.name.endswith(("-wal", "-journal")):
        return True
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\x00"


def _hits(path: Path, find: Callable[[bytes], list[int]]) -> Iterator[int]:
    opener = _OPENERS.get(path.suffix)
    with path.open("rb") if opener is None else opener(path, "rb") as file:
        start, rest = 0, b""
        while data := file.read(PIECE) if opener is None else unpacked(path, partial(file.read, PIECE)):
            piece = rest + data
            # What ends within the overlap is found with the next piece, whole.
            for at in find(piece):
                if at >= len(piece) - _OVERLAP and len(data) == PIECE:
                    continue
                yield start + at
            rest = piece[-_OVERLAP:] if len(data) == PIECE else b""
            start += len(piece) - len(rest)


def _remedy(place: PrivacyPlace, path: Path) -> str:
    settings = place.settings
    if path.is_relative_to(settings.config.absolute()):
        return " (written into the configuration: take it out there, and apply)"
    if path.is_relative_to(settings.history_dir) or path.parent.name.startswith("last-good-config"):
        return " (the configuration in use names it: take it out there, apply, and erase again)"
    if path == settings.blocks_file or path.is_relative_to(settings.fallback_dir):
        return " (blocked by hand: `hotline unblock` first, if it is not to stay so)"
    if remedy := remedy_of_left(settings, path):
        return f" ({remedy})"
    if path.is_relative_to(settings.alerts_dir / "queue"):
        return " (an alert that is still on its way: erase again when it has been told)"
    return ""


def backups(place: PrivacyPlace) -> Iterator[Backup]:
    """Backups that were made of this node and are still there."""
    try:
        known = json.loads(place.settings.backups_file.read_text(encoding="utf-8"))["backups"]
    except (OSError, ValueError, KeyError):
        return
    for each in known:
        if Path(each["path"]).exists():
            keep = int(each.get("keep") or 0)
            expires = f"goes when {keep} newer ones are there" if keep else "stays until somebody deletes it"
            yield Backup(each["path"], datetime.fromisoformat(each["made_at"]).astimezone(UTC), expires)

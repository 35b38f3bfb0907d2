"""What belongs to a backup: of the state folder all that cannot be made again, and the configuration."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hotline_ivr.settings import Settings

SCHEMA = "hotline/backup/1"
MANIFEST = "manifest.json"
DATABASE = "database.sqlite"
ENDING = ".hotline-backup.tar.gz"
_BLOCK = 1 << 20

# Of the state folder: what is rendered, built, held by a process, or a backup's own.
_MADE_AGAIN = frozenset(
    {
        "asterisk/etc",
        "asterisk/sounds",
        "asterisk/moh",
        "asterisk/run",
        "asterisk/share",
        "asterisk/cache",
        "asterisk/fallback",
        "asterisk-root",
        "bench",
        "for-tests",
    }
)
LOGS = "asterisk/log"
ASIDE = "before-restore-"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a backup."""

    size: int
    sha256: str
    mode: int


def as_json(entries: dict[str, Entry]) -> dict[str, Any]:
    return {name: asdict(entry) for name, entry in sorted(entries.items())}


def state_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Files of the state folder but for the logs, each with its name in there."""
    top, root = settings.state_dir, settings.root_dir
    for folder, names, files in os.walk(top):
        here = Path(folder)
        names[:] = sorted(
            name
            for name in names
            if (here / name) != root
            and (here / name).relative_to(top).as_posix() not in {*_MADE_AGAIN, LOGS}
            and not name.startswith((ASIDE, "."))
        )
        for name in sorted(files):
            path = here / name
            if _is_kept(settings, path):
                yield path.relative_to(top).as_posix(), path


def _is_kept(settings: Settings, path: Path) -> bool:
    if path.name.startswith(".") or path.is_symlink() or not path.is_file():
        return False
    database = settings.database.removeprefix("sqlite:///")
    # Asterisk's own database is copied in a way of its own (astdb.py).
    apart = {settings.astdb_file, settings.astdb_file.with_name(f"{settings.astdb_file.name}-journal")}
    own = {settings.backups_file, settings.restore_file} | apart
    mine = {Path(database + end) for end in ("", "-wal", "-shm", "-journal")}
    return path not in mine and not path.name.endswith((".lock", ".sock", ENDING)) and path not in own


def log_files(settings: Settings) -> list[tuple[str, Path]]:
    """Asterisk's logs with all that was rotated of them."""
    folder = settings.log_dir
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return [(path.relative_to(settings.state_dir).as_posix(), path) for path in found if path.name[0] != "."]


def config_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """The configuration with its calendars and recorded prompts."""
    source = settings.config.absolute()
    if source.is_file():
        yield f"config/{source.name}", source
    for path in sorted(source.rglob("*")) if source.is_dir() else ():
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(source).parts):
            yield f"config/{path.relative_to(source).as_posix()}", path
    sounds = settings.own_sounds
    if sounds.is_dir() and not sounds.is_relative_to(source):
        for path in sorted(sounds.rglob("*")):
            if path.is_file():
                yield f"prompts/{path.relative_to(sounds).as_posix()}", path


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

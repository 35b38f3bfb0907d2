"""What a backup that was killed leaves: the whole record, in a hidden folder beside where its file was to be.

So the folder of each backup is written down before anything is put there, and the list of backups tells where
to look: the next backup takes it away, and so do a purge and an erasure.
"""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hotline_ivr.exports.placing import clear_left
from hotline_ivr.files import replace
from hotline_ivr.settings import Settings

SNAPSHOT = ".hotline-snapshot-"
_FORMER = f"{SNAPSHOT}????????"
"""As they were named before they told whose they are."""


def prefix_of(settings: Settings) -> str:
    """How names of this node's hidden folders begin; nodes may share a folder."""
    return f"{SNAPSHOT}{settings.node}-"


def begin(settings: Settings, folder: Path) -> None:
    """Note that one is made in this folder. Raises OSError."""
    known = _read(settings)
    begun = [*(each for each in known["begun"] if each != str(folder)), str(folder)]
    _write(settings, known | {"begun": begun})


def end(settings: Settings, path: Path, keep: int, now: datetime) -> None:
    """Note a backup that was made, so that an erasure can say in which a number still is. Raises OSError."""
    known, name = _read(settings), str(path.absolute())
    stands = [each for each in known["backups"] if each["path"] != name and Path(each["path"]).exists()]
    made = {"path": name, "made_at": now.astimezone(UTC).isoformat(), "keep": keep}
    begun = [each for each in known["begun"] if _may_hold(settings, Path(each))]
    _write(settings, {"backups": [*stands, made], "begun": begun})


def left_by_backups(settings: Settings) -> list[Path]:
    """What lies there now, of backups that were killed or are being made."""
    known = _read(settings)
    folders = {Path(each) for each in known["begun"]}
    folders |= {Path(each["path"]).parent for each in known["backups"]}
    return [left for folder in sorted(folders) for left in _left_in(settings, folder)]


def clear_left_behind(settings: Settings) -> None:
    """Take away what backups and exports that were killed have left; what is not ours to delete stays."""
    clear_left(settings.exports_dir)
    for folder in {left.parent for left in left_by_backups(settings)}:
        clear_in(settings, folder)


def clear_in(settings: Settings, folder: Path) -> None:
    """Take away what this node's have left in a folder."""
    clear_left(folder, prefix_of(settings))
    clear_left(folder, _FORMER)
    for part in folder.glob(f".hotline-{settings.node}-*.partial"):
        with contextlib.suppress(OSError):
            part.unlink()


def _may_hold(settings: Settings, folder: Path) -> bool:
    """Also a folder that is not there now, such as one of a disk that is not mounted."""
    return not folder.is_dir() or bool(_left_in(settings, folder))


def _left_in(settings: Settings, folder: Path) -> list[Path]:
    patterns = (f"{prefix_of(settings)}*", _FORMER, f".hotline-{settings.node}-*.partial")
    return sorted({path for pattern in patterns for path in folder.glob(pattern)})


def _read(settings: Settings) -> dict[str, list[Any]]:
    try:
        known = json.loads(settings.backups_file.read_text(encoding="utf-8"))
        backups = [each for each in known["backups"] if isinstance(each["path"], str)]
        return {"backups": backups, "begun": [str(each) for each in known.get("begun", ())]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {"backups": [], "begun": []}


def _write(settings: Settings, known: dict[str, list[Any]]) -> None:
    replace(settings.backups_file, json.dumps(known, indent=1) + "\n")

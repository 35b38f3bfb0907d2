"""What lies in the state folder and is no part of it any more: the one who may delete it is told so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hotline_ivr.launch.backup.leftovers import SNAPSHOT
from hotline_ivr.launch.backup.parts import ASIDE
from hotline_ivr.launch.finding import Finding
from hotline_ivr.launch.plans import check_on_disk
from hotline_ivr.settings import Settings

_EMBEDDED = "hotline.db"


def remedy_of_left(settings: Settings, path: Path) -> str:
    """What to do with a file that is left over; empty for what is in use."""
    inside = path.relative_to(settings.state_dir).parts if path.is_relative_to(settings.state_dir) else ()
    if inside and inside[0].startswith(ASIDE):
        folder = settings.state_dir / inside[0]
        return f"what was there before a restore: delete {folder} when you no longer need it"
    if path.name.startswith(_EMBEDDED) and path.parent == settings.state_dir and not _is_in_use(settings):
        return "a database that is no longer used, as `hotline db move` leaves it: delete it"
    if path.is_relative_to(settings.exports_dir):
        return "an export that is under way: erase again when it is done"
    if any(part.startswith(SNAPSHOT) for part in path.parts):
        return "a backup that is being made: erase again when it is done; if none is, delete this"
    return ""


async def left_behind(settings: Settings) -> Finding:
    """Whether copies of the record lie there that no purge reaches, for longer than numbers are kept."""
    return await asyncio.to_thread(_look, settings, datetime.now(UTC))


def _look(settings: Settings, now: datetime) -> Finding:
    found = sorted(settings.state_dir.glob(f"{ASIDE}*"))
    if not _is_in_use(settings) and (settings.state_dir / _EMBEDDED).exists():
        found.append(settings.state_dir / _EMBEDDED)
    if not found:
        return Finding("left behind", ok=True, seen="nothing of restores and moved databases")
    plan = check_on_disk(settings).plan
    days = plan.privacy.keep.numbers if plan is not None else None
    seen = f"no purge reaches {', '.join(path.name for path in found)}"
    remedy = "delete what you no longer need; an erasure names it as long as it is there"
    if days is None:
        return Finding("left behind", ok=True, seen=seen, remedy=remedy)
    old = [path for path in found if _at(path) < now - timedelta(days=days)]
    if old:
        seen += f"; numbers are to be kept {days} days, and {old[0].name} is older"
    return Finding("left behind", ok=not old, seen=seen, remedy=remedy)


def _is_in_use(settings: Settings) -> bool:
    return settings.database == f"sqlite:///{settings.state_dir / _EMBEDDED}"


def _at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)

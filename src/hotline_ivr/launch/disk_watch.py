"""Whether there is room where the record is written: by Asterisk, and by us.

Asterisk says nothing when a line of its call events or of queue_log does not fit: it is lost. So somebody is
told before, and at once. Names are told and no paths, since alerts leave the machine.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import make_url

from hotline_ivr.settings import Settings

log = structlog.get_logger()

PACE = 1.0
"""Seconds between two looks."""

SHARE = 20
"""On a small disk a part of so many must be free, where that is less than the setting."""

RELIEF = 1.25
"""So much more than that must be free again before it is over, so that nobody is told in turns."""

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Room:
    """Of the disk of one place: bytes that we may use, and that there are in all."""

    free: int
    size: int

    def least(self, wanted: int) -> int:
        """How much must be free."""
        return min(wanted, self.size // SHARE)


class DiskWatch:
    """Looks at the disks of the state, the database if it is a file, the call events and queue_log."""

    def __init__(self, settings: Settings, *, pace: float = PACE) -> None:
        self._pace, self._least = pace, settings.disk_least_free
        self._places = {
            "state": settings.state_dir,
            "call events": settings.cel_file.parent,
            "queue_log": settings.queue_log_file.parent,
        }
        url = make_url(settings.database)
        if url.get_backend_name() == "sqlite" and url.database:
            self._places["database"] = Path(url.database).parent
        #: By place; one that is not there yet is left out.
        self.rooms: Mapping[str, Room] = {}
        #: Places without room.
        self.full: frozenset[str] = frozenset()
        #: Disks without room, by the first of their places, and how it stands there in words.
        self.wrong: Mapping[str, str] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(self._pace)

    def look(self) -> None:
        """Look once; in a thread, since a disk may hang."""
        rooms: dict[str, Room] = {}
        disks: dict[int, list[str]] = {}
        for name, folder in self._places.items():
            found = _room(folder)
            if found is not None:
                disk, rooms[name] = found
                disks.setdefault(disk, []).append(name)
        wrong: dict[str, str] = {}
        full: list[str] = []
        for names in disks.values():
            room = rooms[names[0]]
            if room.free < room.least(self._least) * (RELIEF if names[0] in self.full else 1):
                words = f"{room.free // MIB} of {room.size // MIB} MiB are free for {', '.join(names)}"
                wrong[names[0]] = words
                full += names
        for name in wrong.keys() - self.wrong.keys():
            log.error("a disk is full", reason=wrong[name])
        self.rooms, self.wrong, self.full = rooms, wrong, frozenset(full)


def _room(folder: Path) -> tuple[int, Room] | None:
    """Which disk that is, and its room."""
    try:
        found, disk = os.statvfs(folder), folder.stat().st_dev
    except OSError:
        return None
    # A disk that has no numbers for files left is full too.
    free = found.f_bavail if found.f_favail or not found.f_files else 0
    return disk, Room(free * found.f_frsize, found.f_blocks * found.f_frsize)

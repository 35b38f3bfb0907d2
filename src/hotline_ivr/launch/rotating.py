"""Keeping Asterisk's log files from growing for ever.

A file that has grown past its limit, or has been written to for long, is renamed, Asterisk is told to open
its logs anew, and the oldest generations go. Renaming loses nothing: until it opens a new file Asterisk
writes on in the renamed one, and the record's tail finishes that before it goes on to the next. It is the
runner's work, because only the one who runs Asterisk may talk to its control socket.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from hotline_ivr.asterisk.log_times import begun_at
from hotline_ivr.errors import AsteriskUnreachable
from hotline_ivr.launch.reloading import Control
from hotline_ivr.settings import Settings

log = structlog.get_logger()

# Between looks at the sizes (seconds). At 1,000 calls/s a file grows by 300 MB in that time.
POLL = 60.0

# Rotated files of the record's logs that stay.
KEPT = 50

_STAMP = "%Y%m%dT%H%M%S%fZ"
_GENERATION = re.compile(r"\.\d{8}T\d{12}Z\Z")


@dataclass(frozen=True, slots=True)
class RotatedLog:
    """A log of Asterisk, and how many rotated generations of it stay."""

    path: Path
    keep: int
    #: After so many days also where it is small: what lies in the file that is written to no purge deletes.
    days: int | None = None
    #: Whoever writes it opens it once and for all: copied, and emptied.
    emptied: bool = False


def rotated_logs(settings: Settings) -> list[RotatedLog]:
    """Those of the record, and Asterisk's own."""
    return [
        RotatedLog(settings.cel_file, KEPT, days=30),
        RotatedLog(settings.queue_log_file, KEPT, days=30),
        RotatedLog(settings.log_dir / "messages.log", 8, days=7),
        RotatedLog(settings.log_dir / "console.log", 8, days=7, emptied=True),
    ]


class Rotation:
    """Watches the sizes of one Asterisk's logs; `limit` is in bytes, `now` gives the time in UTC."""

    def __init__(
        self,
        logs: list[RotatedLog],
        control: Control,
        *,
        limit: int,
        poll: float = POLL,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._logs = logs
        self._control = control
        self._limit = limit
        self._poll = poll
        self._now = now
        self._to_be_reopened = False

    async def run(self) -> None:
        """Rotate what is too large or too old, until cancelled; a limit of 0 leaves that to somebody else."""
        while self._limit:
            await self.look()
            await asyncio.sleep(self._poll)
        await asyncio.Event().wait()

    async def look(self) -> None:
        """One look. What could not be done is done by a later one."""
        for each in self._logs:
            try:
                self._to_be_reopened |= self._rotate(each)
            except OSError as error:
                log.warning("a log could not be rotated", file=str(each.path), reason=str(error))
        if self._to_be_reopened:
            try:
                await self._control.command("logger reload")
                self._to_be_reopened = False
            except AsteriskUnreachable as error:
                log.warning("Asterisk could not be told to open its logs anew yet", reason=str(error))

    def _rotate(self, each: RotatedLog) -> bool:
        now = self._now()
        if not each.path.exists() or not (each.path.stat().st_size >= self._limit or _is_old(each, now)):
            return False
        generation = each.path.with_name(f"{each.path.name}.{now.strftime(_STAMP)}")
        if each.emptied:
            # What is said between the two is lost; messages.log has it as well.
            shutil.copy2(each.path, generation)
            os.truncate(each.path, 0)
        else:
            each.path.rename(generation)
        generations = sorted(
            path
            for path in each.path.parent.glob(f"{each.path.name}.*")
            if _GENERATION.search(path.name.removeprefix(each.path.name))
        )
        for path in generations[: -each.keep]:
            path.unlink()
        log.info("a log was rotated", file=str(each.path), generations=min(len(generations), each.keep))
        return not each.emptied


def _is_old(each: RotatedLog, now: datetime) -> bool:
    if each.days is None or (begun := begun_at(each.path)) is None:
        return False
    return now - begun >= timedelta(days=each.days)

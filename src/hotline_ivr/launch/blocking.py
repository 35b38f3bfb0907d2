"""Blocked callers of a running node: where they are kept, who may block, and the service taking notice.

As with overrides: whoever blocks a caller writes the file and, at once, the files by which Asterisk goes on
without the service.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from hotline_ivr.asterisk.render.callers import caller_files
from hotline_ivr.config.models import Plan
from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.control.blocking import CallerControl
from hotline_ivr.control.blocks_file import BlocksFile
from hotline_ivr.control.trail_names import named_in_trail
from hotline_ivr.errors import BlockError
from hotline_ivr.files import locked, write
from hotline_ivr.launch.plans import known_prompts
from hotline_ivr.routing.blocks import Block, CallerBook
from hotline_ivr.settings import Settings

log = structlog.get_logger()

# How often (seconds) the service looks whether somebody has changed the file; a look is one stat.
POLL = 0.3


def caller_control(settings: Settings, plan: Plan) -> CallerControl:
    """Blocks and unblocks callers of this node; the fallback files follow each change."""
    return CallerControl(
        plan,
        BlocksFile(settings.blocks_file),
        AuditTrail(settings.audit_file),
        prompts=known_prompts(settings),
        clock=lambda: datetime.now(UTC),
        changed=lambda: write_callers(settings, plan, datetime.now(UTC)),
        named=lambda callers: named_in_trail(settings.number_key_file, callers, plan.organisation.country),
    )


def standing_blocks(settings: Settings, now: datetime) -> tuple[Block, ...]:
    """What holds now. A file that cannot be read blocks nobody, and is told in the log."""
    try:
        return BlocksFile(settings.blocks_file).standing(now)
    except BlockError as error:
        log.error("blocked callers cannot be read; nobody is blocked by hand", reason=str(error))  # noqa: TRY400
        return ()


def write_callers(settings: Settings, plan: Plan, now: datetime) -> None:
    """Leave the lists behind for calls that arrive without the service; who is on none loses its files."""
    folder = settings.fallback_dir / "callers"
    # Of two who block somebody at once the one who writes last has read what both decided.
    with locked(settings.fallback_lock):
        files = caller_files(plan, CallerBook(plan, standing_blocks(settings, now)), now)
        if not files and not folder.exists():
            return
        write(folder, files)
        for stale in folder.iterdir():
            if stale.name not in files and not stale.name.startswith("."):
                stale.unlink(missing_ok=True)


class BlocksWatch:
    """Gives the service every change of what is blocked by hand, also one that only time has made."""

    def __init__(
        self, settings: Settings, use: Callable[[tuple[Block, ...]], None], *, poll: float = POLL
    ) -> None:
        self._settings = settings
        self._use = use
        self._poll = poll
        self._seen: tuple[int, int] | None = None
        self._standing: tuple[Block, ...] = ()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(self._poll)

    def look(self) -> bool:
        """One look; whether anything has changed."""
        seen, now = self._state(), datetime.now(UTC)
        ended = any(not each.holds_at(now) for each in self._standing)
        if seen == self._seen and not ended:
            return False
        self._seen = seen
        standing = standing_blocks(self._settings, now)
        if standing == self._standing:
            return False
        self._standing = standing
        log.info("callers blocked by hand", blocks=len(standing))
        self._use(standing)
        return True

    def _state(self) -> tuple[int, int] | None:
        try:
            status = self._settings.blocks_file.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

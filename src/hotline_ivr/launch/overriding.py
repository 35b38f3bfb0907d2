"""Overrides of a running node: where they are kept, who may set them, and the service taking notice.

Whoever sets one writes the file and, at once, the files by which Asterisk goes on without the service; so an
override holds within a second in the service, and at once where the service is dead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.control.deciding import HandControl
from hotline_ivr.control.overrides_file import OverridesFile
from hotline_ivr.errors import OverrideError
from hotline_ivr.files import locked
from hotline_ivr.launch.plans import known_prompts
from hotline_ivr.launch.preparing import write_fallback
from hotline_ivr.routing.overrides import Override
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.settings import Settings

log = structlog.get_logger()

# How often (seconds) the service looks whether somebody has changed the file; a look is one stat.
POLL = 0.3


def hand_control(settings: Settings, plan: Plan) -> HandControl:
    """Sets and clears overrides of this node; the fallback files follow each change."""
    file = OverridesFile(settings.overrides_file)

    def changed() -> None:
        now = datetime.now(UTC)
        # Of two who decide at once the one who writes last has read what both decided.
        with locked(settings.fallback_lock):
            write_fallback(settings.fallback_dir, Rulebook(plan, file.standing(now)), now)

    return HandControl(
        plan,
        file,
        AuditTrail(settings.audit_file),
        prompts=known_prompts(settings),
        clock=lambda: datetime.now(UTC),
        changed=changed,
    )


def standing_overrides(settings: Settings, now: datetime) -> tuple[Override, ...]:
    """What holds now or later. A file that cannot be read overrides nothing, and is told in the log."""
    try:
        return OverridesFile(settings.overrides_file).standing(now)
    except OverrideError as error:
        log.error("overrides cannot be read; the calendars alone decide", reason=str(error))  # noqa: TRY400
        return ()


class OverridesWatch:
    """Gives the service every change of the overrides, also one that only time has made.

    `use` takes what holds from now on, at once; `afterwards` runs in a thread, for what may take longer.
    """

    def __init__(
        self,
        settings: Settings,
        use: Callable[[tuple[Override, ...]], None],
        afterwards: Callable[[], None],
        *,
        poll: float = POLL,
    ) -> None:
        self._settings = settings
        self._use = use
        self._afterwards = afterwards
        self._poll = poll
        self._seen: tuple[int, int] | None = None
        self._standing: tuple[Override, ...] = ()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            if self.look():
                await asyncio.to_thread(self._afterwards)
            await asyncio.sleep(self._poll)

    def look(self) -> bool:
        """One look; whether anything has changed."""
        seen = self._state()
        now = datetime.now(UTC)
        ended = any(each.until is not None and each.until <= now for each in self._standing)
        if seen == self._seen and not ended:
            return False
        self._seen = seen
        standing = standing_overrides(self._settings, now)
        if standing == self._standing:
            return False
        self._standing = standing
        log.info("overrides in use", overrides=[f"{each.line} {each.kind}" for each in standing])
        self._use(standing)
        return True

    def _state(self) -> tuple[int, int] | None:
        try:
            status = self._settings.overrides_file.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

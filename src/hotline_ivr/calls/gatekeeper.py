"""The guard against floods: looks at every call that arrives, and turns away what comes too fast."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from hotline_ivr.config.guard import BUSY
from hotline_ivr.routing.blocks import international
from hotline_ivr.routing.caller import VISIBLE, mask
from hotline_ivr.routing.flood import SlidingCount
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import Call, Decision
from hotline_ivr.routing.turning_away import turned_away

log = structlog.get_logger()

TELL_EVERY_S = 60.0
"""A flood is told in the log once in so many seconds, with what came in between."""


class Gatekeeper:
    """Counts arrivals by caller and by carrier. `clock` gives seconds and never goes back.

    `counted` is told of each call that is turned away: `caller` or `trunk`.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        counted: Callable[[str], None] = lambda _: None,
        visible: int = VISIBLE,
    ) -> None:
        self._clock, self._counted, self._visible = clock, counted, visible
        self._callers, self._trunks = SlidingCount(), SlidingCount()
        # By `caller` and `trunk`: when it was last told, and how many were turned away since.
        self._told: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def look(self, book: Rulebook, call: Call, now: datetime) -> Decision | None:
        """What this caller gets who comes too fast; None lets the call go on, as every fault here does."""
        try:
            return self._look(book, call, now)
        except Exception:
            log.exception("the guard against floods failed; the call goes on", call=call.id)
            return None

    def _look(self, book: Rulebook, call: Call, now: datetime) -> Decision | None:
        line, flood = book.plan.lines.get(call.line), book.plan.guard.flood
        if line is None or not (flood.per_caller.calls or flood.per_trunk.calls):
            return None
        if line.is_emergency(call.number) or book.callers.is_listed(call.caller, now):
            return None
        # A number that cannot be told for certain counts as it is written; callers without one do not.
        caller = international(call.caller, book.plan.organisation.country) or call.caller
        at = self._clock()
        by_caller = flood.per_caller.calls if caller else 0
        by_trunk = flood.per_trunk.calls if call.trunk else 0
        by = ""
        if by_caller and not self._callers.has_room(caller, by_caller, flood.per_caller.within, at):
            by = "caller"
        elif by_trunk and not self._trunks.has_room(call.trunk, by_trunk, flood.per_trunk.within, at):
            by = "trunk"
        if by:
            self._tell(by, caller, call, at)
            reason = "flood:caller" if by == "caller" else f"flood:trunk:{call.trunk}"
            return turned_away(line.language, flood.away or BUSY, reason)
        if by_caller:
            self._callers.let_in(caller, at)
        if by_trunk:
            self._trunks.let_in(call.trunk, at)
        return None

    def _tell(self, by: str, caller: str, call: Call, at: float) -> None:
        self._counted(by)
        self._untold[by] = self._untold.get(by, 0) + 1
        if at - self._told.get(by, at - TELL_EVERY_S) >= TELL_EVERY_S:
            log.warning(
                "calls come too fast and are turned away",
                by=by,
                caller=mask(caller, self._visible),
                trunk=call.trunk,
                line=call.line,
                turned_away=self._untold.pop(by),
            )
            self._told[by] = at

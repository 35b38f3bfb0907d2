"""Operators and their breaks, as the interface of a house without its service sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import PresenceRefused
from hotline_ivr.routing.break_floor import BreakAnswer
from hotline_ivr.routing.presence import Presence, PresenceEvent, Standing, TakePause, after
from hotline_ivr.routing.presence_rules import rules_of


class FakeStaff:
    """Operators in memory, who stand as they are asked to; `calls` are those who talk."""

    def __init__(self, plan: Plan, clock: Callable[[], datetime]) -> None:
        self._rules, self._clock = rules_of(plan), clock
        self.calls: set[str] = set()
        self.standing = {name: Presence(Standing.READY, clock()) for name in plan.operators}

    def use(self, plan: Plan) -> None:
        self._rules = rules_of(plan)

    def presences(self) -> Mapping[str, Presence]:
        return dict(self.standing)

    def in_call(self, operator: str) -> bool:
        return operator in self.calls

    async def wish(self, operator: str, event: PresenceEvent) -> Presence:
        now = after(
            self.standing[operator], event, self._clock(), self._rules, in_call=operator in self.calls
        )
        self.standing[operator] = now
        return now


class FakeBreaks:
    """Breaks as written down here; one that is asked for is granted unless it stands in `next`."""

    def __init__(self, staff: FakeStaff) -> None:
        self._staff = staff
        self.next: dict[str, BreakAnswer] = {}
        self.asked: dict[str, str] = {}

    def ahead(self) -> Mapping[str, BreakAnswer]:
        return self.next

    def kind_of(self, answer: BreakAnswer) -> str:
        return answer.wish.id

    async def ask(self, operator: str, kind: str, by: str) -> BreakAnswer | None:
        if operator not in self.next:
            await self._staff.wish(operator, TakePause(kind, by))
            return None
        self.asked[operator] = kind
        return self.next[operator]

    async def take_back(self, operator: str) -> None:
        if operator not in self.asked:
            raise PresenceRefused("waits for no break")
        del self.asked[operator], self.next[operator]

"""What the routes of the floor need of the service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hotline_ivr.config.models import Plan
from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.routing.break_floor import BreakAnswer
from hotline_ivr.routing.floor import Floor
from hotline_ivr.routing.floor_view import FloorView, floor_view
from hotline_ivr.routing.presence import Period, Presence, PresenceEvent
from hotline_ivr.web.api.lines import Books


class Staff(Protocol):
    """Who keeps the queues staffed; see calls/operator_keeper.py."""

    def presences(self) -> Mapping[str, Presence]: ...

    async def wish(self, operator: str, event: PresenceEvent) -> Presence:
        """Raises PresenceRefused."""


class Breaks(Protocol):
    """Who gives breaks; see calls/shift_keeper.py."""

    def ahead(self) -> Mapping[str, BreakAnswer]: ...

    def kind_of(self, answer: BreakAnswer) -> str: ...

    async def ask(self, operator: str, kind: str, by: str) -> BreakAnswer | None:
        """Raises PresenceRefused."""

    async def take_back(self, operator: str) -> None:
        """Raises PresenceRefused."""


@dataclass(frozen=True, slots=True)
class FloorDesk:
    """What the routes of the floor need. `books` and `note` are called in threads.

    `periods` raises StoreError, `note` OSError.
    """

    staff: Staff
    floor: Callable[[], Floor]
    linked: Callable[[], bool]
    books: Books
    breaks: Breaks
    periods: Callable[[datetime, datetime, str | None], Awaitable[Sequence[Period]]]
    note: Callable[[AuditEntry], None]

    async def view(self) -> FloorView:
        return self.view_of((await asyncio.to_thread(self.books)).plan)

    def view_of(self, plan: Plan) -> FloorView:
        return floor_view(plan, self.floor(), self.staff.presences(), linked=self.linked())

"""What the routes of promises need of the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hotline_ivr.config.models import Plan
from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.routing.caller import VISIBLE
from hotline_ivr.routing.promises import Act, Promise
from hotline_ivr.store.promise_list import Owed, PromiseFilter, PromiseStory
from hotline_ivr.web.api.numbers import NumbersDesk


class Ledger(Protocol):
    """The ledger; see store/promise_ledger.py. Methods raise StoreError while the database is away."""

    async def find(self, wanted: PromiseFilter) -> list[Owed]: ...

    async def story(self, entry_id: str) -> PromiseStory | None: ...

    async def act(self, entry_id: str, done: Act, now: datetime) -> Promise | None:
        """Raises ArgumentError if the entry is closed."""


@dataclass(frozen=True, slots=True)
class PromiseDesk:
    """`note` is called in a thread and raises OSError; `changed` in the event loop after each change."""

    ledger: Ledger
    plan: Callable[[], Plan]
    changed: Callable[[], None]
    note: Callable[[AuditEntry], None]
    visible: int = VISIBLE

    @property
    def numbers(self) -> NumbersDesk:
        return NumbersDesk(self.note, self.visible)

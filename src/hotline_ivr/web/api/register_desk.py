"""What the routes of the register need of the service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from hotline_ivr.config.models import Plan
from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.routing.caller import VISIBLE
from hotline_ivr.routing.entries import Entry
from hotline_ivr.store.register import ChangedMeanwhile
from hotline_ivr.store.register_book import CallOfEntry
from hotline_ivr.store.register_list import EntryFilter, EntryStory, Found
from hotline_ivr.store.register_requests import KnownRequest, RequestKey
from hotline_ivr.web.api.numbers import NumbersDesk


class Register(Protocol):
    """The register; see store/register_book.py. Methods raise StoreError while the database is away."""

    async def call(self, call_id: str) -> CallOfEntry | None: ...

    async def add(self, entry: Entry, key: RequestKey | None = None) -> KnownRequest | None: ...

    async def requested(self, key: RequestKey) -> KnownRequest | None: ...

    async def noted(self, key: RequestKey) -> None: ...

    async def change(self, changed: Entry, seen: int) -> Entry | ChangedMeanwhile | None: ...

    async def story(self, entry_id: str) -> EntryStory | None: ...

    async def find(self, wanted: EntryFilter) -> Sequence[Found]: ...

    async def follow_ups(self, wanted: EntryFilter, after: tuple[date, str] | None) -> Sequence[Found]: ...

    async def search(self, text: str, wanted: EntryFilter, skip: int) -> Sequence[Found]: ...


@dataclass(frozen=True, slots=True)
class RegisterDesk:
    """`note` is called in a thread and raises OSError; `new_id` makes an id that nobody has."""

    register: Register
    node: str
    plan: Callable[[], Plan]
    new_id: Callable[[], str]
    note: Callable[[AuditEntry], None]
    #: Digits of a number that are always shown.
    visible: int = VISIBLE

    @property
    def numbers(self) -> NumbersDesk:
        return NumbersDesk(self.note, self.visible)

"""What the routes of recordings need of the service."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.routing.caller import VISIBLE
from hotline_ivr.routing.recordings import Found, PartId, Recording, Tape
from hotline_ivr.store.recordings import RecordingFilter
from hotline_ivr.web.api.numbers import NumbersDesk


class Rows(Protocol):
    """See store/recordings.py. Raises StoreError."""

    async def find(self, wanted: RecordingFilter) -> Sequence[Recording]: ...

    async def one(self, part: PartId) -> Recording | None: ...


class Files(Protocol):
    """See control/recording_files.py. Called in threads. Raises OSError."""

    def path(self, part: PartId) -> Path | None: ...


class Kept(Protocol):
    """See launch/recording_parts.py. Raises StoreError or OSError."""

    @property
    def rows(self) -> Rows: ...

    @property
    def files(self) -> Files: ...

    async def of_call(self, call_id: str) -> Sequence[PartId]: ...

    async def delete_calls(
        self, call_ids: Collection[str], by: str, at: datetime, *, part: int | None = None, lost: bool = False
    ) -> int: ...


class Pauses(Protocol):
    """See calls/recording_pauses.py. Raises ArgumentError, AsteriskError, or OSError."""

    async def pause(self, call_id: str) -> Tape: ...

    async def resume(self, call_id: str) -> Tape: ...


class Strays(Protocol):
    """Raises StoreError or OSError."""

    async def __call__(self, *, thorough: bool = False) -> Found: ...


@dataclass(frozen=True, slots=True)
class RecordingDesk:
    """`note` is called in a thread and raises OSError."""

    kept: Kept
    pauses: Pauses
    strays: Strays
    note: Callable[[AuditEntry], None]
    visible: int = VISIBLE

    @property
    def numbers(self) -> NumbersDesk:
        return NumbersDesk(self.note, self.visible)

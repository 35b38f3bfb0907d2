"""Keeping the live picture of queues, operators and callers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hotline_ivr.routing.floor import Floor, FloorEvent, fold, fold_all


class Snapshots(Protocol):
    """Tells how things are in Asterisk now. Raises AsteriskError when it could not be asked."""

    async def snapshot(self) -> Sequence[FloorEvent]: ...


class Staff(Protocol):
    """Who keeps the queues staffed; see operator_keeper.py."""

    def happened(self, event: FloorEvent, before: Floor, now: Floor) -> None:
        """An event changed the floor, or would have; must not raise."""

    async def reconcile(self, floor: Floor) -> None:
        """Bring Asterisk in line with our word. Raises AsteriskError."""


class FloorWatch:
    """The floor as it is now. One snapshot after each gap, events in between, never a poll."""

    def __init__(self, snapshots: Snapshots, staff: Staff) -> None:
        self._snapshots = snapshots
        self._staff = staff
        self.floor = Floor()

    async def resynchronise(self) -> None:
        """Take a snapshot, then bring the members in line. Raises AsteriskError."""
        self.floor = fold_all(await self._snapshots.snapshot())
        await self._staff.reconcile(self.floor)

    def event(self, event: FloorEvent) -> None:
        before, self.floor = self.floor, fold(self.floor, event)
        self._staff.happened(event, before, self.floor)

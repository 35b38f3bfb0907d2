"""Keeping the live picture, and keeping the queues staffed as the plan says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import AsteriskError, AsteriskRefused
from hotline_ivr.routing.floor import Floor, FloorEvent, MemberSeen, fold, fold_all

log = structlog.get_logger()


class QueueControl(Protocol):
    """What can be asked of Asterisk's queues. Each raises AsteriskError when it could not be done."""

    async def snapshot(self) -> Sequence[FloorEvent]: ...

    async def add_member(self, queue: str, operator: str, interface: str) -> None: ...

    async def remove_member(self, queue: str, interface: str) -> None: ...


class FloorWatch:
    """The floor as it is now. One snapshot after each gap, events in between, never a poll."""

    def __init__(self, control: QueueControl, plan: Plan, interfaces: Mapping[str, str]) -> None:
        self._control = control
        self._plan = plan
        self._interfaces = interfaces
        self.floor = Floor()

    async def resynchronise(self) -> None:
        """Take a snapshot, then bring the members in line with the plan. Raises AsteriskError."""
        self.floor = fold_all(await self._control.snapshot())
        await self._staff()

    def event(self, event: FloorEvent) -> None:
        self.floor = fold(self.floor, event)

    async def use(self, plan: Plan, interfaces: Mapping[str, str]) -> None:
        """Staff the queues of another plan; while Asterisk is away the next snapshot does it."""
        self._plan, self._interfaces = plan, interfaces
        try:
            await self.resynchronise()
        except AsteriskError as error:
            log.warning("queues will be staffed when Asterisk is back", reason=str(error))

    async def _staff(self) -> None:
        wanted = wanted_members(self._plan, self._interfaces)
        present = {(seen.queue, seen.interface): seen for seen in self.floor.members.values()}
        for (queue, interface), operator in wanted.items():
            if (queue, interface) not in present:
                with _refusals_told(queue=queue, operator=operator):
                    await self._control.add_member(queue, operator, interface)
                    log.info("operator serves queue", operator=operator, queue=queue)
        for queue, interface in _surplus(present.values(), wanted):
            with _refusals_told(queue=queue, interface=interface):
                await self._control.remove_member(queue, interface)
                log.info("operator serves queue no more", interface=interface, queue=queue)


@contextmanager
def _refusals_told(**what: str) -> Iterator[None]:
    """One member that Asterisk refuses must not cost the others their places, nor us the link."""
    try:
        yield
    except AsteriskRefused as error:
        log.error("Asterisk refuses to change who serves", reason=str(error), **what)  # noqa: TRY400


def wanted_members(plan: Plan, interfaces: Mapping[str, str]) -> Mapping[tuple[str, str], str]:
    """(queue, interface) to operator, for everybody who shall serve."""
    return {
        (queue_id, interfaces[operator]): operator
        for queue_id, queue in plan.queues.items()
        for operator in queue.operators
    }


def _surplus(present: Iterable[MemberSeen], wanted: Mapping[tuple[str, str], str]) -> list[tuple[str, str]]:
    return [(seen.queue, seen.interface) for seen in present if (seen.queue, seen.interface) not in wanted]

"""What is done to Asterisk's queues, one operator at a time; what one refuses costs the others nothing."""

from __future__ import annotations

from typing import Protocol

import structlog

from hotline_ivr.errors import AsteriskRefused
from hotline_ivr.routing.floor import MemberSeen
from hotline_ivr.routing.presence import Wanted

log = structlog.get_logger()


class QueueControl(Protocol):
    """What can be asked of Asterisk's queues. Each raises AsteriskError when it could not be done."""

    async def add_member(
        self,
        queue: str,
        operator: str,
        interface: str,
        *,
        paused: bool = False,
        reason: str = "",
        penalty: int = 0,
        person: str = "",
    ) -> None: ...

    async def set_penalty(self, queue: str, interface: str, penalty: int) -> None: ...

    async def remove_member(self, queue: str, interface: str) -> None: ...

    async def pause(self, interface: str, *, paused: bool, reason: str = "") -> None: ...


class QueueHands:
    """Raises AsteriskError where Asterisk cannot be reached, and tells the log of what it refuses."""

    def __init__(self, control: QueueControl) -> None:
        self._control = control

    async def add(
        self, queue: str, operator: str, interface: str, want: Wanted, *, penalty: int, person: str
    ) -> None:
        try:
            await self._control.add_member(
                queue,
                operator,
                interface,
                paused=want.paused,
                reason=want.reason,
                penalty=penalty,
                person=person,
            )
            log.info("operator serves queue", operator=operator, queue=queue)
        except AsteriskRefused as error:
            # One member that Asterisk refuses must not cost the others their places, nor us the link.
            _refused(error, queue=queue, operator=operator)

    async def remove(self, seen: MemberSeen) -> None:
        try:
            await self._control.remove_member(seen.queue, seen.interface)
            log.info("operator serves queue no more", operator=seen.operator, queue=seen.queue)
        except AsteriskRefused as error:
            _refused(error, queue=seen.queue, operator=seen.operator)

    async def set_penalty(self, seen: MemberSeen, penalty: int) -> None:
        """The plan's word on skills has changed, or somebody else's hand has changed it in Asterisk."""
        try:
            await self._control.set_penalty(seen.queue, seen.interface, penalty)
        except AsteriskRefused as error:
            _refused(error, queue=seen.queue, operator=seen.operator)

    async def pause(self, operator: str, interface: str, want: Wanted) -> None:
        try:
            await self._control.pause(interface, paused=want.paused, reason=want.reason)
        except AsteriskRefused as error:
            _refused(error, operator=operator)


def _refused(error: AsteriskRefused, **what: str) -> None:
    log.error("Asterisk refuses to change who serves", reason=str(error), **what)

"""The queues of Asterisk as the rest of the program sees them: floor events in, members out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import structlog

from hotline_ivr.asterisk import ami_events as ami
from hotline_ivr.asterisk.ami_actions import (
    EndCall,
    PressTapeKey,
    QueueAdd,
    QueuePause,
    QueuePenalty,
    QueueRemove,
    QueueStatus,
    TapeKey,
    Wake,
)
from hotline_ivr.asterisk.ami_codec import AmiMessage
from hotline_ivr.asterisk.ami_link import AmiLink
from hotline_ivr.asterisk.queue_turns import DEVICE_HINTS, DEVICE_QUEUE, DEVICES, Turns, turn_events
from hotline_ivr.asterisk.secrets import Secrets
from hotline_ivr.errors import RemoteProtocolError
from hotline_ivr.routing.floor import (
    CallerJoined,
    CallerLeft,
    Connected,
    DeviceSeen,
    DeviceState,
    FloorEvent,
    MemberGone,
    MemberSeen,
    RangOut,
)
from hotline_ivr.routing.fold_legs import operator_of

log = structlog.get_logger()


def interfaces_of(secrets: Secrets) -> Mapping[str, str]:
    """Telephone to the name by which a queue calls it."""
    return {phone: f"PJSIP/{secret.account}" for phone, secret in secrets.phones.items()}


class AmiQueueControl:
    """Queue work over the manager link. Errors are those of AmiLink.send. `clock` gives the time (UTC)."""

    def __init__(
        self,
        link: Callable[[], AmiLink],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        turns: Turns | None = None,
    ) -> None:
        self._link = link
        self._clock = clock
        self._turns = turns

    async def snapshot(self) -> list[FloorEvent]:
        """Every member and every caller that waits, as events that make up the floor."""
        listed = await self._link().send_list(QueueStatus().action())
        read = [read_event(message) for message in listed]
        if self._turns is not None:
            self._turns.renewed([turn for event in read for turn in turn_events(event)])
        now = self._clock()
        return [told for event in read for told in floor_events_of(event, now)]

    async def wake(self, channel: str) -> None:
        await self._link().send(Wake(channel).action())

    async def pause_tape(self, channel: str) -> None:
        """Pause the recording on an operator's channel."""
        await self._link().send(PressTapeKey(channel, TapeKey.PAUSE).action())

    async def resume_tape(self, channel: str) -> None:
        await self._link().send(PressTapeKey(channel, TapeKey.RESUME).action())

    async def stop_tape(self, channel: str) -> None:
        """End the recording on an operator's channel for good."""
        await self._link().send(PressTapeKey(channel, TapeKey.STOP).action())

    async def end(self, call: str) -> None:
        """Hang up a call by its unique id."""
        await self._link().send(EndCall(call).action())

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
    ) -> None:
        """`person` is what shows all telephones of the operator as one; empty is this one alone."""
        state = f"hint:{person}@{DEVICE_HINTS}" if person else ""
        action = QueueAdd(
            queue, interface, operator, paused, penalty=penalty, reason=reason, state=state
        ).action()
        await self._link().send(action)

    async def set_penalty(self, queue: str, interface: str, penalty: int) -> None:
        """Let a phone that serves a queue be rung before or after others there."""
        await self._link().send(QueuePenalty(queue, interface, penalty).action())

    async def pause(self, interface: str, *, paused: bool, reason: str = "") -> None:
        """Pause a phone in all its queues, or end that."""
        await self._link().send(QueuePause(interface, paused, reason=reason).action())

    async def remove_member(self, queue: str, interface: str) -> None:
        await self._link().send(QueueRemove(queue, interface).action())

    def deliver_to(self, sink: Callable[[FloorEvent], None]) -> Callable[[AmiMessage], Awaitable[None]]:
        """A receiver for the link's events that hands on what concerns the floor."""

        async def deliver(message: AmiMessage) -> None:
            event = read_event(message)
            for told in floor_events_of(event, self._clock()):
                sink(told)
            if self._turns is not None:
                for turn in turn_events(event):
                    self._turns.happened(turn)

        return deliver


def read_event(message: AmiMessage) -> ami.Event | None:
    """The event, or None where it says nothing that we can read."""
    try:
        return ami.parse_event(message)
    except RemoteProtocolError as error:
        log.warning("a manager event could not be read", reason=str(error))
        return None


def floor_events(message: AmiMessage, now: datetime) -> Iterator[FloorEvent]:
    """What a manager event that came `now` (UTC) says about the floor; nothing where we cannot read it."""
    return floor_events_of(read_event(message), now)


def floor_events_of(event: ami.Event | None, now: datetime) -> Iterator[FloorEvent]:
    match event:
        case (
            ami.OperatorListed(state)
            | ami.OperatorAdded(state)
            | ami.OperatorStatusChanged(state)
            | ami.OperatorPauseChanged(state)
        ):
            device = DEVICES[state.device]
            if state.queue == DEVICE_QUEUE:
                yield DeviceSeen(state.operator, device)
                return
            if state.in_call and device is DeviceState.NOT_IN_USE:
                device = DeviceState.IN_USE
            yield MemberSeen(
                state.queue,
                state.operator,
                state.interface,
                device,
                state.paused,
                state.pause_reason,
                state.in_call,
                state.penalty,
            )
        case ami.OperatorConnected(queue, operator):
            yield Connected(queue, operator)
        case ami.OperatorRangOut(queue, operator, _, rang_ms):
            yield RangOut(queue, operator, rang_ms)
        case ami.OperatorRemoved(state) if state.queue != DEVICE_QUEUE:
            yield MemberGone(state.queue, state.operator)
        case ami.CallerListed():
            joined = now - timedelta(seconds=event.waited)
            yield CallerJoined(event.queue, event.unique_id, joined, operator_of(event.channel) is not None)
        case ami.CallerJoined():
            yield CallerJoined(event.queue, event.unique_id, now, operator_of(event.channel) is not None)
        case ami.CallerLeft():
            yield CallerLeft(event.queue, event.unique_id)
        case ami.CallerAbandoned():
            # Before the event of leaving, so that the first of the two says how it was.
            yield CallerLeft(event.queue, event.unique_id, abandoned=True)
        case _:
            return

"""Manager events as what decides whose turn it may be; see routing/waking.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from hotline_ivr.asterisk import ami_events as ami
from hotline_ivr.routing.floor import DeviceState
from hotline_ivr.routing.turn_events import CallerIn, CallerOut, SeatGone, SeatRung, SeatSeen, TurnEvent

DEVICE_QUEUE: Final = "hotline.devices"
"""A queue that no caller can enter: its members are the telephones of operators who have several, so Asterisk
tells what each of them does. No id of a queue has a dot."""

DEVICE_HINTS: Final = "hotline-devices"
"""The dialplan's context that shows the telephones of each operator as one person."""

DEVICES: Final = {
    ami.Device.UNKNOWN: DeviceState.UNKNOWN,
    ami.Device.FREE: DeviceState.NOT_IN_USE,
    ami.Device.IN_USE: DeviceState.IN_USE,
    ami.Device.BUSY: DeviceState.BUSY,
    ami.Device.INVALID: DeviceState.INVALID,
    ami.Device.UNAVAILABLE: DeviceState.UNAVAILABLE,
    ami.Device.RINGING: DeviceState.RINGING,
    ami.Device.RINGING_IN_USE: DeviceState.RING_IN_USE,
    ami.Device.ON_HOLD: DeviceState.ON_HOLD,
}


class Turns(Protocol):
    """Who is told of turns. Neither method may raise."""

    def renewed(self, events: Sequence[TurnEvent]) -> None:
        """Begin anew from a snapshot."""

    def happened(self, event: TurnEvent) -> None: ...


def turn_events(event: ami.Event | None) -> Iterator[TurnEvent]:
    """What an event says about turns; nothing where it says nothing."""
    match event:
        case (
            ami.OperatorListed(state)
            | ami.OperatorAdded(state)
            | ami.OperatorStatusChanged(state)
            | ami.OperatorPauseChanged(state)
        ) if state.queue != DEVICE_QUEUE:
            yield SeatSeen(
                state.queue,
                state.interface,
                DEVICES[state.device],
                state.paused,
                state.in_call,
                state.last_call,
                state.penalty,
            )
        case ami.OperatorRemoved(state):
            yield SeatGone(state.queue, state.interface)
        case ami.OperatorCalled(queue, interface, call):
            yield SeatRung(queue, interface, call)
        case ami.CallerListed(queue, call, channel, position, waited):
            yield CallerIn(queue, call, channel, position, waited)
        case ami.CallerJoined(queue, call, _, channel, position):
            yield CallerIn(queue, call, channel, position)
        case ami.CallerLeft(queue, call) | ami.CallerAbandoned(queue, call):
            yield CallerOut(queue, call)
        case _:
            return

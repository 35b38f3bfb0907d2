"""Manager events about queues, as typed values in our own words.

Names on the left are ours: an operator (Asterisk: member, agent), a caller (Asterisk: the queue's entry).
Times are Unix seconds (UTC); durations are in seconds unless a name says otherwise. The events are described
in Asterisk's documentation of app_queue. Of its Agent* events only two have a word here: what they tell is in
queue_log, and at the end of a call they may come without the caller's channel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Final

from hotline_ivr.asterisk.ami_codec import AmiMessage
from hotline_ivr.errors import RemoteProtocolError


class Device(IntEnum):
    """What an operator's phone is doing (devicestate.h)."""

    UNKNOWN = 0
    FREE = 1
    IN_USE = 2
    BUSY = 3
    INVALID = 4
    UNAVAILABLE = 5
    RINGING = 6
    RINGING_IN_USE = 7
    ON_HOLD = 8


@dataclass(frozen=True, slots=True)
class OperatorState:
    """An operator in one queue, as Asterisk sees it."""

    queue: str
    operator: str
    interface: str
    device: Device
    in_call: bool
    paused: bool
    pause_reason: str
    penalty: int
    calls_taken: int
    # Unix seconds; 0 is never.
    last_call: int
    last_pause: int


@dataclass(frozen=True, slots=True)
class OperatorListed:
    """One operator of a list that we asked for."""

    state: OperatorState


@dataclass(frozen=True, slots=True)
class OperatorAdded:
    state: OperatorState


@dataclass(frozen=True, slots=True)
class OperatorRemoved:
    state: OperatorState


@dataclass(frozen=True, slots=True)
class OperatorStatusChanged:
    """The phone rings, is taken up, is put down, is gone."""

    state: OperatorState


@dataclass(frozen=True, slots=True)
class OperatorPauseChanged:
    state: OperatorState


@dataclass(frozen=True, slots=True)
class OperatorCalled:
    """The phone is rung for a caller."""

    queue: str
    interface: str
    unique_id: str
    """Of the caller's channel."""


@dataclass(frozen=True, slots=True)
class OperatorConnected:
    """The operator has taken the call up and talks. Asterisk's events of the phone do not say so in time."""

    queue: str
    operator: str
    interface: str


@dataclass(frozen=True, slots=True)
class OperatorRangOut:
    """The phone was rung for a caller and not taken up, or refused, after `rang_ms` milliseconds."""

    queue: str
    operator: str
    interface: str
    rang_ms: int


@dataclass(frozen=True, slots=True)
class QueueListed:
    """One queue of a list that we asked for."""

    queue: str
    waiting: int


@dataclass(frozen=True, slots=True)
class CallerListed:
    """One waiting caller of a list that we asked for; it has waited for `waited` seconds."""

    queue: str
    unique_id: str
    channel: str
    position: int
    waited: int


@dataclass(frozen=True, slots=True)
class CallerJoined:
    """A caller waits; `waiting` callers do, this one included."""

    queue: str
    unique_id: str
    linked_id: str
    channel: str
    position: int
    waiting: int


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """A caller waits no more, for whatever reason; `waiting` callers still do."""

    queue: str
    unique_id: str
    linked_id: str
    waiting: int


@dataclass(frozen=True, slots=True)
class CallerAbandoned:
    """A caller left without an operator. Asterisk says so also of a wait that was over."""

    queue: str
    unique_id: str
    linked_id: str
    position: int
    waited: int


@dataclass(frozen=True, slots=True)
class AsteriskStarted:
    """Asterisk is up, `uptime` seconds after its start."""

    uptime: int


@dataclass(frozen=True, slots=True)
class AsteriskStopping:
    """Asterisk shuts down; `restarting` tells whether it means to come back."""

    restarting: bool


Event = (
    OperatorListed
    | OperatorAdded
    | OperatorRemoved
    | OperatorStatusChanged
    | OperatorPauseChanged
    | OperatorCalled
    | OperatorConnected
    | OperatorRangOut
    | QueueListed
    | CallerListed
    | CallerJoined
    | CallerLeft
    | CallerAbandoned
    | AsteriskStarted
    | AsteriskStopping
)


def parse_event(message: AmiMessage) -> Event | None:
    """The event in our words; None for one that we have no word for.

    Raises RemoteProtocolError where a header is missing or is no number.
    """
    reader = _READERS.get(message.name)
    return None if reader is None else reader(message)


def _text(message: AmiMessage, header: str) -> str:
    value = message.headers.get(header)
    if not value:
        raise RemoteProtocolError(f"{message.name} without {header}")
    return value


def _number(message: AmiMessage, header: str) -> int:
    value = message.get(header)
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise RemoteProtocolError(f"{message.name}: {header} is no number: {value[:40]!r}")
    return int(value)


def _flag(message: AmiMessage, header: str) -> bool:
    value = message.get(header)
    if value not in {"0", "1"}:
        raise RemoteProtocolError(f"{message.name}: {header} is neither 0 nor 1: {value[:40]!r}")
    return value == "1"


def _state(message: AmiMessage) -> OperatorState:
    # A list says Name and Location for what events call MemberName and Interface.
    listed = message.name == "QueueMember"
    status = _number(message, "Status")
    return OperatorState(
        queue=_text(message, "Queue"),
        operator=_text(message, "Name" if listed else "MemberName"),
        interface=_text(message, "Location" if listed else "Interface"),
        device=Device(status) if status in _DEVICES else Device.UNKNOWN,
        in_call=_flag(message, "InCall"),
        paused=_flag(message, "Paused"),
        pause_reason=message.get("PausedReason"),
        penalty=_number(message, "Penalty"),
        calls_taken=_number(message, "CallsTaken"),
        last_call=_number(message, "LastCall"),
        last_pause=_number(message, "LastPause"),
    )


def _reader(event: Callable[..., Event], **headers: str) -> _Reader:
    """Reads an event by its fields' names; `headers` names those that Asterisk calls otherwise here."""
    names = [(field.name, headers.get(field.name, _HEADERS[field.name])) for field in fields(event)]  # type: ignore[arg-type]
    read = [(name, header, _number if name in _NUMBERS else _text) for name, header in names]
    return lambda message: event(**{name: value(message, header) for name, header, value in read})


_Reader = Callable[[AmiMessage], Event]
_DEVICES: Final = frozenset(Device)
# Our names of fields, and Asterisk's.
_HEADERS: Final = {
    "queue": "Queue",
    "operator": "MemberName",
    "interface": "Interface",
    "unique_id": "Uniqueid",
    "linked_id": "Linkedid",
    "channel": "Channel",
    "position": "Position",
    "waiting": "Count",
    "waited": "HoldTime",
    "uptime": "Uptime",
    "rang_ms": "RingTime",
}
_NUMBERS: Final = frozenset({"position", "waiting", "waited", "uptime", "rang_ms"})

_READERS: Final[dict[str, _Reader]] = {
    "QueueParams": _reader(QueueListed, waiting="Calls"),
    "QueueMember": lambda message: OperatorListed(_state(message)),
    "QueueEntry": _reader(CallerListed, waited="Wait"),
    "QueueMemberAdded": lambda message: OperatorAdded(_state(message)),
    "QueueMemberRemoved": lambda message: OperatorRemoved(_state(message)),
    "QueueMemberStatus": lambda message: OperatorStatusChanged(_state(message)),
    "QueueMemberPause": lambda message: OperatorPauseChanged(_state(message)),
    "QueueMemberPenalty": lambda message: OperatorStatusChanged(_state(message)),
    "AgentCalled": _reader(OperatorCalled),
    "AgentConnect": _reader(OperatorConnected),
    "AgentRingNoAnswer": _reader(OperatorRangOut),
    "QueueCallerJoin": _reader(CallerJoined),
    "QueueCallerLeave": _reader(CallerLeft),
    "QueueCallerAbandon": _reader(CallerAbandoned),
    "FullyBooted": _reader(AsteriskStarted),
    "Shutdown": lambda message: AsteriskStopping(message.get("Restart") == "True"),
}
_LISTED: Final = frozenset({"QueueParams", "QueueMember", "QueueEntry"})
# Events that a filter in manager.conf has to let through, by name; lists are not filtered.
EVENT_NAMES: Final = tuple(name for name in _READERS if name not in _LISTED)

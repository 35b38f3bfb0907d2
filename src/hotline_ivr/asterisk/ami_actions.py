"""What we ask of Asterisk through the manager interface, as values: the queue work of operators.

Queue members live in Asterisk's own database as `interface;penalty;paused;name;...`, members joined by `|`
(app_queue.c:7776), so a name or a reason that holds one of those characters would corrupt every member of
the queue at the next restart. Such values are refused here, with LocalProtocolError.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hotline_ivr.asterisk.ami_codec import AmiAction
from hotline_ivr.errors import LocalProtocolError

# A queue's or an operator's id, a pause reason: what survives the store and means nothing to the dialplan.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,79}\Z")
# A phone. Never Local/...: it doubles channels and events and hides whether the phone is busy.
_INTERFACE = re.compile(r"PJSIP/[A-Za-z0-9_.-]{1,79}\Z")
# All phones of an operator, as one extension of the dialplan shows them.
_HINT = re.compile(r"hint:[a-z0-9.]{1,40}@[a-z-]{1,20}\Z")
# A channel as Asterisk names it: technology/resource-number, perhaps with ;1 or ;2 behind.
_CHANNEL = re.compile(r"[A-Za-z0-9]{1,20}/[A-Za-z0-9_.@:+-]{1,80}(;[12])?\Z")
_UNIQUE_ID = re.compile(r"([A-Za-z0-9_-]{1,60}-)?\d{1,12}\.\d{1,12}\Z")
# A key that no telephone has. A waiting caller's queue looks again at any key; this one has no tone, so that
# nobody can hear it, ends no announcement (file.h, AST_DIGIT_ANY), and dialplan patterns skip it wherever it
# stands (pbx.c), so that it neither is a way out of a queue nor spoils one that the caller has half typed.
WAKE_KEY: Final = "-"
# What PJSIP/ leaves of the 80 characters that app_queue keeps of an interface's name.
_MOST_PENALTY: Final = 1_000


@dataclass(frozen=True, slots=True)
class QueueAdd:
    """Let an operator's phone take calls from a queue. Asterisk refuses it if it does already."""

    queue: str
    interface: str
    operator: str
    paused: bool = False
    # Operators with a lower penalty are tried first.
    penalty: int = 0
    # Why it starts paused; empty for no reason.
    reason: str = ""
    # Whose state counts in place of the phone's own; empty for the phone's.
    state: str = ""

    def action(self) -> AmiAction:
        headers = [
            ("Queue", _word(self.queue)),
            ("Interface", _interface(self.interface)),
            ("Penalty", _penalty(self.penalty)),
            ("Paused", _flag(self.paused)),
            ("MemberName", _word(self.operator)),
        ]
        if self.reason:
            headers.append(("Reason", _word(self.reason)))
        if self.state:
            headers.append(("StateInterface", _hint(self.state)))
        return AmiAction("QueueAdd", tuple(headers))


@dataclass(frozen=True, slots=True)
class EndCall:
    """Hang up the channel of this unique id."""

    call: str

    def action(self) -> AmiAction:
        if not _UNIQUE_ID.match(self.call):
            raise LocalProtocolError(f"not a unique id: {self.call!r}")
        return AmiAction("Hangup", (("Channel", self.call),))


@dataclass(frozen=True, slots=True)
class QueueRemove:
    """Take an operator's phone out of a queue. A call under way goes on."""

    queue: str
    interface: str

    def action(self) -> AmiAction:
        headers = (("Queue", _word(self.queue)), ("Interface", _interface(self.interface)))
        return AmiAction("QueueRemove", headers)


@dataclass(frozen=True, slots=True)
class QueuePause:
    """Pause an operator's phone, or end the pause; in all queues where no queue is named."""

    interface: str
    paused: bool
    queue: str = ""
    reason: str = ""

    def action(self) -> AmiAction:
        headers = [("Interface", _interface(self.interface)), ("Paused", _flag(self.paused))]
        if self.queue:
            headers.append(("Queue", _word(self.queue)))
        if self.reason:
            headers.append(("Reason", _word(self.reason)))
        return AmiAction("QueuePause", tuple(headers))


@dataclass(frozen=True, slots=True)
class QueuePenalty:
    """Change the penalty of a phone in one queue."""

    queue: str
    interface: str
    penalty: int

    def action(self) -> AmiAction:
        headers = (
            ("Interface", _interface(self.interface)),
            ("Penalty", _penalty(self.penalty)),
            ("Queue", _word(self.queue)),
        )
        return AmiAction("QueuePenalty", headers)


@dataclass(frozen=True, slots=True)
class Wake:
    """Let a waiting caller's queue look at once for an operator. Refused if the call is over."""

    channel: str

    def action(self) -> AmiAction:
        if not _CHANNEL.match(self.channel):
            raise LocalProtocolError(f"not a channel: {self.channel[:100]!r}")
        headers = (("Channel", self.channel), ("Digit", WAKE_KEY), ("Receive", "true"))
        return AmiAction("PlayDTMF", headers)


class TapeKey(StrEnum):
    """Keys of a recording (features.conf). No telephone has them: only we send them."""

    PAUSE = "<"
    RESUME = ">"
    STOP = "!"


@dataclass(frozen=True, slots=True)
class PressTapeKey:
    """Pause, go on with or stop the recording on an operator's channel. Refused if the call is over."""

    channel: str
    key: TapeKey

    def action(self) -> AmiAction:
        if not _CHANNEL.match(self.channel):
            raise LocalProtocolError(f"not a channel: {self.channel[:100]!r}")
        headers = (("Channel", self.channel), ("Digit", self.key.value), ("Receive", "true"))
        return AmiAction("PlayDTMF", headers)


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """List queues, their members and who waits; one queue where named. To be sent by `send_list`.

    Asterisk holds each queue's lock while it writes, so this is for resynchronisation and never polled.
    """

    queue: str = ""

    def action(self) -> AmiAction:
        return AmiAction("QueueStatus", (("Queue", _word(self.queue)),) if self.queue else ())


@dataclass(frozen=True, slots=True)
class Ping:
    """Is anybody there."""

    def action(self) -> AmiAction:
        return AmiAction("Ping")


Request = QueueAdd | QueueRemove | QueuePause | QueuePenalty | Wake | QueueStatus | Ping


def _word(value: str) -> str:
    if not _WORD.match(value):
        raise LocalProtocolError(f"may not be the name of a queue, an operator or a reason: {value[:100]!r}")
    return value


def _penalty(value: int) -> str:
    if not 0 <= value <= _MOST_PENALTY:
        raise LocalProtocolError(f"not a penalty: {value}")
    return str(value)


def _interface(value: str) -> str:
    if not _INTERFACE.match(value):
        raise LocalProtocolError(f"not the interface of a phone: {value[:100]!r}")
    return value


def _hint(value: str) -> str:
    if not _HINT.match(value):
        raise LocalProtocolError(f"not a hint of the dialplan: {value[:100]!r}")
    return value


def _flag(value: bool) -> str:
    return "true" if value else "false"

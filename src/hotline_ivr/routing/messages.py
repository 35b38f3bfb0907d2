"""Messages that callers have left: what is known of them, and what is told of a new one. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from hotline_ivr.config.menus import VoicemailBox
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.alert_words import moment_text, seconds_text
from hotline_ivr.routing.alerts import Alert, AlertState
from hotline_ivr.routing.wall import zone_of

VOICEMAIL = "voicemail"

NEWS_FOR = timedelta(days=7)
"""A message that is found later than this is no news: it is listed, but nobody gets a mail of it."""

PURGE_HOUR = 3
"""On the clock of the organisation: after it, messages that have been kept long enough are deleted."""

_MEGABYTE = 1_000_000
# 16 bits at 8 kHz, after a header of 44 bytes.
_HEADER, _BYTES_A_MS = 44, 16

CALL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
"""What Asterisk names a call, and a recording after it."""


class MessageState(StrEnum):
    """What people have done with a message."""

    NEW = "new"
    HEARD = "heard"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Recording:
    """A file of a box: named after its call, `size` bytes, last written at `at` (aware, UTC)."""

    box: str
    call_id: str
    size: int
    at: datetime

    @property
    def length_ms(self) -> int:
        """Its length by its size: the header is wrong where Asterisk died while it recorded."""
        return max(0, self.size - _HEADER) // _BYTES_A_MS


@dataclass(frozen=True, slots=True)
class Message:
    """A message and its call. Moments are aware (UTC); `line`, `caller`, `caller_name` are the call's."""

    node: str
    call_id: str
    box: str
    recorded_at: datetime
    length_ms: int
    size: int
    heard_at: datetime | None = None
    heard_by: str = ""
    done_at: datetime | None = None
    done_by: str = ""
    notified_at: datetime | None = None
    removed_at: datetime | None = None
    line: str = ""
    caller: str = ""
    caller_name: str = ""

    @property
    def state(self) -> MessageState:
        if self.done_at is not None:
            return MessageState.DONE
        return MessageState.NEW if self.heard_at is None else MessageState.HEARD


@dataclass(frozen=True, slots=True)
class CallOfRecording:
    """What the record says of the call of a file: whether it is over, and whether it left a message."""

    call_id: str
    over: bool
    left_message: bool


@dataclass(frozen=True, slots=True)
class Strays:
    """What does not belong together: files that no call left, calls and messages whose file is not there."""

    files: tuple[Recording, ...]
    calls: tuple[str, ...]
    messages: tuple[str, ...]


def is_news(recording: Recording, box: VoicemailBox | None, now: datetime) -> bool:
    """Whether somebody is to be told of it."""
    return box is not None and bool(box.notify) and now - recording.at <= NEWS_FOR


def message_alert(plan: Plan, box_id: str, message: Message, path: str, now: datetime) -> Alert:
    """What is told of a new message; the recording goes along if the box lets it."""
    box = plan.voicemails.get(box_id)
    limit = 0 if box is None else box.attach_up_to * _MEGABYTE
    line = plan.lines[message.line].name if message.line in plan.lines else message.line
    length = seconds_text(message.length_ms / 1000)
    caller = " ".join(part for part in (message.caller or "number withheld", message.caller_name) if part)
    told = [
        f"A caller has left a message of {length} in box {box_id}.",
        f"Caller: {caller}",
        f"Line: {line}",
        f"At: {moment_text(plan, message.recorded_at)}",
        f"Message: {message.call_id}",
    ]
    attached = 0 < message.size <= limit
    if not attached:
        told.append(f"The recording is not attached: hotline voicemail play {message.call_id}")
    told.append(f"When it is dealt with: hotline voicemail done {message.call_id}")
    details = {
        "box": box_id,
        "line": message.line,
        "caller": message.caller,
        "call": message.call_id,
        "length_s": f"{message.length_ms / 1000:.1f}",
    }
    return Alert(
        f"{VOICEMAIL}-{message.call_id}",
        VOICEMAIL,
        AlertState.TOLD,
        box_id,
        now,
        f"New message: {line}, {length}",
        "\n".join(told),
        details,
        path if attached else "",
    )


def kept_long_enough(plan: Plan, recordings: Iterable[Recording], now: datetime) -> list[Recording]:
    """The files that their boxes do not keep any longer."""
    found = []
    for each in recordings:
        box = plan.voicemails.get(each.box)
        if box is not None and box.keep_days is not None and each.at < now - timedelta(days=box.keep_days):
            found.append(each)
    return found


def purge_day(zone: str, now: datetime) -> date:
    """The night whose deletions are due at `now`: each night has one."""
    return (now.astimezone(zone_of(zone)) - timedelta(hours=PURGE_HOUR)).date()


def strays(
    recordings: Collection[Recording],
    with_message: Collection[str],
    messages: Iterable[str],
    calls: Iterable[str],
    before: datetime,
) -> Strays:
    """What does not belong together.

    `with_message`: calls known to have left one; `messages`: those that should have a file; `calls`: those
    that left a message of which nothing is known. What is younger than `before` may yet come together.
    """
    files = {each.call_id for each in recordings}
    return Strays(
        tuple(each for each in recordings if each.call_id not in with_message and each.at < before),
        tuple(call for call in calls if call not in files),
        tuple(message for message in messages if message not in files),
    )

"""What web hooks of the record are told: values, and the words of a message. Pure.

A notice is about a subject, such as a call, in its present form. The same subject may be told of again when
more has become known of it: each time with the next version, so that a receiver keeps the highest one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from hotline_ivr.config.webhooks import EventHook, HookEvent
from hotline_ivr.routing.call_record import CallRecord, LegRecord
from hotline_ivr.routing.disclosure import Disclosure, Full, outside_number
from hotline_ivr.routing.entries import Entry, FollowUp

SCHEMA = "hotline/event/1"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# By which version of the fold a row was made, and when the last event came, is no news about the call.
_UNTOLD = frozenset({"legs", "fold_version", "last_event_at"})


class DeliveryState(StrEnum):
    """How a delivery stands."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A web hook as the database knows it: whoever writes of a call must know who is to be told."""

    hook: str
    events: frozenset[str]
    lines: frozenset[str]
    numbers: bool
    give_up_after: timedelta
    settle: timedelta = timedelta()

    @classmethod
    def of(cls, hook: str, written: EventHook) -> Subscription:
        after = timedelta(seconds=written.give_up_after)
        events, lines = frozenset(written.events), frozenset(written.lines)
        settle = timedelta(seconds=written.settle)
        return cls(hook, events, lines, written.numbers, after, settle)

    def rest(self, event: str) -> timedelta:
        """How long is waited for more before a message of this event leaves."""
        return self.settle if event == "call-ended" else timedelta()

    def wants(self, notice: Notice) -> bool:
        return notice.event in self.events and (not self.lines or notice.line in self.lines)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told. `data` is what the message holds, by how much of the caller is disclosed."""

    event: HookEvent
    subject: str
    line: str
    data: Callable[[Disclosure], Mapping[str, Any]]

    def digest(self) -> str:
        """The same as long as nothing is new."""
        text = json.dumps(self.data(Full()), sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """A notice on its way to one receiver. Times are aware."""

    hook: str
    event: str
    subject: str
    version: int
    created_at: datetime
    next_at: datetime
    expires_at: datetime
    state: DeliveryState
    tries: int
    reason: str
    tried_at: datetime | None
    body: str

    def id(self, node: str) -> str:
        return event_id(node, self.event, self.subject, self.version)


@dataclass(frozen=True, slots=True)
class HookCount:
    """What there is to see of a web hook."""

    hook: str
    waiting: int = 0
    failed: int = 0
    #: Since when the oldest that waits does (aware).
    oldest_at: datetime | None = None


def event_id(node: str, event: str, subject: str, version: int) -> str:
    """Names a message: the same at each try, and for every receiver."""
    return f"{node}:{event}:{subject}:{version}"


def body_of(notice: Notice, node: str, version: int, now: datetime, disclosure: Disclosure) -> str:
    """What is posted, at each try the same."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "id": event_id(node, notice.event, notice.subject, version),
            "event": notice.event,
            "subject": notice.subject,
            "version": version,
            "at": now.isoformat(),
            "node": node,
            "data": notice.data(disclosure),
        }
    )


def call_notice(record: CallRecord) -> Notice | None:
    """That a call is over; None as long as it is not."""
    if not record.finished:
        return None

    def data(disclosure: Disclosure) -> Mapping[str, Any]:
        told = {name: _plain(name, value) for name, value in zip(record._fields, record, strict=True)}
        told = {name: value for name, value in told.items() if name not in _UNTOLD}
        told |= {
            "caller": disclosure.number(record.caller),
            "caller_name": disclosure.name(record.caller_name),
            "outside_number": outside_number(record.kind, record.outside_number, disclosure.number),
        }
        return {"call": told, "legs": [_leg(each) for each in record.legs]}

    return Notice("call-ended", record.id, record.line, data)


_ENTRY_SAME = (
    "id",
    "version",
    "node",
    "call",
    "line",
    "language",
    "operator",
    "topic",
    "topic_words",
    "prepared",
    "variant",
    "heard_of",
    "created_by",
    "changed_by",
    "changed_via",
)
"""Told as they are: nothing of them is of whoever asked."""


def entry_notice(entry: Entry) -> Notice:
    """That an entry of the register was saved, as it is now.

    What people said is told only to who is told numbers and names.
    """

    def data(disclosure: Disclosure) -> Mapping[str, Any]:
        todo = entry.follow_up
        return {
            "entry": {
                **{name: getattr(entry, name) for name in _ENTRY_SAME},
                "way": entry.way.value,
                "outcome": entry.outcome.value,
                **{f"{name}_at": getattr(entry, f"{name}_at").isoformat() for name in ("created", "changed")},
                "at": entry.at.isoformat(),
                "number": disclosure.number(entry.number) if entry.number else "",
                "question": disclosure.text(entry.text.question),
                "answer": disclosure.text(entry.text.answer),
                "prepared_text": disclosure.text(entry.prepared_text or ""),
                "tags": [told for each in entry.text.tags if (told := disclosure.text(each))],
                "follow_up": None if todo is None else _follow_up(todo, disclosure),
            }
        }

    return Notice("entry-saved", entry.id, entry.line, data)


def _follow_up(todo: FollowUp, disclosure: Disclosure) -> Mapping[str, Any]:
    return {
        "due": todo.due.isoformat(),
        "owner": todo.owner,
        "note": disclosure.text(todo.note),
        "done_at": todo.done_at.isoformat() if todo.done_at else None,
        "done_by": todo.done_by,
    }


def erased_notice(kind: Literal["call", "entry"], ident: str, line: str) -> Notice:
    """That whose call or entry this was has been erased: a receiver may hold a copy. By its id alone."""
    return Notice(
        "person-erased", ident, line, lambda _: {"erased": {"kind": kind, "id": ident, "line": line}}
    )


def entry_without_person(data: Mapping[str, Any]) -> dict[str, Any]:
    """What was told of an entry, without what people said."""
    entry = dict(data["entry"])
    gone: dict[str, Any] = {
        "question": "",
        "answer": "",
        "prepared_text": "",
        "tags": [],
        "number": "",
        "follow_up": None,
    }
    return {**data, "entry": entry | gone}


def call_without_person(data: Mapping[str, Any], pseudonym: str) -> dict[str, Any]:
    """What was told of a call, without who called, or who was called back."""
    call = dict(data["call"])
    call |= {"caller": pseudonym, "caller_name": "", "keys": ""}
    if call.get("kind") == "callback" and call.get("outside_number"):
        call["outside_number"] = pseudonym
    return {**data, "call": call}


def _leg(leg: LegRecord) -> Mapping[str, Any]:
    return {name: _plain(name, value) for name, value in zip(leg._fields, leg, strict=True)}


def _plain(name: str, value: Any) -> Any:
    if value is None or not name.endswith("_at"):
        return value
    moment = _EPOCH + timedelta(microseconds=value)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

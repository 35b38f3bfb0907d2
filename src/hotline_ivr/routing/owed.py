"""What a finished call means to the promise ledger: a conversation, a call that is owed, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from hotline_ivr.config.phone import to_e164
from hotline_ivr.routing.steps import Outcome

CONTACTS = frozenset({Outcome.ANSWERED.value, Outcome.OVERFLOWED.value})
"""Outcomes of a conversation."""

_OWED = frozenset(
    {
        Outcome.CALLBACK,
        Outcome.VOICEMAIL,
        Outcome.OVERFLOW_LOST,
        Outcome.TIMED_OUT,
        Outcome.NO_OPERATOR,
        Outcome.FULL,
        Outcome.OVER_LIMIT,
        # We cut the caller off.
        Outcome.TECHNICAL,
    }
)

# What may matter at all, and is looked at again in the database.
MATTERS = frozenset({*_OWED, Outcome.ABANDONED, Outcome.ANSWERED, Outcome.OVERFLOWED, Outcome.NOT_REACHED})

# Numbers that are remembered as read: reading one takes a tenth of a millisecond.
_NUMBERS = 20_000


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """Of a call in the record, what the ledger goes by. Times are aware, durations milliseconds."""

    node: str
    id: str
    line: str
    # The queue that was waited in, or that promised to call back.
    queue: str
    caller: str
    outcome: str
    arrived_at: datetime
    connected_at: datetime | None
    ended_at: datetime
    wait_ms: int | None
    outside_talk_ms: int | None
    # Of a call that we made: which attempt.
    attempt: str | None = None
    # Whether anybody outside was rung in it.
    dialled: bool = True
    # Of one that was promised a call: at which number, and since when the caller had waited (aware).
    call_at: str = ""
    place_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What the plan says: the wait that may be given up for nothing, when an entry expires, whose numbers."""

    short_abandon: timedelta
    expires: timedelta
    country: str | None


def settled_at(call: FinishedCall, rules: Rules) -> datetime | None:
    """When the conversation began, or when it was clear that there would be none; None: nothing is owed."""
    if call.outcome == Outcome.ANSWERED:
        return call.connected_at or call.ended_at
    if call.outcome == Outcome.OVERFLOWED:
        return call.ended_at - timedelta(milliseconds=call.outside_talk_ms or 0)
    # We rang, and what was owed before is owed still.
    if call.attempt is not None:
        return None
    # A number that belongs to no line: nobody here knows what it was about.
    if not call.line:
        return None
    if call.outcome == Outcome.ABANDONED:
        waited = timedelta(milliseconds=call.wait_ms or 0)
        return call.ended_at if call.wait_ms is not None and waited > rules.short_abandon else None
    return call.ended_at if call.outcome in _OWED else None


def person_of(call: FinishedCall, country: str | None) -> str:
    """Who rang: the number in E.164 where it is one; of a withheld one that which they want to be rung at.

    Each caller without any number is somebody else.
    """
    number = call.caller or call.call_at
    return read_number(number, country) if number else f"withheld {call.id}"


@lru_cache(maxsize=_NUMBERS)
def read_number(number: str, country: str | None) -> str:
    """One way of writing for the ways in which carriers write a number: `004722...`, `22...`, `+4722...`."""
    written = f"+{number[2:]}" if number.startswith("00") else number
    try:
        return to_e164(written, country)
    except ValueError:
        return number

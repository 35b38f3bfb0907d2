"""The promise ledger: who is owed a call back, worked out from what happened.

An entry is one person's: it opens with the first call in which nobody was reached, takes in all further ones,
and is closed by a conversation that began later, by hand, or by time. Entries are made anew from the same
facts and acts whenever something is added, in whatever order that became known, so that nothing is counted
twice after a restart, and a call that is folded again corrects the ledger too.

Of a person, facts are calls (the record has them) and acts are what people here did about the entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from hotline_ivr.routing.owed import CONTACTS


class ActKind(StrEnum):
    """What somebody did about an entry."""

    TAKEN = "taken"
    GIVEN_BACK = "given-back"
    # Rang the person and did not reach them.
    TRIED = "tried"
    DONE = "done"
    DROPPED = "dropped"


class State(StrEnum):
    """How an entry stands."""

    OPEN = "open"
    # The person spoke with somebody afterwards.
    KEPT = "kept"
    DONE = "done"
    DROPPED = "dropped"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Fact:
    """A call that matters: one that is owed for, or a conversation. `at` (aware) is when that was settled."""

    node: str
    call: str
    at: datetime
    outcome: str
    line: str
    # The queue whose people owe the call; empty where the caller came to none.
    queue: str
    # Of a promise: the number (E.164) to ring, and since when they have waited (aware) if they keep a place.
    number: str = ""
    place_at: datetime | None = None

    @property
    def is_contact(self) -> bool:
        return self.outcome in CONTACTS


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did, at an aware moment. `operator` is who has taken it."""

    at: datetime
    kind: ActKind
    by: str
    operator: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """One entry. Its id is that of the call that opened it. Times are aware."""

    node: str
    id: str
    line: str
    queue: str
    opened_at: datetime
    # The latest of the calls that are owed for.
    last_at: datetime
    reasons: tuple[str, ...]
    calls: int
    tries: int = 0
    owner: str = ""
    state: State = State.OPEN
    closed_at: datetime | None = None
    # A call's id, or who closed it.
    closed_by: str = ""
    note: str = ""
    # Where to ring, empty for the person's own number; and since when they have waited if they keep a place.
    number: str = ""
    place_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state is State.OPEN


@dataclass(frozen=True, slots=True)
class PromisesNow:
    """What is open: how many by line, and since when the oldest is (aware)."""

    by_line: Mapping[str, int] = field(default_factory=dict)
    oldest_at: datetime | None = None


def promises(
    facts: Iterable[Fact], acts: Iterable[Act], *, now: datetime, expires: timedelta
) -> tuple[Promise, ...]:
    """The entries of one person, oldest first; only the last can be open."""
    entries: list[Promise] = []
    moments: list[Fact | Act] = [*facts, *acts]
    for moment in sorted(moments, key=_order):
        if entries:
            entries[-1] = _expired(entries[-1], moment.at, expires)
        current = entries[-1] if entries and entries[-1].is_open else None
        match moment:
            case Fact(is_contact=True):
                if current is not None:
                    entries[-1] = _closed(current, State.KEPT, moment.at, moment.call)
            case Fact():
                if current is None:
                    entries.append(_opened(moment))
                else:
                    entries[-1] = _owed_again(current, moment)
            case Act():
                if current is not None:
                    entries[-1] = _after(current, moment)
            case _:
                assert_never(moment)
    if entries:
        entries[-1] = _expired(entries[-1], now, expires)
    return tuple(entries)


def _order(moment: Fact | Act) -> tuple[datetime, int, str]:
    """By time; of one moment, first what is owed for, then conversations, then what people did."""
    if isinstance(moment, Act):
        return moment.at, 2, moment.kind
    return moment.at, int(moment.is_contact), moment.call


def _opened(fact: Fact) -> Promise:
    opened = Promise(fact.node, fact.call, fact.line, fact.queue, fact.at, fact.at, (fact.outcome,), 1)
    return replace(opened, number=fact.number, place_at=fact.place_at)


def _owed_again(entry: Promise, fact: Fact) -> Promise:
    reasons = entry.reasons if fact.outcome in entry.reasons else (*entry.reasons, fact.outcome)
    return replace(
        entry,
        queue=fact.queue or entry.queue,
        last_at=fact.at,
        reasons=reasons,
        calls=entry.calls + 1,
        # The latest word on where to ring counts, and the place of the wait that was given up for it.
        number=fact.number or entry.number,
        place_at=fact.place_at or entry.place_at,
    )


def _after(entry: Promise, act: Act) -> Promise:
    match act.kind:
        case ActKind.TAKEN:
            return replace(entry, owner=act.operator)
        case ActKind.GIVEN_BACK:
            return replace(entry, owner="")
        case ActKind.TRIED:
            return replace(entry, tries=entry.tries + 1, note=act.note or entry.note)
        case ActKind.DONE:
            return replace(_closed(entry, State.DONE, act.at, act.by), note=act.note or entry.note)
        case ActKind.DROPPED:
            return replace(_closed(entry, State.DROPPED, act.at, act.by), note=act.note or entry.note)
        case _:
            assert_never(act.kind)


def _expired(entry: Promise, at: datetime, expires: timedelta) -> Promise:
    end = entry.last_at + expires
    return _closed(entry, State.EXPIRED, end, "hotline") if entry.is_open and at >= end else entry


def _closed(entry: Promise, state: State, at: datetime, by: str) -> Promise:
    return replace(entry, state=state, closed_at=at, closed_by=by)

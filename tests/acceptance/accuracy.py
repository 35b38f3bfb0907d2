"""The record held against the SIP side's own ledger: outcomes, times, and each operator's talk."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from typing_extensions import override

from hotline_ivr.testing.centre_desk import DeskCall
from hotline_ivr.testing.ledger import EndedBy, LedgerRow
from hotline_ivr.testing.plans import IMPATIENT, OPEN
from tests.acceptance.journeys import (
    BACK,
    BUSY_S,
    CROSSING_S,
    NARROW,
    TELLERS,
    TOLD,
    expected_outcomes,
)

Key = TypeVar("Key")
Item = TypeVar("Item")

NEAR_S, NEVER_S = 0.020, 1.0
"""Most times are to be within the first of the ledger's, and all within the second."""


@dataclass(frozen=True, slots=True)
class CallRow:
    """Of the record. Times are seconds since the epoch (UTC)."""

    id: str
    caller: str
    outcome: str | None
    arrived: float
    picked_up: float | None
    ended: float | None
    talk_s: float | None
    # Whether we called, and whom we dialled.
    called_back: bool = False
    dialled: str | None = None
    wait_s: float | None = None
    # From the pick-up to the greeting's end.
    greeted_s: float | None = None


@dataclass(frozen=True, slots=True)
class LegRow:
    """Of the record: one ring of an operator's telephone, or the talk of one who was asked and took over."""

    call: str
    operator: str
    # None where it never rang for this caller.
    started: float | None
    answered: float | None
    ended: float | None
    talk_s: float | None


@dataclass
class Comparison:
    """What was found, in words, and how far each time was off."""

    wrong: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    """Times that are off by more than any may be."""
    off_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def time(self, what: str, told: float | None, seen: float | None, who: str, *, moments: int = 1) -> None:
        """`moments` is how many of the SIP side's make the time: each may be off."""
        if told is None or seen is None:
            if told is not seen:
                self.wrong.append(f"{who}: {what} is {told}, but the SIP side saw {seen}")
            return
        self.off_s[what].append(told - seen)
        if abs(told - seen) > NEVER_S * moments:
            self.late.append(f"{who}: {what} is off by {told - seen:.3f} s")

    def near(self) -> float:
        """Share of the times that are as near as most should be."""
        every = [abs(off) for some in self.off_s.values() for off in some]
        return sum(off <= NEAR_S for off in every) / len(every)

    @override
    def __str__(self) -> str:
        shown = []
        for what, some in self.off_s.items():
            ordered = sorted(map(abs, some))
            at = {
                share: ordered[min(len(ordered) - 1, int(share * len(ordered)))]
                for share in (0.5, 0.99, 0.999)
            }
            tail = ", ".join(f"{share:.1%} {off * 1000:.1f}" for share, off in at.items())
            shown.append(f"  {what}: {len(some)} times, off by ms: {tail}, most {ordered[-1] * 1000:.1f}")
        counts = f"{len(self.wrong)} differ, {len(self.late)} times are off by more than {NEVER_S:g} s"
        return "\n".join([*shown, f"  {counts}; within {NEAR_S * 1000:.0f} ms: {self.near():.3%}"])


def count_calls(database: Path) -> int:
    """Callers whose calls are over, by the record."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM call WHERE finished AND kind <> 'callback'"
        ).fetchone()
    return int(count)


def read_calls(database: Path, *, called_back: bool = False) -> list[CallRow]:
    """Every call of the record, those that we made too; or only these, and those that promised them."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "SELECT id, caller, outcome, arrived_at, picked_up_at, ended_at, talk_ms, kind, outside_number,"
            " wait_ms, greeting_ended_at - picked_up_at FROM call"
            " WHERE finished AND (NOT ? OR 'callback' IN (kind, outcome))",
            (called_back,),
        ).fetchall()
    return [
        CallRow(
            id_,
            caller,
            outcome,
            arrived / 1e6,
            _seconds(picked_up),
            _seconds(ended),
            _of_ms(talk),
            kind == "callback",
            dialled,
            _of_ms(wait),
            _seconds(greeted),
        )
        for id_, caller, outcome, arrived, picked_up, ended, talk, kind, dialled, wait, greeted in rows
    ]


def read_legs(database: Path) -> list[LegRow]:
    """Every ring of an operator's telephone, oldest first."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            # Who took over after being asked was answered before, in a call of theirs: connected says when.
            "SELECT call_id, operator, started_at, coalesce(answered_at, connected_at), ended_at, talk_ms"
            " FROM leg WHERE operator IS NOT NULL ORDER BY coalesce(started_at, connected_at)"
        ).fetchall()
    return [
        LegRow(call, operator, _seconds(started), _seconds(answered), _seconds(ended), _of_ms(talk))
        for call, operator, started, answered, ended, talk in rows
    ]


def compare(
    callers: Sequence[LedgerRow],
    called: Mapping[str, str],
    talks: Sequence[LedgerRow],
    records: Sequence[CallRow],
    legs: Sequence[LegRow],
) -> Comparison:
    """Hold the record against what callers and operators' phones wrote down."""
    found = Comparison()
    own_calls = [record for record in records if not record.called_back]
    by_caller = {record.caller: record for record in own_calls}
    counts = Counter(record.caller for record in own_calls)
    found.wrong += [f"{number} has {count} records" for number, count in counts.items() if count != 1]
    talks_of = _by(talks, lambda talk: talk.peer)
    for row in callers:
        if (record := by_caller.get(row.number)) is None:
            found.wrong.append(f"{row.number} ({called[row.number]}) has no record: {row}")
            continue
        own = talks_of.get(row.number, [])
        expected = expected_outcomes(row, called[row.number], own)
        if record.outcome not in expected:
            found.wrong.append(
                f"{row.number}: {record.outcome}, but the SIP side saw {expected}: {row} {own}"
            )
        found.time("arrival", record.arrived, row.started, row.number)
        found.time("pick-up", record.picked_up, row.answered, row.number)
        found.time("end", record.ended, row.ended, row.number)
    for who, ours, theirs in _rings(records, legs, talks_of):
        if ours.started is None:
            found.time("hand-over after asking", ours.answered, theirs.answered, who)
        else:
            found.time("ring", ours.started, theirs.started, who)
            if not _crossed(ours, theirs):
                found.time("answer", ours.answered, theirs.answered, who)
        if ours.operator not in TELLERS and theirs.answered is not None and not _crossed(ours, theirs):
            found.time("talk of a telephone", ours.talk_s, _talked(theirs, None), who, moments=2)
        found.time("end of ring or talk", ours.ended, theirs.ended, who)
    _compare_calls(found, callers, called, talks_of, by_caller)
    found.wrong += list(_unmatched(records, legs, talks))
    return found


def _compare_calls(
    found: Comparison,
    callers: Sequence[LedgerRow],
    called: Mapping[str, str],
    talks_of: Mapping[str, Sequence[LedgerRow]],
    by_caller: Mapping[str, CallRow],
) -> None:
    """How long callers waited and talked, which the record counts by itself, by the SIP side's moments."""
    around = {number: _Around.waiting(number, called, by_caller) for number in set(called.values())}
    for row in callers:
        record = by_caller.get(row.number)
        if record is None or called[row.number] in {BACK, TOLD}:
            continue
        spoken = [talk for talk in talks_of.get(row.number, ()) if talk.answered is not None]
        if any(_short(talk, BUSY_S) for talk in spoken):
            # Whether that was a talk is Asterisk's to say.
            continue
        if record.outcome == "answered":
            whole = sum(_talked(talk, row.ended) for talk in spoken)
            found.time("talk of a call", record.talk_s, whole, row.number, moments=2 * len(spoken))
        wait = _waited(row, called[row.number], record.outcome, spoken, around[called[row.number]])
        if wait is not None:
            found.time("wait", record.wait_s, wait, row.number, moments=2)


@dataclass(frozen=True, slots=True)
class _Around:
    """What callers of a line hear before they wait, and in all where nobody comes: as long for each of them.

    By the record, and of no time that is compared. How long Asterisk lets somebody wait does not serve: it
    counts whole seconds, and 5 s were 4.0 to 5.95.
    """

    greeting_s: float | None
    in_vain_s: float | None

    @classmethod
    def waiting(cls, number: str, called: Mapping[str, str], by_caller: Mapping[str, CallRow]) -> _Around:
        own = [each for each in by_caller.values() if called.get(each.caller) == number]
        return cls(
            _median([each.greeted_s for each in own if each.greeted_s is not None]),
            _median(
                [
                    each.ended - each.picked_up - each.wait_s
                    for each in own
                    if each.outcome == "timed-out"
                    and each.ended is not None
                    and each.picked_up is not None
                    and each.wait_s is not None
                ]
            ),
        )


def _median(some: Sequence[float]) -> float | None:
    return sorted(some)[len(some) // 2] if some else None


def _waited(
    row: LedgerRow, called: str, outcome: str | None, spoken: Sequence[LedgerRow], around: _Around
) -> float | None:
    """From the greeting's end to the first answer, or until nobody had come; None if not known."""
    if row.answered is None:
        return None
    if outcome == "answered" and called == OPEN and spoken and around.greeting_s is not None:
        answered = min(talk.answered for talk in spoken if talk.answered is not None)
        return max(0.0, answered - row.answered - around.greeting_s)
    in_vain = outcome == "timed-out" and called in {IMPATIENT, NARROW} and not spoken
    if not in_vain or row.ended_by is EndedBy.US or row.ended is None or around.in_vain_s is None:
        return None
    return row.ended - row.answered - around.in_vain_s


def _talked(talk: LedgerRow, until: float | None) -> float:
    if talk.answered is None or talk.ended is None:
        return 0.0
    return max(0.0, min(talk.ended, until or talk.ended) - talk.answered)


def spoken_s(talk: LedgerRow, person: DeskCall | None) -> float:
    """How long an operator's phone and the person were both up: who is rung first hears the other ring."""
    if talk.answered is None or talk.ended is None:
        return 0.0
    if talk.number not in TELLERS:
        return talk.ended - talk.answered
    if person is None or not person.answered:
        return 0.0
    return max(0.0, min(talk.ended, person.ended_at or talk.ended) - max(talk.answered, person.answered_at))


def talk_by_operator(
    talks: Sequence[LedgerRow], legs: Sequence[LegRow], desk: Sequence[DeskCall]
) -> dict[str, tuple[float, float]]:
    """Seconds that each operator talked: by the record, and by the phones' ledger."""
    ours: Counter[str] = Counter()
    theirs: Counter[str] = Counter()
    person = {call.number: call for call in desk}
    for leg in legs:
        ours[leg.operator] += leg.talk_s or 0.0  # type: ignore[assignment]
    for talk in talks:
        theirs[talk.number] += spoken_s(talk, person.get(talk.peer))  # type: ignore[assignment]
    return {name: (float(ours[name]), float(theirs[name])) for name in sorted({*ours, *theirs})}


def _short(talk: LedgerRow, within_s: float) -> bool:
    return talk.answered is not None and talk.ended is not None and talk.ended - talk.answered < within_s


def _crossed(leg: LegRow, talk: LedgerRow) -> bool:
    """The answer met the end of the ringing on its way, or came before it to an Asterisk that was busy."""
    if talk.answered is None or talk.ended is None:
        return False
    return talk.ended - talk.answered < (CROSSING_S if leg.answered is not None else BUSY_S)


def _rings(
    records: Sequence[CallRow], legs: Sequence[LegRow], talks_of: Mapping[str, Sequence[LedgerRow]]
) -> Iterator[tuple[str, LegRow, LedgerRow]]:
    """Each ring of the record beside that of the phones: of one caller and operator, in order."""
    caller_of = {record.id: record.caller for record in records}
    for (call, operator), own in _by(legs, lambda leg: (leg.call, leg.operator)).items():
        caller = caller_of.get(call, "")
        theirs = [talk for talk in talks_of.get(caller, ()) if talk.number == operator]
        for ours, seen in zip(own, theirs, strict=False):
            yield f"{caller} at {operator}", ours, seen


def _unmatched(
    records: Sequence[CallRow], legs: Sequence[LegRow], talks: Sequence[LedgerRow]
) -> Iterator[str]:
    """Rings that only one side knows of."""
    caller_of = {record.id: record.caller for record in records}
    ours = Counter(
        (caller_of.get(leg.call, leg.call), leg.operator) for leg in legs if leg.operator != "cleo"
    )
    theirs = Counter((talk.peer, talk.number) for talk in talks)
    for pair in ours.keys() | theirs.keys():
        if ours[pair] != theirs[pair]:
            yield f"{pair[0]} rang {pair[1]} {theirs[pair]} times by the phones, {ours[pair]} by the record"


def _by(items: Sequence[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    found: dict[Key, list[Item]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return found


def _seconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / 1e6


def _of_ms(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1e3

"""The record of calls back held against the ledger of those who were called, at the carrier's end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from hotline_ivr.testing.centre_desk import DeskCall, Manners
from hotline_ivr.testing.ledger import LedgerRow
from tests.acceptance.accuracy import CallRow, Comparison, LegRow, spoken_s
from tests.acceptance.journeys import BACK


def over(records: Sequence[CallRow]) -> bool:
    """Whether everybody who was promised a call has had it."""
    return _promised(records) <= {record.caller for record in records if record.dialled is not None}


def compare_callbacks(
    found: Comparison,
    called: Mapping[str, str],
    manners: Mapping[str, Manners],
    desk: Sequence[DeskCall],
    talks: Sequence[LedgerRow],
    records: Sequence[CallRow],
    legs: Sequence[LegRow],
) -> None:
    """Add to `found` what differs: nobody else is rung, nobody twice, and each as it was."""
    promised = _promised(records)
    rung = Counter(call.number for call in desk)
    found.wrong += [f"{number} was rung {times} times" for number, times in rung.items() if times != 1]
    found.wrong += [f"{number} was rung and never promised it" for number in rung.keys() - promised]
    found.wrong += [f"{number} was promised a call and not rung" for number in promised - rung.keys()]
    calls = {call.number: call for call in desk}
    answers: dict[str, int] = defaultdict(int)
    for talk in talks:
        answers[talk.peer] += talk.answered is not None
    seen: Counter[str] = Counter()
    for record in records:
        if not record.called_back or record.dialled is None:
            continue
        seen[record.caller] += 1
        if (call := calls.get(record.caller)) is None:
            found.wrong.append(f"{record.caller} was dialled by the record alone")
            continue
        first = called[record.caller] == BACK
        expected = _expected(manners[record.caller], first=first, answers=answers[record.caller])
        if record.outcome not in expected:
            found.wrong.append(f"{record.caller}, called back: {record.outcome}, and not {expected}: {call}")
        who = f"{record.caller}, called back"
        found.time("pick-up of who is called", record.picked_up, call.answered_at or None, who)
        if call.answered:
            found.time("end of a call back", record.ended, call.ended_at or None, who)
        if record.outcome == "answered":
            _compare_talk(found, record, call, talks, legs)
    found.wrong += [f"{number} has {times} calls back" for number, times in seen.items() if times != 1]


def _compare_talk(
    found: Comparison,
    record: CallRow,
    person: DeskCall,
    talks: Sequence[LedgerRow],
    legs: Sequence[LegRow],
) -> None:
    own = [talk for talk in talks if talk.peer == record.caller and talk.answered is not None]
    seen = sum(spoken_s(talk, person) for talk in own)
    told = sum(leg.talk_s or 0.0 for leg in legs if leg.call == record.id)
    who = f"{record.caller}, called back"
    found.time("talk of a call back", record.talk_s, seen, who, moments=2 * len(own))
    found.time("talk of the telephones of a call back", told, seen, who, moments=2 * len(own))


def _promised(records: Sequence[CallRow]) -> set[str]:
    return {record.caller for record in records if record.outcome == "callback"}


def _expected(manners: Manners, *, first: bool, answers: int) -> set[str]:
    """`answers` of operators; `first` is who was called before any operator."""
    there = Manners.PRESSES if first else Manners.SILENT
    if manners is not there:
        return {"not-reached"}
    return {"answered"} if answers else {"timed-out", "no-operator"}

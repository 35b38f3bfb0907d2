"""What the comparison with the telephones' ledgers finds: a time that reports use, wrong in the record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hotline_ivr.testing.centre_desk import DeskCall, Manners
from hotline_ivr.testing.ledger import EndedBy, LedgerRow
from hotline_ivr.testing.plans import IMPATIENT, OPEN
from tests.acceptance.accuracy import CallRow, LegRow, compare, talk_by_operator
from tests.acceptance.called_back import compare_callbacks
from tests.acceptance.journeys import TELLERS, TOLD

CALLER = LedgerRow("c1", "+4790000001", 100.0, answered=100.1, ended=120.0, ended_by=EndedBy.US, code=200)
TALK = LedgerRow("o1", "op00", 104.0, "+4790000001", answered=106.0, ended=120.0, code=200)
CALL = CallRow("1", CALLER.number, "answered", 100.0, 100.1, 120.0, talk_s=14.0, wait_s=2.9, greeted_s=3.0)
LEG = LegRow("1", "op00", 104.0, 106.0, 120.0, talk_s=14.0)


def found(call: CallRow = CALL, leg: LegRow = LEG) -> list[str]:
    result = compare([CALLER], {CALLER.number: OPEN}, [TALK], [call], [leg])
    return result.wrong + result.late


def test_a_record_as_the_telephones_saw_it_differs_in_nothing() -> None:
    assert found() == []
    assert talk_by_operator([TALK], [LEG], []) == {"op00": (14.0, 14.0)}


@pytest.mark.parametrize(
    ("call", "leg", "said"),
    [
        (CALL, replace(LEG, talk_s=0.014), "talk of a telephone is off by -13.986 s"),
        (CALL, replace(LEG, talk_s=None), "talk of a telephone is None, but the SIP side saw 14.0"),
        (replace(CALL, talk_s=28.0), LEG, "talk of a call is off by 14.000 s"),
        (replace(CALL, wait_s=5.9), LEG, "wait is off by 3.000 s"),
        (replace(CALL, wait_s=None), LEG, "wait is None"),
    ],
)
def test_a_talk_or_a_wait_that_is_counted_wrong_is_found(call: CallRow, leg: LegRow, said: str) -> None:
    assert any(said in each for each in found(call, leg)), found(call, leg)


def test_each_operators_talk_is_the_sum_that_reports_make_of_it() -> None:
    assert talk_by_operator([TALK], [replace(LEG, talk_s=9.0)], []) == {"op00": (9.0, 14.0)}


def test_who_waited_in_vain_is_recorded_with_that_wait() -> None:
    """All hear as much before and after it, so the longest call is that of the longest wait."""
    calls, rows = [], []
    for number, (ended, wait_s) in enumerate([(108.5, 4.9), (108.9, 5.3), (109.3, 9.7)]):
        name = f"{CALLER.number}{number}"
        rows.append(replace(CALLER, number=name, ended=ended, ended_by=EndedBy.THEM))
        calls.append(
            replace(CALL, id=name, caller=name, outcome="timed-out", ended=ended, talk_s=None, wait_s=wait_s)
        )
    result = compare(rows, {row.number: IMPATIENT for row in rows}, [], calls, [])
    assert result.wrong == []
    assert result.late == [f"{rows[2].number}: wait is off by 4.000 s"]


def test_of_a_call_back_the_talk_is_when_both_were_there() -> None:
    """An operator who is rung first hears the person ring."""
    operator = TELLERS[0]
    talk = replace(TALK, number=operator)
    person = DeskCall(
        CALLER.number, "", "", 107.0, b"", ("", 0), answered=True, answered_at=110.0, ended_at=119.0
    )
    promise = replace(CALL, outcome="callback", talk_s=None)
    back = replace(
        CALL, id="2", called_back=True, dialled=CALLER.number, picked_up=110.0, ended=119.0, talk_s=9.0
    )
    leg = replace(LEG, call="2", operator=operator, talk_s=9.0)

    def late(record: CallRow, ring: LegRow) -> list[str]:
        called = {CALLER.number: TOLD}
        result = compare([], called, [talk], [promise, record], [ring])
        compare_callbacks(
            result, called, {CALLER.number: Manners.SILENT}, [person], [talk], [promise, record], [ring]
        )
        return result.wrong + result.late

    assert late(back, leg) == []
    assert talk_by_operator([talk], [leg], [person]) == {operator: (9.0, 9.0)}
    assert any("talk of a call back is off" in each for each in late(replace(back, talk_s=14.0), leg))
    assert any("telephones of a call back is off" in each for each in late(back, replace(leg, talk_s=14.0)))

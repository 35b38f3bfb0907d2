"""A line's day is put together from the record and the phones' own ledgers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bench import day
from bench.by_hand import Trace
from hotline_ivr.testing.ledger import EndedBy, LedgerRow

BEGAN = 1_800_000_000.0


def record(caller: str, at: float, wait_ms: int, outcome: str) -> dict[str, object]:
    queued = datetime.fromtimestamp(BEGAN + at, UTC).isoformat()
    return {"caller": caller, "queued_at": queued, "wait_ms": wait_ms, "outcome": outcome}


def row(number: str, answered: float, ended: float, ended_by: EndedBy) -> LedgerRow:
    return LedgerRow(number, number, 0.0, answered=answered, ended=ended, ended_by=ended_by, code=200)


def test_the_same_calls_are_served_again_by_hand() -> None:
    records = [
        record("a", 0, 10, "answered"),
        record("b", 1, 2000, "abandoned"),
        record("c", 2, 3020, "answered"),
    ]
    callers = {
        "a": row("a", 0, 5, EndedBy.THEM), "b": row("b", 1, 3, EndedBy.US), "c": row("c", 2, 9, EndedBy.THEM)
    }  # fmt: skip
    talks = [row("anna", 5.02, 9.02, EndedBy.US), row("anna", 0.01, 5.01, EndedBy.US)]
    trace = day.replayed(records, [day.waited(each) for each in records], callers, talks)
    assert trace.services == pytest.approx((5.0, 4.0, day.SERVICE_S)), "in the order in which they began"
    assert trace.patience == (float("inf"), 2.0, float("inf"))
    assert [at - BEGAN for at in trace.arrivals] == pytest.approx([0, 1, 2])


def test_who_is_to_give_up_hangs_up_and_the_others_stay() -> None:
    trace = Trace(arrivals=(0.0, 0.1, 0.2), patience=(9.0, 0.05, 9.0), services=(2.0, 2.0))
    one_operator = day.scripted(trace, "+4722851000", 0, operators=1)
    assert [caller.stay_ms for caller in one_operator] == [600_000, 250, 600_000]
    assert [caller.after_ms for caller in one_operator] == [30, 120, 210]


def test_the_patient_line_is_told_by_erlang_c_and_the_hasty_by_erlang_a() -> None:
    assert day.PATIENT.formula.abandoned == 0
    assert 0.05 < day.HASTY.formula.abandoned < 0.5

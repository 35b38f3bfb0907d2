"""The SIP side's log, folded into one row a call."""

from __future__ import annotations

from hotline_ivr.testing.ledger import EndedBy, LedgerRow, fold, read_entry


def rows(*lines: str) -> list[LedgerRow]:
    entries = [read_entry(line) for line in lines]
    return fold(entry for entry in entries if entry is not None)


def test_an_answered_call_has_all_its_times_and_who_ended_it() -> None:
    (row,) = rows(
        "invite|a@x|+4790000001|100.000000|250000.000000",
        "ringing|a@x|+4790000001|100.000000|300000.000000",
        "ringing|a@x|+4790000001|100.000000|900000.000000",
        "answered|a@x|+4790000001|101.000000|0.000000",
        "bye-received|a@x|+4790000001|109.000000|500000.000000",
    )
    assert row == LedgerRow(
        "a@x",
        "+4790000001",
        100.25,
        ringing=100.3,
        answered=101.0,
        ended=109.5,
        ended_by=EndedBy.THEM,
        code=200,
    )


def test_a_refusal_and_a_cancelled_call_have_their_codes() -> None:
    refused, cancelled = rows(
        "invite|a|1|100.0|0", "invite|b|2|101.0|0", "refused|a|1|100.0|5000|486", "cancel|b|2|103.0|0"
    )
    assert (refused.code, refused.ended_by, refused.answered) == (486, EndedBy.THEM, None)
    assert (cancelled.code, cancelled.ended_by, cancelled.ended) == (487, EndedBy.US, 103.0)


def test_an_answer_that_crosses_a_cancel_leaves_the_call_up() -> None:
    (row,) = rows("invite|a|1|100.0|0", "cancel|a|1|101.0|0", "answered|a|1|101.0|10")
    assert row.ended is None
    assert row.ended_by is EndedBy.NOBODY
    assert row.code == 200


def test_a_line_cut_short_and_events_of_unknown_calls_are_left_out() -> None:
    assert read_entry("answered|a|1|10") is None
    assert read_entry("answered|a|1|10.0|x") is None
    assert rows("answered|a|1|100.0|0", "invite|b|2|100.0|0", "invite|a") == [LedgerRow("b", "2", 100.0)]


def test_rows_come_in_the_order_in_which_calls_began() -> None:
    assert [row.number for row in rows("invite|b|2|101.0|0", "invite|a|1|100.0|0")] == ["1", "2"]

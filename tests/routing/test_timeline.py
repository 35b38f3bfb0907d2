"""A call's events in words."""

from __future__ import annotations

import pytest

from hotline_ivr.routing.caller import mask
from hotline_ivr.routing.timeline import timeline
from tests.routing.call_tables import FOLDER, micros, read_call


def texts(name: str) -> list[str]:
    call = read_call(FOLDER / f"{name}.txt")
    return [moment.text for moment in timeline(call.events, call.queue_events)]


def test_an_answered_call_reads_as_it_went() -> None:
    assert texts("answered_operator_hangs_up") == [
        "call arrives",
        "arrived on line demo, number +4722851235",
        "the service answered: open:hours (plan 3f9a2c71)",
        "we pick up",
        "picked up",
        "into queue main, for 300 s at most",
        "queue log: waits in main",
        "bjorn rings",
        "bjorn picks up",
        "bjorn joins the conversation",
        "caller joins the conversation",
        "queue log: bjorn connected",
        "bjorn leaves the conversation",
        "caller leaves the conversation",
        "bjorn: hung up, cause 16, by PJSIP/bjorn.k3v9-6700b6a0",
        "bjorn: channel ends",
        "caller: hung up, cause 16, by PJSIP/bjorn.k3v9-6700b6a0",
        "the caller's channel ends",
        "the call is over",
        "queue log: over, bjorn hung up",
    ]


def test_an_event_nobody_knows_is_named() -> None:
    call = read_call(FOLDER / "closed_heard_in_full.txt")
    odd = call.events[0]._replace(kind="STREAM_BEGIN", offset=9_000)
    unknown_words = call.events[1]._replace(extra='{"extra":"sing|\u202ela"}', offset=9_001)
    assert [moment.text for moment in timeline([odd, unknown_words])] == ["STREAM_BEGIN", "sing"]


def test_queue_lines_stand_behind_all_that_happened_in_their_second() -> None:
    call = read_call(FOLDER / "timed_out.txt")
    moments = timeline(call.events, call.queue_events)
    entered = next(moment for moment in moments if moment.kind == "ENTERQUEUE")
    before = moments[moments.index(entered) - 1]
    assert before.at == micros("2.865")
    assert not entered.exact


@pytest.mark.parametrize("sent", ["+4798765432", "98765432", "004798765432"])
@pytest.mark.parametrize("name", ["called_back", "called_back_and_answered", "operator_first", "overflowed"])
def test_a_number_is_told_as_it_may_be_however_it_was_sent(name: str, sent: str) -> None:
    call = read_call(FOLDER / f"{name}.txt")
    events = [each._replace(extra=each.extra.replace("+4798765432", sent)) for each in call.events]
    shown = " ".join(moment.text for moment in timeline(events, call.queue_events, mask))
    assert "98765432" not in shown
    assert "••••" in shown

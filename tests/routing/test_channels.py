"""How many calls there were at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.channels import ChannelUse, ChannelWatch
from hotline_ivr.routing.usage import DialledLeg, RecordedCall
from tests.routing.contracts import NUMBER, a_contract

AT = datetime(2026, 9, 30, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def call(start: float, end: float | None, *dialled: tuple[float, float]) -> RecordedCall:
    """Minutes after ten o'clock."""
    legs = tuple(
        DialledLeg("carrier", "+4790000000", AT + begun * MINUTE, None, AT + over * MINUTE)
        for begun, over in dialled
    )
    over = None if end is None else AT + end * MINUTE
    return RecordedCall(f"m-{start}", "info", NUMBER, AT + start * MINUTE, None, over, legs)


def watched(*calls: RecordedCall, channels: int = 0) -> dict[str, ChannelUse]:
    watch = ChannelWatch({"telecom": a_contract(channels=channels)})
    for each in calls:
        watch.add(each)
    return {each.kind: each for each in watch.report()}


def test_the_peak_is_the_most_calls_of_one_moment() -> None:
    found = watched(call(0, 10), call(2, 5), call(4, 6), call(7, 9))["number"]
    assert (found.calls, found.peak, found.peak_at) == (4, 3, AT + 4 * MINUTE)


def test_a_channel_that_is_left_at_the_very_moment_is_free() -> None:
    assert watched(call(0, 5), call(5, 9))["number"].peak == 1


def test_a_transfer_takes_a_channel_more_also_when_it_begins_after_the_next_arrival() -> None:
    """The first call is handed on at minute 8, the second arrives at minute 3 and ends at minute 9."""
    found = watched(call(0, 20, (8, 20)), call(3, 9))
    assert (found["trunk"].peak, found["number"].peak) == (1, 2)
    assert (found["contract"].peak, found["contract"].peak_at) == (3, AT + 8 * MINUTE)


def test_erlangs_are_those_of_the_busiest_hour() -> None:
    """Half an hour at ten; at eleven two calls of half an hour: one erlang."""
    found = watched(call(0, 30), call(60, 90), call(75, 105))["number"]
    assert (found.busiest_hour, found.erlangs) == (AT + 60 * MINUTE, 1.0)
    # B(4) = 1.5 %, B(5) = 0.3 % at one erlang.
    assert found.needed == 5


def test_a_call_over_the_hour_is_divided() -> None:
    assert watched(call(45, 90))["number"].erlangs == 0.5


def test_what_was_bought_is_held_against_what_is_needed() -> None:
    found = watched(*(call(0, 60) for _ in range(3)), channels=10)["contract"]
    assert found.bought == 10
    assert found.needed < found.bought
    assert found.blocked is not None
    assert found.blocked < 0.01


def test_a_call_back_is_no_arrival_and_takes_the_one_channel_of_who_is_rung() -> None:
    leg = DialledLeg("carrier", "+4790000000", AT, AT + MINUTE, AT + 9 * MINUTE)
    found = watched(
        RecordedCall("m-1", "info", NUMBER, AT, AT + MINUTE, AT + 9 * MINUTE, (leg,), CallKind.CALLBACK)
    )
    assert {kind: (each.calls, each.peak) for kind, each in found.items()} == {
        "trunk": (1, 1),
        "contract": (1, 1),
    }


def test_calls_without_an_end_are_left_out() -> None:
    assert watched(call(0, None)) == {}

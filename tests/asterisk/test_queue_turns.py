"""Manager events as what decides whose turn it is."""

from __future__ import annotations

from hotline_ivr.asterisk.ami_codec import AmiMessage
from hotline_ivr.asterisk.queue_control import read_event
from hotline_ivr.asterisk.queue_turns import turn_events
from hotline_ivr.routing.floor import DeviceState
from hotline_ivr.routing.turn_events import CallerIn, CallerOut, SeatGone, SeatSeen, TurnEvent
from tests.asterisk.test_queue_control import MEMBER

CALLER = {"Queue": "main", "Uniqueid": "main-1.1", "Linkedid": "main-1.1", "Channel": "PJSIP/trunk-x-1"}


def told(name: str, **headers: str) -> list[TurnEvent]:
    return list(turn_events(read_event(AmiMessage(name, headers))))


def test_an_operator_is_told_with_the_end_of_the_last_call_and_whether_a_call_of_the_queue_is_up() -> None:
    (seen,) = told("QueueMemberStatus", **{**MEMBER, "LastCall": "1700000000", "InCall": "1"})
    assert seen == SeatSeen(
        "main", "PJSIP/anna.k3v9", DeviceState.NOT_IN_USE, paused=False, in_call=True, last_call=1_700_000_000
    )


def test_an_operator_who_is_removed_is_gone() -> None:
    assert told("QueueMemberRemoved", **MEMBER) == [SeatGone("main", "PJSIP/anna.k3v9")]


def test_a_caller_is_told_with_channel_and_place() -> None:
    assert told("QueueCallerJoin", **CALLER, Position="2", Count="2") == [
        CallerIn("main", "main-1.1", "PJSIP/trunk-x-1", 2)
    ]
    assert told("QueueEntry", **CALLER, Position="1", Wait="30") == [
        CallerIn("main", "main-1.1", "PJSIP/trunk-x-1", 1, 30)
    ]


def test_a_caller_who_leaves_or_gives_up_is_out() -> None:
    out = [CallerOut("main", "main-1.1")]
    assert told("QueueCallerLeave", **CALLER, Count="0") == out
    assert told("QueueCallerAbandon", **CALLER, Position="1", HoldTime="3") == out


def test_what_cannot_be_read_or_is_about_something_else_tells_nothing() -> None:
    assert told("QueueCallerJoin", Queue="main") == []
    assert told("FullyBooted", Uptime="3") == []

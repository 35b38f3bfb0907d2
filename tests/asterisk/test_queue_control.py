"""Manager events as events of the floor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline_ivr.asterisk.ami_codec import AmiMessage
from hotline_ivr.asterisk.queue_control import floor_events, interfaces_of, read_event
from hotline_ivr.asterisk.queue_turns import turn_events
from hotline_ivr.asterisk.secrets import PhoneSecret, Secrets
from hotline_ivr.routing.floor import (
    CallerJoined,
    CallerLeft,
    Connected,
    DeviceSeen,
    DeviceState,
    MemberGone,
    MemberSeen,
    RangOut,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

MEMBER = {
    "Queue": "main",
    "MemberName": "anna",
    "Interface": "PJSIP/anna.k3v9",
    "Status": "1",
    "InCall": "0",
    "Paused": "0",
    "PausedReason": "",
    "Penalty": "0",
    "CallsTaken": "3",
    "LastCall": "0",
    "LastPause": "0",
}


def event(name: str, **headers: str) -> AmiMessage:
    return AmiMessage(name, headers)


def member(name: str = "QueueMemberStatus", **changes: str) -> AmiMessage:
    return event(name, **{**MEMBER, **changes})


def test_a_phone_that_rings_is_seen_ringing() -> None:
    (seen,) = floor_events(member(Status="6"), NOW)
    assert seen == MemberSeen("main", "anna", "PJSIP/anna.k3v9", DeviceState.RINGING, paused=False)


def test_a_pause_comes_with_its_reason() -> None:
    (seen,) = floor_events(member("QueueMemberPause", Paused="1", PausedReason="lunch"), NOW)
    assert isinstance(seen, MemberSeen)
    assert (seen.paused, seen.reason) == (True, "lunch")


def test_an_operator_in_a_call_of_the_queue_is_busy_though_the_phone_seems_free() -> None:
    (seen,) = floor_events(member(InCall="1"), NOW)
    assert isinstance(seen, MemberSeen)
    assert seen.device is DeviceState.IN_USE


def test_an_operator_who_was_removed_is_gone() -> None:
    assert list(floor_events(member("QueueMemberRemoved"), NOW)) == [MemberGone("main", "anna")]


def test_an_operator_who_takes_a_call_up_is_connected() -> None:
    taken = event("AgentConnect", Queue="main", MemberName="anna", Interface="PJSIP/anna.k3v9")
    assert list(floor_events(taken, NOW)) == [Connected("main", "anna")]


def test_what_each_of_several_telephones_does_is_told_by_a_queue_that_nobody_waits_in() -> None:
    changes = {"Queue": "hotline.devices", "MemberName": "anna.soft", "Interface": "PJSIP/anna.soft.p7q2"}
    for name in ("QueueMember", "QueueMemberStatus", "QueueMemberPause"):
        named = {"Name": "anna.soft", "Location": "PJSIP/anna.soft.p7q2"} if name == "QueueMember" else {}
        message = member(name, Status="5", **changes, **named)
        assert list(floor_events(message, NOW)) == [DeviceSeen("anna.soft", DeviceState.UNAVAILABLE)]
        # Nobody is woken for it.
        assert list(turn_events(read_event(message))) == []
    assert list(floor_events(member("QueueMemberRemoved", **changes), NOW)) == []


def test_a_phone_that_is_not_taken_up_comes_with_how_long_it_rang() -> None:
    message = event(
        "AgentRingNoAnswer", Queue="main", MemberName="anna", Interface="PJSIP/anna.k3v9", RingTime="4000"
    )
    assert list(floor_events(message, NOW)) == [RangOut("main", "anna", 4000)]


def test_callers_join_and_leave() -> None:
    caller = {"Queue": "main", "Uniqueid": "main-1.1", "Linkedid": "main-1.1", "Channel": "PJSIP/trunk-x-1"}
    joined = event("QueueCallerJoin", **caller, Position="1", Count="1")
    left = event("QueueCallerLeave", **caller, Count="0")
    assert list(floor_events(joined, NOW)) == [CallerJoined("main", "main-1.1", NOW)]
    listed = event("QueueEntry", **caller, Position="1", Wait="42")
    began = NOW - timedelta(seconds=42)
    assert list(floor_events(listed, NOW)) == [CallerJoined("main", "main-1.1", began)]
    assert list(floor_events(left, NOW)) == [CallerLeft("main", "main-1.1")]
    asking = event(
        "QueueCallerJoin", **caller | {"Channel": "PJSIP/anna.k3v9-00000001"}, Position="1", Count="1"
    )
    assert list(floor_events(asking, NOW)) == [CallerJoined("main", "main-1.1", NOW, asking=True)]


@pytest.mark.parametrize(
    "message", [event("AgentCalled", Queue="main"), member(Status="ringing"), event("Newchannel"), event("")]
)
def test_what_says_nothing_about_the_floor_or_cannot_be_read_changes_nothing(message: AmiMessage) -> None:
    assert list(floor_events(message, NOW)) == []


def test_a_queue_calls_a_phone_by_its_account() -> None:
    assert interfaces_of(Secrets("x", {"anna": PhoneSecret("anna.k3v9", "y")})) == {"anna": "PJSIP/anna.k3v9"}


def test_each_of_several_telephones_has_a_name_of_its_own() -> None:
    phones = {
        "anna.desk": PhoneSecret("anna.desk.k3v9", "y"),
        "anna.soft": PhoneSecret("anna.soft.p7q2", "z"),
    }
    assert interfaces_of(Secrets("x", phones)) == {
        "anna.desk": "PJSIP/anna.desk.k3v9",
        "anna.soft": "PJSIP/anna.soft.p7q2",
    }

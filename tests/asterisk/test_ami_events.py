"""Queue events as an Asterisk 22.10 sent them, in our words."""

from __future__ import annotations

import pytest

from hotline_ivr.asterisk.ami_codec import AmiMessage, parse_message
from hotline_ivr.asterisk.ami_events import (
    EVENT_NAMES,
    AsteriskStarted,
    AsteriskStopping,
    CallerAbandoned,
    CallerJoined,
    CallerLeft,
    CallerListed,
    Device,
    Event,
    OperatorAdded,
    OperatorCalled,
    OperatorConnected,
    OperatorListed,
    OperatorPauseChanged,
    OperatorRangOut,
    OperatorRemoved,
    OperatorState,
    OperatorStatusChanged,
    QueueListed,
    parse_event,
)
from hotline_ivr.asterisk.render.links import EVENTS as LET_THROUGH
from hotline_ivr.errors import RemoteProtocolError


def channel(prefix: str, name: str, unique_id: str) -> str:
    values = {
        "Channel": name,
        "ChannelState": "6",
        "ChannelStateDesc": "Up",
        "CallerIDNum": "+4791234567",
        "CallerIDName": "<unknown>",
        "ConnectedLineNum": "<unknown>",
        "ConnectedLineName": "<unknown>",
        "Language": "nb",
        "AccountCode": "",
        "Context": "hotline-run",
        "Exten": "s",
        "Priority": "9",
        "Uniqueid": unique_id,
        "Linkedid": "main-1795452268.4",
    }
    return "\n".join(f"{prefix}{header}: {value}" for header, value in values.items())


CALLER = channel("", "PJSIP/trunk-main-00000004", "main-1795452268.4")
MEMBER = """\
Queue: help
MemberName: anna
Interface: PJSIP/anna.k3v9
StateInterface: PJSIP/anna.k3v9
Membership: dynamic
Penalty: 2
CallsTaken: 7
LastCall: 1795452276
LastPause: 1795452268
LoginTime: 1795452242
InCall: 1
Status: 6
Paused: 1
PausedReason: lunch
Ringinuse: 0
Wrapuptime: 0"""
STATE = OperatorState(
    queue="help",
    operator="anna",
    interface="PJSIP/anna.k3v9",
    device=Device.RINGING,
    in_call=True,
    paused=True,
    pause_reason="lunch",
    penalty=2,
    calls_taken=7,
    last_call=1795452276,
    last_pause=1795452268,
)
IDS = ("help", "main-1795452268.4", "main-1795452268.4")


def event(name: str, body: str) -> AmiMessage:
    text = f"Event: {name}\nPrivilege: agent,all\nTimestamp: 1795452269.1\nSystemName: main\n{body}"
    return parse_message(text.replace("\n", "\r\n").encode())


PHONE = "Queue: help\nMemberName: anna\nInterface: PJSIP/anna.k3v9"
ANNA = ("help", "anna", "PJSIP/anna.k3v9")

EVENTS: list[tuple[str, str, Event]] = [
    ("QueueMemberAdded", MEMBER, OperatorAdded(STATE)),
    ("QueueMemberRemoved", MEMBER, OperatorRemoved(STATE)),
    ("QueueMemberStatus", MEMBER, OperatorStatusChanged(STATE)),
    ("QueueMemberPause", MEMBER, OperatorPauseChanged(STATE)),
    (
        "QueueCallerJoin",
        f"{CALLER}\nQueue: help\nPosition: 3\nCount: 4",
        CallerJoined(*IDS, channel="PJSIP/trunk-main-00000004", position=3, waiting=4),
    ),
    ("QueueCallerLeave", f"{CALLER}\nQueue: help\nPosition: 1\nCount: 0", CallerLeft(*IDS, waiting=0)),
    (
        "QueueCallerAbandon",
        f"{CALLER}\nQueue: help\nPosition: 2\nOriginalPosition: 3\nHoldTime: 41",
        CallerAbandoned(*IDS, position=2, waited=41),
    ),
    (
        "AgentCalled",
        f"{CALLER}\n{PHONE}\nDestChannel: PJSIP/anna.k3v9-00000002",
        OperatorCalled("help", "PJSIP/anna.k3v9", IDS[1]),
    ),
    ("AgentConnect", f"{CALLER}\n{PHONE}\nRingTime: 2\nHoldTime: 3", OperatorConnected(*ANNA)),
    ("AgentRingNoAnswer", f"{CALLER}\n{PHONE}\nRingTime: 3000", OperatorRangOut(*ANNA, 3000)),
    ("FullyBooted", "Uptime: 26\nLastReload: 26\nStatus: Fully Booted", AsteriskStarted(26)),
    ("Shutdown", "Shutdown: Cleanly\nRestart: True", AsteriskStopping(restarting=True)),
    ("Shutdown", "Shutdown: Cleanly\nRestart: False", AsteriskStopping(restarting=False)),
]


@pytest.mark.parametrize(("name", "body", "expected"), EVENTS)
def test_an_event_is_read(name: str, body: str, expected: Event) -> None:
    assert parse_event(event(name, body)) == expected
    assert name in EVENT_NAMES


def test_the_manager_account_hears_every_event_of_queues_and_operators_that_we_can_read() -> None:
    """One that is read but filtered away in manager.conf would never be missed by a test of its reader."""
    assert set(EVENT_NAMES) - {"FullyBooted", "Shutdown"} <= set(LET_THROUGH)


def test_a_listed_operator_is_the_same_operator_as_in_an_event() -> None:
    listed = MEMBER.replace("MemberName: ", "Name: ").replace("\nInterface: ", "\nLocation: ")
    assert parse_event(event("QueueMember", listed)) == OperatorListed(STATE)


def test_a_listed_queue_and_a_listed_caller_are_read() -> None:
    assert parse_event(event("QueueParams", "Queue: help\nMax: 0\nCalls: 2")) == QueueListed("help", 2)
    entry = (
        "Queue: help\nPosition: 1\nChannel: PJSIP/trunk-main-00000004\nUniqueid: main-1795452268.4\nWait: 17"
    )
    assert parse_event(event("QueueEntry", entry)) == CallerListed(
        "help", "main-1795452268.4", "PJSIP/trunk-main-00000004", position=1, waited=17
    )


@pytest.mark.parametrize("name", ["Newchannel", "AgentComplete"])
def test_an_event_that_we_have_no_word_for_is_nothing(name: str) -> None:
    assert parse_event(event(name, CALLER)) is None
    assert name not in EVENT_NAMES


def test_an_end_of_a_conversation_without_its_caller_is_no_fault() -> None:
    assert parse_event(event("AgentComplete", "Queue: help\nReason: caller")) is None


def test_lists_need_no_filter() -> None:
    assert not {"QueueParams", "QueueMember", "QueueEntry"} & set(EVENT_NAMES)


def test_a_phone_in_a_state_that_asterisk_may_yet_invent_is_unknown() -> None:
    changed = parse_event(event("QueueMemberStatus", MEMBER.replace("Status: 6", "Status: 42")))
    assert isinstance(changed, OperatorStatusChanged)
    assert changed.state.device is Device.UNKNOWN


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("QueueCallerJoin", f"{CALLER}\nQueue: help\nPosition: one\nCount: 4"),
        ("QueueCallerJoin", f"{CALLER}\nQueue: help\nPosition: -1\nCount: 4"),
        ("QueueCallerJoin", f"{CALLER}\nQueue: help\nPosition: ²\nCount: 4"),
        ("QueueCallerJoin", f"{CALLER}\nQueue: help\nPosition: {'9' * 5000}\nCount: 4"),
        ("QueueCallerJoin", f"{CALLER}\nQueue: help\nCount: 4"),
        ("QueueCallerJoin", f"{CALLER}\nPosition: 1\nCount: 4"),
        ("QueueCallerLeave", "Queue: help\nCount: 4"),
        ("QueueMemberStatus", MEMBER.replace("Paused: 1", "Paused: yes")),
        ("QueueMemberStatus", MEMBER.replace("InCall: 1", "InCall: 2")),
        ("QueueMemberStatus", MEMBER.replace("MemberName: anna", "MemberName: ")),
    ],
)
def test_an_event_with_a_header_missing_or_false_is_refused(name: str, body: str) -> None:
    with pytest.raises(RemoteProtocolError, match=name):
        parse_event(event(name, body))

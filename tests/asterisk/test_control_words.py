"""What the control number's dialplan and the service say to each other."""

from __future__ import annotations

import re

import pytest

from hotline_ivr.asterisk.agi_protocol import AgiRequest
from hotline_ivr.asterisk.control_words import encode_control, parse_control
from hotline_ivr.errors import LocalProtocolError, RemoteProtocolError
from hotline_ivr.routing.control_steps import (
    Began,
    ControlStep,
    Enter,
    Entered,
    Recorded,
    RecordPrompt,
    Replay,
)
from hotline_ivr.routing.steps import Answer, HangUp, Play, Stage
from hotline_ivr.setup.share import dialplans_source

KEY = "0123456789abcdef" * 2
STEPS: tuple[ControlStep, ...] = (
    Answer(),
    Play("en", "control-kept", Stage.MENU),
    Enter("en", ("control-pin", "say-1"), 13, 8),
    RecordPrompt(180),
    Replay(),
    HangUp(),
)


def request(*args: str, channel: str = "PJSIP/trunk-carrier-0000000a") -> AgiRequest:
    return AgiRequest("control", channel, "node-1756.12", args)


@pytest.mark.parametrize(
    ("word", "event"),
    [
        ("begun", Began()),
        ("entered:907142", Entered("907142")),
        ("entered:*", Entered("*")),
        ("entered:", Entered("")),
        ("recorded:DTMF", Recorded(kept=True)),
        ("recorded:TIMEOUT", Recorded(kept=True, too_long=True)),
        ("recorded:ERROR", Recorded(kept=False)),
        ("went-on", None),
    ],
)
def test_an_ask_is_understood(word: str, event: object) -> None:
    ask = parse_control(request(word, "+4722851299", "+4790000001", KEY))
    assert (ask.event, ask.caller, ask.account, ask.key) == (event, "+4790000001", "", KEY)


def test_only_an_own_phone_has_an_account() -> None:
    assert parse_control(request("begun", "*80", "", "")).account == ""
    ask = parse_control(request("begun", "*80", "", "", channel="PJSIP/7f3a-anna-0000000b"))
    assert ask.account == "7f3a-anna"


@pytest.mark.parametrize(
    "args",
    [
        ("entered:907142x", "", "", KEY),
        ("pin:907142", "", "", KEY),
        ("entered:907142", "", "", "no key"),
        ("entered:907142", "", "evil|", KEY),
        ("entered:907142", "", ""),
    ],
)
def test_what_is_no_ask_is_refused_without_repeating_it(args: tuple[str, ...]) -> None:
    with pytest.raises(RemoteProtocolError) as refused:
        parse_control(request(*args))
    assert "907142" not in str(refused.value)


def test_an_answer_is_one_line_of_steps() -> None:
    assert encode_control(KEY, STEPS) == (
        f"1|session~{KEY}|answer|play~en/control-kept~menu|enter~en/control-pin+say-1~8~13|take~180|replay"
        "|hangup|end"
    )
    with pytest.raises(LocalProtocolError):
        encode_control("a|b", STEPS)


def test_the_dialplan_has_an_extension_for_every_step() -> None:
    files = ("hotline-control.conf", "hotline-run.conf")
    written = "".join((dialplans_source() / name).read_text(encoding="utf-8") for name in files)
    known = set(re.findall(r"^exten => ([a-z]+),1,", written, re.MULTILINE))
    assert {step.split("~")[0] for step in encode_control(KEY, STEPS).split("|")[1:-1]} <= known


def test_what_is_entered_reaches_no_stage_event() -> None:
    text = (dialplans_source() / "hotline-control.conf").read_text(encoding="utf-8")
    told = [line for line in text.splitlines() if "CELGenUserEvent" in line]
    assert told
    assert not [line for line in told if "EVENT}" in line or "DIGITS" in line]

"""The words between the dialplan and the service."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.asterisk.stretch import encode_answer, parse_ask
from hotline_ivr.errors import LocalProtocolError, RemoteProtocolError
from hotline_ivr.routing.steps import (
    Answer,
    Arrived,
    Call,
    Decision,
    HangUp,
    LeftQueue,
    Mark,
    Outcome,
    Play,
    QueueStatus,
    Stage,
    Wait,
)

ARRIVED = ("arrived", "info", "+4722851234", "+4798765432", "", "0", "")


def test_an_ask_says_the_call_and_what_happened() -> None:
    assert parse_ask(ARRIVED) == (Call("info", "+4722851234", "+4798765432", "", 0), Arrived())


def test_a_caller_who_left_the_queue_is_asked_about_with_its_status() -> None:
    _, event = parse_ask(("left:JOINEMPTY", "info", "+4722851234", "", "abc", "1", "-.0"))
    assert event == LeftQueue(QueueStatus.JOIN_EMPTY)


@pytest.mark.parametrize("status", ["", "UNKNOWN", "SOMETHINGNEW"])
def test_a_queue_that_could_not_be_entered_has_no_status_that_we_know(status: str) -> None:
    assert parse_ask((f"left:{status}", "info", "", "", "", "1", ""))[1] == LeftQueue(QueueStatus.UNKNOWN)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ARRIVED[:6],
        (*ARRIVED, "more"),
        ("danced", *ARRIVED[1:]),
        (*ARRIVED[:5], "-1", ""),
        (*ARRIVED[:6], "a/b"),
    ],
)
def test_what_the_dialplan_never_sends_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_ask(arguments)


@given(st.lists(st.text(), max_size=8))
def test_no_arguments_whatever_raise_anything_else(arguments: list[str]) -> None:
    try:
        parse_ask(arguments)
    except RemoteProtocolError:
        return


def test_an_answer_is_one_line_between_its_version_and_its_end() -> None:
    steps = (Answer(), Play("nb", "greeting", Stage.GREETING), Wait("main", 300))
    answer = encode_answer(Decision(steps, "open:hours"), "0123456789ab")
    assert answer == "1|plan~0123456789ab~open:hours~-.0|answer|play~nb/greeting~greeting|wait~main~300|end"


def test_every_step_has_its_words() -> None:
    steps = (Mark(Outcome.NO_OPERATOR), Play("en", "sorry", Stage.MESSAGE), HangUp())
    assert (
        encode_answer(Decision(steps, "x"), "v")
        == "1|plan~v~x~-.0|mark~no-operator|play~en/sorry~message|hangup|end"
    )


@pytest.mark.parametrize("word", ["a|b", "a~b", "a,b", "${X}", "a b", 'a"b', "a\nb", "a;b", "a&b", "$[1]"])
def test_a_word_that_could_mean_something_to_the_dialplan_is_refused(word: str) -> None:
    with pytest.raises(LocalProtocolError):
        encode_answer(Decision((Wait(word, 1),), "x"), "v")

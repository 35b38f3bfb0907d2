"""The words between the dialplan and the service."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.asterisk.stretch import encode_answer, parse_ask, parse_state, state_word
from hotline_ivr.errors import LocalProtocolError, RemoteProtocolError
from hotline_ivr.routing.steps import (
    Answer,
    Arrived,
    AskDigits,
    AskKey,
    Call,
    CallAt,
    CentreLeft,
    CentreStatus,
    Collected,
    Confirm,
    Decision,
    DialStatus,
    Event,
    HandOver,
    HangUp,
    KeyPressed,
    LeftQueue,
    Mark,
    MessageTaken,
    NoNumber,
    OfferTaken,
    Outcome,
    Play,
    Promise,
    QueueStatus,
    Say,
    Stage,
    State,
    TakeMessage,
    Transfer,
    Transferred,
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


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Wait("main", 300, head_start_s=120), "wait~main~300~now~120"),
        (Wait("main", 300, in_all=True, head_start_s=120), "wait~main~300~all~120"),
        (Wait("main", 300, in_all=True), "wait~main~300~all"),
        (Wait("main", 300, admitted_s=(30, 120)), "wait~main~300~now~~30.120~5"),
        (Wait("main", 300, announcement="for-sales"), "wait~main~300~now~~~~for-sales"),
        (Wait("main", 9, in_all=True, music="main.nb"), "wait~main~9~all~~~~~main.nb"),
    ],
)
def test_what_the_queue_needs_to_know_goes_along_with_the_wait(step: Wait, words: str) -> None:
    assert encode_answer(Decision((step,), "x"), "v") == f"1|plan~v~x~-.0|{words}|end"


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


# States, keys and what else menus bring.


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (State(), "-.0"),
        (State("en", 2, ("main", "more-of-it")), "en.2.main.more-of-it"),
        (State("", 0, ("main", "_customer")), "-.0.main._customer"),
        (State("", 0, ("main",), 300), "-.0+300.main"),
        (State("en", 9, (), 3600), "en.9+3600"),
    ],
)
def test_a_state_is_one_word_that_may_stand_in_a_files_name(state: State, word: str) -> None:
    assert state_word(state) == word
    assert parse_state(word) == state


@pytest.mark.parametrize(
    "word",
    [
        "x",
        "-.10",
        "-.0.",
        "-.0.a/b",
        "-.0.A",
        "nb.0." + "a" * 40,
        "-.0\n",
        "-.0.a" * 9,
        "-.0+0",
        "-.0+",
        "-.0+123456",
    ],
)
def test_a_word_that_is_no_state_is_refused(word: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_state(word)


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("key:5", KeyPressed("5")),
        ("key:#", KeyPressed("#")),
        ("key:D", KeyPressed("D")),
        ("key:timeout", KeyPressed(None)),
        ("collected:", Collected("")),
        ("collected:4711", Collected("4711")),
        ("dialled:BUSY", Transferred(DialStatus.BUSY)),
        ("dialled:CHANUNAVAIL", Transferred(DialStatus.OTHER)),
        ("recorded:DTMF", MessageTaken(kept=True)),
        ("recorded:ERROR", MessageTaken(kept=False)),
        ("no-number", NoNumber()),
        ("offer", OfferTaken()),
    ],
)
def test_what_happened_in_a_menu_is_told(text: str, event: Event) -> None:
    assert parse_ask((text, *ARRIVED[1:]))[1] == event


@pytest.mark.parametrize(
    "text", ["key:", "key:12", "key:E", "collected:12a", "collected:" + "1" * 21, "no-number:1", "offer:1"]
)
def test_what_no_telephone_sends_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_ask((text, *ARRIVED[1:]))


def test_a_centre_and_a_wait_in_all_have_their_words() -> None:
    targets = (("+4722850000", 20), ("+4790000001", 30))
    confirm = Confirm("nb", "press-one", 5, 2)
    steps = (
        HandOver("night", "carrier", "192.0.2.1:5060", targets, confirm, 3, "+4722851234"),
        HandOver("night", "carrier", "192.0.2.1:5060", targets[:1], None, 0, "", in_turn=True),
        Wait("main", 300, in_all=True),
    )
    assert encode_answer(Decision(steps, "x", State("", 1, ("_out", "night", "main"))), "v") == (
        "1|plan~v~x~-.1._out.night.main"
        "|centre~night~carrier~192.0.2.1:5060~+4722850000.20:+4790000001.30~nb/press-one.5.2~3~+4722851234~0"
        "|centre~night~carrier~192.0.2.1:5060~+4722850000.20~-~0~caller~1|wait~main~300~all|end"
    )


@pytest.mark.parametrize(
    ("word", "status"), [("TAKEN", "TAKEN"), ("FULL", "FULL"), ("NOBODY", "NOBODY"), ("", "NOBODY")]
)
def test_what_came_of_a_centre_is_told(word: str, status: str) -> None:
    call, event = parse_ask((f"centre:{word}", *ARRIVED[1:]), "node-1.2")
    assert (call.id, event) == ("node-1.2", CentreLeft(CentreStatus(status)))


def test_every_step_of_a_menu_has_its_words() -> None:
    steps = (
        Say("nb", ("a", "b"), Stage.MENU),
        AskKey("main", "nb", ("a", "b"), 5, barge_in=False),
        AskDigits("customer", "en", ("c",), 6, "*", 4),
        Transfer("carrier", "192.0.2.1:5060", "+4722850000", 40),
        TakeMessage("box", 120),
        CallAt("+4790012345"),
        Promise("main", elsewhere=True),
        Promise("main"),
    )
    assert encode_answer(Decision(steps, "x", State("en", 1, ("main",))), "v") == (
        "1|plan~v~x~en.1.main|say~nb/a+b~menu|key~main~nb/a+b~5~0~menu|digits~customer~en/c~4~6~star"
        "|dial~carrier~192.0.2.1:5060~+4722850000~40|record~box~120|number~+4790012345|promise~main~elsewhere|promise~main|end"
    )

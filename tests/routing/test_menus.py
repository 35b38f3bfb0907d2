"""A caller among menus: what every key, and every silence, leads to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_ivr.routing.decide import GO_ON, MAX_ASKS, arrived, decide, visit_of
from hotline_ivr.routing.foreseen import foresee
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.simulation import Scene, Simulation
from hotline_ivr.routing.situation import Rule, RuleKind, Situation
from hotline_ivr.routing.speech import week_hours
from hotline_ivr.routing.steps import (
    Answer,
    Arrived,
    AskDigits,
    AskKey,
    Call,
    Collected,
    Decision,
    DialStatus,
    Event,
    HangUp,
    KeyPressed,
    LookedUp,
    LookUp,
    Mark,
    MessageTaken,
    NoNumber,
    Outcome,
    Play,
    Promise,
    Stage,
    State,
    TakeMessage,
    Transfer,
    Transferred,
    Wait,
)
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
SECTIONS: dict[str, Any] = {
    "queues": {"main": {"operators": ["anna"]}, "sales": {"operators": ["bjorn"]}},
    "trunks": {"carrier": {"hosts": ["127.0.0.1"], "outbound": "127.0.0.1:5070"}},
    "menus": {
        "main": {
            "prompt": "menu",
            "short_prompt": "menu-short",
            "no_input": "no-key",
            "wrong_input": "wrong-key",
            "tries": 3,
            "timeout": "4s",
            "keys": {
                "1": {"queue": "sales"},
                "2": {"menu": "more"},
                "3": {"message": "news"},
                "4": {"language": "en"},
                "5": {"language": "en", "menu": "more"},
                "6": {"collect": "customer"},
                "7": {"transfer": "+47 22 85 00 00"},
                "8": {"voicemail": "box"},
                "9": {"callback": "sales"},
                "0": "operator",
                "*": "repeat",
            },
        },
        "more": {
            "prompt": "more",
            "barge_in": "no",
            "default": {"message": "news"},
            "tries": 1,
            "keys": {"1": "back", "2": {"menu": "main"}, "#": "repeat", "3": "hours"},
        },
    },
    "collects": {
        "customer": {
            "prompt": "customer",
            "min_digits": 4,
            "max_digits": 6,
            "wrong_input": "wrong-number",
            "tries": 2,
            "default": {"queue": "sales"},
            "failed": {"message": "sorry"},
            "lookup": {
                "url": "http://127.0.0.1:9/lookup",
                "answers": {"gold": {"queue": "sales"}, "blocked": {"message": "closed"}},
            },
        }
    },
    "voicemails": {"box": {"prompt": "after-the-tone", "max_length": "1m", "thanks": "thanks"}},
}
BOOK = Rulebook(a_plan(sections=SECTIONS, menu="main", languages=["en"]))
MAIN, MORE = ("main",), ("main", "more")


def a_call(*path: str, tries: int = 0, language: str = "", asked: int = 1) -> Call:
    state = State(language, tries, path)
    return Call("info", "+4722851234", "+4798765432", "0123456789ab", asked, state)


def decided(event: Event, call: Call | None = None) -> Decision:
    decision = decide(BOOK, call or a_call("main"), event, NOON)
    assert isinstance(decision, Decision)
    return decision


def a_menu(prompts: tuple[str, ...] = ("menu",), language: str = "nb") -> AskKey:
    return AskKey("main", language, prompts, 4, barge_in=True)


def test_the_menu_follows_the_greeting() -> None:
    decision = decided(Arrived(), a_call(asked=0))
    assert decision.steps == (Answer(), Play("nb", "greeting", Stage.GREETING), a_menu())
    assert decision.state == State(path=MAIN)


def test_a_key_leads_to_its_queue_and_out_of_the_menus() -> None:
    decision = decided(KeyPressed("1"))
    assert (decision.steps, decision.reason) == ((Wait("sales", 300),), "menu:main:1")
    assert decision.state == State()


def test_a_nested_menu_is_entered_and_left_by_back() -> None:
    inner = decided(KeyPressed("2"))
    assert inner.state == State(path=MORE)
    assert inner.steps == (AskKey("more", "nb", ("more",), 5, barge_in=False),)
    back = decided(KeyPressed("1"), a_call(*MORE))
    assert (back.steps, back.state) == ((a_menu(),), State(path=MAIN))


def test_a_menu_that_leads_to_one_before_it_does_not_make_the_way_longer() -> None:
    assert decided(KeyPressed("2"), a_call(*MORE)).state == State(path=MAIN)


def test_the_operator_is_one_key_away() -> None:
    assert decided(KeyPressed("0")).steps == (Wait("main", 300),)


def test_repeat_tells_all_of_it_again_and_is_no_failed_try() -> None:
    decision = decided(KeyPressed("*"), a_call("main", tries=1))
    assert (decision.steps, decision.state.tries) == ((a_menu(),), 1)


@pytest.mark.parametrize(("key", "said"), [(None, "no-key"), ("#", "wrong-key")])
def test_who_presses_nothing_or_a_wrong_key_hears_the_short_prompt(key: str | None, said: str) -> None:
    decision = decided(KeyPressed(key))
    assert decision.steps == (a_menu((said, "menu-short")),)
    assert decision.state == State(tries=1, path=MAIN)


@pytest.mark.parametrize("key", [None, "#"])
def test_after_all_tries_the_default_holds_and_without_one_it_is_the_lines_queue(key: str | None) -> None:
    assert decided(KeyPressed(key), a_call("main", tries=2)).steps == (Wait("main", 300),)
    told = (Mark(Outcome.INFORMED), Play("nb", "news", Stage.MESSAGE), HangUp())
    assert decided(KeyPressed(None), a_call(*MORE)).steps == told


def test_the_hours_of_the_coming_week_are_spoken_and_the_menu_told_again() -> None:
    book = Rulebook(a_plan({"mon-fri": "08:00-16:00", "sat": "10:00-12:00"}, sections=SECTIONS))
    decision = decide(book, a_call(*MORE), KeyPressed("3"), NOON)
    assert isinstance(decision, Decision)
    assert isinstance(decision.steps[0], AskKey)
    week = [(date(2026, 3, 2 + day), ((480, 960),) if day < 5 else ()) for day in range(7)]
    week[5] = (date(2026, 3, 7), ((600, 720),))
    assert decision.steps[0].prompts == (*week_hours("nb", week), "more")
    assert decision.state == State(path=MORE)


def test_a_message_ends_the_call_and_the_caller_is_informed() -> None:
    assert decided(KeyPressed("3")).steps[0] == Mark(Outcome.INFORMED)


def test_a_language_alone_tells_the_menu_in_it_and_all_that_follows() -> None:
    decision = decided(KeyPressed("4"))
    assert decision.steps == (a_menu(language="en"),)
    assert decision.state == State("en", 0, MAIN)
    later = decided(KeyPressed("3"), a_call("main", language="en"))
    assert Play("en", "news", Stage.MESSAGE) in later.steps


def test_a_language_may_come_with_a_place() -> None:
    decision = decided(KeyPressed("5"))
    assert isinstance(decision.steps[0], AskKey)
    assert (decision.steps[0].node, decision.steps[0].language) == ("more", "en")


def test_digits_are_asked_for_and_wrong_ones_again_until_there_is_no_try_left() -> None:
    ask = decided(KeyPressed("6"))
    assert ask.steps == (AskDigits("customer", "nb", ("customer",), 6, "#", 5),)
    again = decided(Collected("12"), replace(a_call(), state=ask.state))
    assert again.steps == (AskDigits("customer", "nb", ("wrong-number", "customer"), 6, "#", 5),)
    failed = decided(Collected(""), replace(a_call(), state=again.state))
    assert failed.steps[1] == Play("nb", "sorry", Stage.MESSAGE)


def test_right_digits_are_looked_up_and_the_answer_leads_on() -> None:
    call = a_call("main", "_customer")
    question = decide(BOOK, call, Collected("4711"), NOON)
    assert question == LookUp("customer", "http://127.0.0.1:9/lookup", 1, "4711")
    blocked = decided(LookedUp("blocked"), call)
    assert (blocked.steps[1], blocked.reason) == (
        Play("nb", "closed", Stage.MESSAGE),
        "lookup:customer:blocked",
    )


@pytest.mark.parametrize("answer", [None, "silver"])
def test_no_answer_in_time_and_an_unknown_one_take_the_default(answer: str | None) -> None:
    assert decided(LookedUp(answer), a_call("main", "_customer")).steps == (Wait("sales", 300),)


def test_a_transfer_rings_the_configured_number_by_a_carrier_that_takes_calls() -> None:
    decision = decided(KeyPressed("7"))
    assert decision.steps == (Transfer("carrier", "127.0.0.1:5070", "+4722850000", 40),)
    lost = decided(Transferred(DialStatus.BUSY), a_call())
    assert lost.steps == (Mark(Outcome.OVERFLOW_LOST), Play("nb", "sorry", Stage.MESSAGE), HangUp())
    assert decided(Transferred(DialStatus.ANSWERED), a_call()).steps == (HangUp(),)


def test_a_message_is_recorded_and_thanked_for() -> None:
    decision = decided(KeyPressed("8"))
    assert decision.steps == (Play("nb", "after-the-tone", Stage.VOICEMAIL), TakeMessage("box", 60))
    kept = decided(MessageTaken(kept=True), replace(a_call(), state=decision.state))
    assert kept.steps == (Mark(Outcome.VOICEMAIL), Play("nb", "thanks", Stage.MESSAGE), HangUp())
    lost = decided(MessageTaken(kept=False), replace(a_call(), state=decision.state))
    assert lost.steps[0] == Mark(Outcome.TECHNICAL)


def test_a_promise_is_made_before_the_outcome_is_settled_and_needs_a_number() -> None:
    decision = decided(KeyPressed("9"))
    assert decision.steps[:2] == (Promise("sales"), Mark(Outcome.CALLBACK))
    assert decided(NoNumber(), a_call()).steps == (Wait("main", 300),)


def test_who_goes_in_circles_is_sent_to_an_operator() -> None:
    decision = decided(KeyPressed("*"), a_call("main", asked=MAX_ASKS))
    assert (decision.steps, decision.reason) == ((Wait("main", 300),), "circles")


@pytest.mark.parametrize("event", [KeyPressed("1"), Collected("4711"), LookedUp("gold")])
def test_a_menu_that_is_gone_from_the_plan_leads_to_the_lines_queue(event: Event) -> None:
    gone = a_call("main", "_gone") if not isinstance(event, KeyPressed) else a_call("gone")
    assert decided(event, gone).steps == (Wait("main", 300),)


# What holds for a line besides its week.


def met(situation: Situation, **line: Any) -> Decision:
    book = Rulebook(a_plan(sections=SECTIONS, **line))
    visit = visit_of(book, a_call(asked=0), NOON)
    assert visit is not None
    return arrived(visit, situation)


CLOSED_BY = Rule(RuleKind.HOLIDAY, "office.holidays.easter", message="easter")


def test_a_rule_that_closes_has_its_own_message_and_place() -> None:
    rule = replace(CLOSED_BY, to=None)
    decision = met(Situation(open=False, rule=rule))
    assert decision.steps == (
        Mark(Outcome.CLOSED),
        Answer(),
        Play("nb", "easter", Stage.MESSAGE),
        HangUp(),
    )
    assert decision.reason == "closed:holiday:office.holidays.easter"


def test_a_closed_line_may_send_callers_on_and_the_rules_place_comes_first() -> None:
    to_box = met(Situation(open=False, rule=CLOSED_BY), closed_to={"voicemail": "box"})
    assert to_box.steps[-1] == TakeMessage("box", 60)
    more = met(Situation(open=False, rule=CLOSED_BY), closed_to={"message": "news"})
    assert more.steps[-2:] == (Play("nb", "news", Stage.MESSAGE), HangUp())
    assert Mark(Outcome.INFORMED) not in more.steps


def test_a_rule_that_opens_may_have_its_own_greeting() -> None:
    decision = met(Situation(open=True, rule=replace(CLOSED_BY, message="welcome-back")))
    assert decision.steps[1] == Play("nb", "welcome-back", Stage.GREETING)


SURGE = Situation(True, Rule(RuleKind.OVERRIDE, "o1"), information="incident")


def test_an_information_comes_before_the_greeting() -> None:
    decision = met(SURGE)
    assert decision.steps == (
        Answer(),
        Play("nb", "incident", Stage.INFORMATION),
        Play("nb", "greeting", Stage.GREETING),
        Wait("main", 300),
    )
    assert decision.reason == "surge:o1"


def test_an_information_may_ask_for_a_key_and_end_the_call_without_one() -> None:
    asked = met(replace(SURGE, must_press_to_go_on=True))
    assert isinstance(asked.steps[1], AskKey)
    assert (asked.steps[1].stage, asked.state) == (Stage.INFORMATION, State(path=(GO_ON,)))
    call = a_call(GO_ON)
    assert decided(KeyPressed(None), call).steps == (Mark(Outcome.INFORMED), HangUp())
    assert decided(KeyPressed("5"), call).steps == (Play("nb", "greeting", Stage.GREETING), a_menu())


# Whatever a caller does.

WORDS = st.sampled_from([*"0123456789*#", "timeout", "4711", "answered", "full", "failed", "gold", "busy"])


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=120), st.booleans())
def test_any_sequence_of_keys_ends_in_bounded_asks_with_one_outcome(words: list[str], known: bool) -> None:
    keys = iter(words)
    scenes: list[Scene] = []
    call = a_call(asked=0) if known else replace(a_call(asked=0), caller="")
    simulation = Simulation(
        BOOK, call, NOON, tell=lambda _: next(keys, None), show=scenes.append, patient=True
    )
    assert isinstance(simulation.play(), Outcome)
    assert simulation.asks <= MAX_ASKS + 5
    assert scenes


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([*"0123456789*#", None]), max_size=40))
def test_every_state_that_keys_lead_to_is_foreseen_and_answered_alike(keys: list[str | None]) -> None:
    foreseen = foresee(BOOK, "info", NOON, 1, NOON)
    state = foreseen.arrivals[0].state
    for key in keys:
        if KeyPressed(key) not in foreseen.answers.get(state, {}):
            break
        live = decide(BOOK, replace(a_call(), state=state), KeyPressed(key), NOON)
        assert foreseen.answers[state][KeyPressed(key)] == live
        assert isinstance(live, Decision)
        state = live.state

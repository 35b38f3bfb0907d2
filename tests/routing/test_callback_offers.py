"""Who is offered to be rung back, and what is asked after the key; the old place is always there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hotline_ivr.asterisk.stretch import encode_answer, parse_state, state_word
from hotline_ivr.routing.decide import LAST_OFFER, decide
from hotline_ivr.routing.expected_wait import Expected
from hotline_ivr.routing.foreseen import NO_MENUS_KEY, foresee
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.simulation import Scene, Simulation
from hotline_ivr.routing.steps import (
    Arrived,
    AskDigits,
    AskKey,
    Call,
    CallAt,
    Collected,
    Decision,
    Event,
    KeyPressed,
    LeftQueue,
    Mark,
    NoNumber,
    OfferTaken,
    Outcome,
    Play,
    Promise,
    QueueStatus,
    State,
    Wait,
)
from hotline_ivr.routing.surroundings import AHEAD, NOTHING_SEEN, Surroundings
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
CALLER, OTHER = "+4790012345", "+4790054321"
CONFIRM = ("callback-number", *(f"say-{digit}" for digit in "90012345"), "callback-right")


def book(*, line: dict[str, Any] | None = None, **offer: Any) -> Rulebook:
    offering = {"operators": ["anna"], "callbacks": {"offer": {"after": "30s", **offer}}}
    queues = {"main": offering, "sales": dict(offering, max_waiting=3), "plain": {"operators": ["bjorn"]}}
    trunks = {"carrier": {"hosts": ["127.0.0.1"], "outbound": "192.0.2.9"}}
    made = Rulebook(a_plan(queues=queues, sections={"trunks": trunks}, max_wait="10m", **(line or {})))
    made.prepare(NOON)
    return made


class Walk:
    """One caller, from step to step."""

    def __init__(
        self, rules: Rulebook | None = None, caller: str = CALLER, seen: Surroundings = NOTHING_SEEN
    ) -> None:
        self.rules, self.caller, self.seen, self.asked = rules or book(), caller, seen, 0
        self.state, self.now = State(), NOON
        self.last = self.tell(Arrived())

    def tell(self, event: Event) -> Decision:
        call = Call("info", "+4722851234", self.caller, self.rules.plan.version, self.asked, self.state)
        decision = decide(self.rules, call, event, self.now, self.seen)
        assert isinstance(decision, Decision)
        encode_answer(decision, self.rules.plan.version)
        assert parse_state(state_word(decision.state)) == decision.state
        self.state, self.last = decision.state, decision
        return decision

    @property
    def wait(self) -> Wait:
        step = self.last.steps[-1]
        assert isinstance(step, Wait)
        return step

    @property
    def prompts(self) -> tuple[str, ...]:
        step = self.last.steps[-1]
        assert isinstance(step, AskKey | AskDigits)
        return step.prompts


def test_the_offer_is_in_the_music_and_the_dialplan_knows_from_when_on_its_key_counts() -> None:
    walk = Walk()
    assert (walk.wait.offer_after_s, walk.wait.music) == (30, "main.nb.offer")
    assert encode_answer(walk.last, "v").endswith("|wait~main~600~now~~~~~main.nb.offer~30|end")


def test_the_number_is_said_and_confirmed_and_the_call_is_promised() -> None:
    walk = Walk()
    walk.tell(OfferTaken())
    assert walk.prompts == CONFIRM
    promise, mark, told, _ = walk.tell(KeyPressed("1")).steps
    assert (promise, mark) == (Promise("main"), Mark(Outcome.CALLBACK))
    assert isinstance(told, Play)
    assert told.prompt == "callback-agreed"


def test_another_number_is_typed_kept_on_the_channel_and_confirmed() -> None:
    walk = Walk()
    walk.tell(OfferTaken())
    walk.tell(KeyPressed("2"))
    assert walk.prompts == ("callback-enter",)
    keep, _ = walk.tell(Collected("90054321")).steps
    assert keep == CallAt(OTHER)
    assert OTHER not in state_word(walk.state)
    assert walk.tell(KeyPressed("1")).steps[0] == Promise("main", elsewhere=True)


@pytest.mark.parametrize("digits", ["82012345", "004681234567", "22851234", "123", "", "01234567"])
def test_a_number_that_may_not_be_rung_is_asked_for_again_and_then_the_wait_goes_on(digits: str) -> None:
    walk = Walk(caller="")
    walk.tell(OfferTaken())
    assert walk.prompts == ("callback-enter",), "a withheld number has to be typed"
    for _ in range(2):
        walk.tell(Collected(digits))
        assert walk.prompts == (*(("callback-wrong-number",) if digits else ()), "callback-enter")
    walk.tell(Collected(digits))
    assert (walk.wait.queue, walk.wait.in_all) == ("main", True)


def test_who_rings_from_a_number_that_may_not_be_rung_types_another() -> None:
    walk = Walk(caller="+46812345678")
    walk.tell(OfferTaken())
    assert walk.prompts == ("callback-enter",)


@pytest.mark.parametrize("key", [None, "7", "*"])
def test_silence_and_wrong_keys_are_forgiven_twice(key: str | None) -> None:
    walk = Walk()
    walk.tell(OfferTaken())
    for _ in range(2):
        walk.tell(KeyPressed(key))
        assert walk.prompts == CONFIRM
    walk.tell(KeyPressed(key))
    assert (walk.wait.queue, walk.wait.in_all, walk.state) == ("main", True, State())


def test_who_thinks_better_of_it_has_the_old_place_and_what_lies_behind() -> None:
    rule = {"name": "long", "after": "1m", "to": {"queue": "sales"}}
    walk = Walk(book(line={"overflow": [rule]}))
    walk.tell(LeftQueue(QueueStatus.TIMEOUT))
    assert walk.wait.queue == "sales"
    waiting = walk.state
    walk.tell(OfferTaken())
    walk.tell(KeyPressed("2"))
    walk.tell(Collected("90054321"))
    walk.tell(KeyPressed("0"))
    assert (walk.wait.queue, walk.wait.in_all, walk.state) == ("sales", True, waiting)


def test_a_queue_that_is_not_the_lines_own_is_come_back_to() -> None:
    menus = {"main": {"prompt": "menu", "keys": {"1": {"queue": "sales"}}}}
    rules = book()
    plan = a_plan(
        queues={
            "main": {"operators": ["anna"]},
            "sales": {"operators": ["anna"], "callbacks": {"offer": {}}},
        },
        sections={"menus": menus, "trunks": {"carrier": {"hosts": ["127.0.0.1"], "outbound": "192.0.2.9"}}},
        menu="main",
    )
    rules = Rulebook(plan)
    rules.prepare(NOON)
    walk = Walk(rules)
    walk.tell(KeyPressed("1"))
    walk.tell(OfferTaken())
    walk.tell(KeyPressed("0"))
    assert walk.wait.queue == "sales"


def test_it_is_offered_only_to_those_who_are_known_to_wait_long() -> None:
    rules = book(expected_wait="3m")
    assert Walk(rules).wait.offer_after_s == 0, "nothing is known"
    for middle_s, after_s in ((179, 0), (180, 30)):
        found = Expected(middle_s, middle_s, middle_s)
        seen = Surroundings(expected=lambda *_, found=found: found)
        assert Walk(rules, seen=seen).wait.offer_after_s == after_s


def test_who_presses_again_and_again_is_offered_nothing_more_and_never_thrown_out() -> None:
    walk = Walk()
    walk.asked = LAST_OFFER
    walk.tell(OfferTaken())
    assert (walk.wait.offer_after_s, walk.wait.music) == (0, "")


def test_a_promise_without_a_number_goes_back_too() -> None:
    walk = Walk()
    walk.tell(OfferTaken())
    walk.tell(KeyPressed("1"))
    walk.tell(NoNumber())
    assert walk.wait.queue == "main"


def test_without_the_service_nothing_is_offered_and_every_key_leads_back_or_to_what_was_agreed() -> None:
    rules = book()
    walk = Walk(rules)
    foreseen = foresee(rules, "info", NOON, 1, NOON)
    assert Walk(rules, seen=AHEAD).wait.offer_after_s == 0
    back = foreseen.answers[walk.state][OfferTaken()].steps[-1]
    assert isinstance(back, Wait)
    assert (back.queue, back.in_all) == ("main", True)
    walk.tell(OfferTaken())
    for event in (KeyPressed("2"), Collected("90054321"), KeyPressed("0")):
        answers = foreseen.answers[walk.state]
        assert isinstance(answers[KeyPressed(NO_MENUS_KEY)].steps[-1], Wait)
        if not isinstance(event, Collected):
            assert next(iter(answers)) == KeyPressed("1")
            assert answers[KeyPressed("1")].steps[0] in {Promise("main"), Promise("main", elsewhere=True)}
        walk.tell(event)
        if isinstance(walk.last.steps[-1], Wait):
            break
        if walk.state.path[0] == "_number":
            assert list(foreseen.answers[walk.state]) == [KeyPressed(NO_MENUS_KEY)]
            walk.tell(Collected("90054321"))


def test_the_terminal_walks_it_too() -> None:
    words = iter(["callback", "2", "90054321", "1"])
    happened: list[Scene] = []
    call = Call("info", "+4722851234", CALLER, "0123456789ab")
    walk = Simulation(book(), call, NOON, tell=lambda _: next(words, None), show=happened.append)
    assert walk.play() is Outcome.CALLBACK
    assert Scene("number", OTHER) in happened


def test_who_waits_until_the_line_is_done_for_the_day_goes_on_doing_so() -> None:
    closing = {"mon": "08:00-12:01"}
    rules = book(line={"hours": closing, "closing": {"drain": "1m"}})
    walk = Walk(rules)
    waiting, left = walk.state, walk.wait.max_wait_s
    assert (waiting.path, left) == (("_drain", "main"), 120)
    walk.tell(OfferTaken())
    walk.tell(KeyPressed("0"))
    assert (walk.state, walk.wait.max_wait_s) == (waiting, left)
    walk.tell(OfferTaken())
    walk.now = NOON + timedelta(seconds=90)
    walk.tell(KeyPressed("0"))
    assert (walk.state, walk.wait.max_wait_s) == (waiting, 30), "also after it has closed"

"""The forecast of waits: right on average where it can be reckoned, and told only where it has been good."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from hotline_ivr.routing.expected_wait import (
    FEWEST_FORECASTS,
    FEWEST_SERVICES,
    Calibration,
    Expected,
    Services,
    Serving,
    forecast,
)
from hotline_ivr.routing.floor import (
    CallerJoined,
    CallerLeft,
    DeviceState,
    Floor,
    FloorEvent,
    MemberSeen,
    fold,
)
from hotline_ivr.routing.wait_watch import WaitWatch
from hotline_ivr.routing.wait_words import expected_wait_words

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
_DRAWS = random.Random(1)
EXPONENTIAL = Services(_DRAWS.expovariate(1 / 180) for _ in range(20_000))
ALIKE = Services([180.0] * 100)


def test_who_finds_an_operator_free_does_not_wait() -> None:
    assert forecast(0, [Serving(0)], EXPONENTIAL) == 0.0


@pytest.mark.parametrize(("needed", "operators"), [(1, 1), (1, 5), (5, 5), (20, 5), (30, 12)])
@pytest.mark.parametrize("elapsed", [0.0, 100.0, 400.0])
def test_where_conversations_have_no_memory_the_forecast_is_what_theory_says(
    needed: int, operators: int, elapsed: float
) -> None:
    """The mean of the sum of `needed` smallest-of-n exponential times."""
    found = forecast(needed, [Serving(elapsed)] * operators, EXPONENTIAL)
    assert found == pytest.approx(needed * 180 / operators, rel=0.1)


def test_who_has_talked_for_long_is_expected_to_end_soon_where_conversations_are_alike() -> None:
    soon = forecast(1, [Serving(170)], ALIKE)
    late = forecast(1, [Serving(10)], ALIKE)
    assert soon is not None
    assert late is not None
    assert soon == pytest.approx(10, abs=1)
    assert late == pytest.approx(170, abs=1)


def test_an_operator_who_also_serves_another_queue_counts_for_a_part() -> None:
    whole = forecast(4, [Serving(0), Serving(0)], EXPONENTIAL)
    half = forecast(4, [Serving(0), Serving(0, 0.5)], EXPONENTIAL)
    assert whole is not None
    assert half == pytest.approx(whole * 4 / 3, rel=0.05)


def test_nothing_is_forecast_where_nobody_serves_or_too_little_is_known() -> None:
    assert forecast(1, [], EXPONENTIAL) is None
    assert forecast(1, [Serving(0)], Services([180.0] * (FEWEST_SERVICES - 1))) is None
    assert forecast(1_000_000, [Serving(0)], EXPONENTIAL) is None


def test_a_conversation_longer_than_any_before_does_not_stop_the_forecast() -> None:
    found = forecast(2, [Serving(9_999)], ALIKE)
    assert found is not None
    assert 180 <= found <= 540


def test_a_range_holds_four_of_five_and_its_middle_is_right() -> None:
    known = Calibration()
    draws = random.Random(2)
    for _ in range(200):
        known.came(9, 600, 600 * draws.uniform(0.8, 1.6))
    found = known.expected(9, 300)
    assert found is not None
    assert found.low_s == pytest.approx(300 * 0.88, rel=0.05)
    assert found.middle_s == pytest.approx(300 * 1.2, rel=0.05)
    assert found.high_s == pytest.approx(300 * 1.52, rel=0.05)
    assert found.told


def test_a_forecast_of_another_kind_says_nothing_of_this_one() -> None:
    known = Calibration()
    for _ in range(FEWEST_FORECASTS):
        known.came(9, 600, 600)
    assert known.expected(9, 600) is not None
    assert known.expected(1, 60) is None


def test_too_few_outcomes_say_nothing() -> None:
    known = Calibration()
    for _ in range(FEWEST_FORECASTS - 1):
        known.came(1, 60, 60)
    assert known.expected(1, 60) is None


def test_who_gave_up_counts_only_where_the_forecast_was_passed() -> None:
    known = Calibration()
    for _ in range(FEWEST_FORECASTS):
        known.gave_up(1, 60, 30)
    assert known.expected(1, 60) is None
    for _ in range(FEWEST_FORECASTS):
        known.gave_up(1, 60, 120)
    assert known.expected(1, 60) == Expected(120, 120, 120)


# What callers are told.


@pytest.mark.parametrize(
    ("language", "expected", "words"),
    [
        ("en", Expected(330, 400, 580), "say-about say-5 say-to say-10 say-minutes"),
        ("nb", Expected(330, 400, 580), "say-about say-5 say-to say-10 say-minutes"),
        ("en", Expected(20, 60, 100), "say-less-than say-2 say-minutes"),
        ("nb", Expected(20, 30, 55), "say-less-than say-1-neuter say-minute"),
        ("nb", Expected(61, 100, 175), "say-about say-1-neuter say-to say-3 say-minutes"),
        ("en", Expected(700, 900, 1500), "say-about say-10 say-to say-25 say-minutes"),
    ],
)
def test_a_range_is_told_in_round_minutes(language: str, expected: Expected, words: str) -> None:
    assert expected_wait_words(language, expected) == ("say-expected-wait", *words.split())


@pytest.mark.parametrize("expected", [Expected(200, 900, 1500), Expected(5_000, 6_000, 9_000)])
def test_a_range_that_is_wide_or_endless_is_not_told(expected: Expected) -> None:
    assert expected_wait_words("en", expected) == ()


# Learning from what happens.


class World:
    """A floor with one operator, whose clock is turned by hand."""

    def __init__(self) -> None:
        self.watch, self.floor, self.now = WaitWatch(), Floor(), NOON
        self.watch.use({"main": Services([100.0] * 50)})
        self.calls = 0
        self.seen(in_call=False)

    def tell(self, event: FloorEvent, *, after: float = 0) -> None:
        self.now += timedelta(seconds=after)
        self.floor = fold(self.floor, event)
        self.watch.happened(event, self.floor, self.now)

    def seen(self, *, in_call: bool, after: float = 0, reason: str = "") -> None:
        device = DeviceState.IN_USE if in_call else DeviceState.NOT_IN_USE
        member = MemberSeen("main", "anna", "PJSIP/a", device, bool(reason), reason, in_call)
        self.tell(member, after=after)

    def joins(self, *, after: float = 0) -> str:
        self.calls += 1
        self.tell(CallerJoined("main", f"c{self.calls}", self.now + timedelta(seconds=after)), after=after)
        return f"c{self.calls}"

    def expected(self, head_start_s: int = 0) -> Expected | None:
        return self.watch.expected(self.floor, "main", self.now, head_start_s)


def test_after_enough_callers_a_newcomer_is_told_what_to_expect() -> None:
    world = World()
    for _ in range(FEWEST_FORECASTS):
        world.seen(in_call=True, after=1)
        call = world.joins(after=50)
        assert world.expected() is None
        world.tell(CallerLeft("main", call), after=55)
        world.seen(in_call=False)
    world.seen(in_call=True)
    # One is needed; the conversation has 70 s to go, and waits were a tenth longer than forecast.
    world.now += timedelta(seconds=30)
    found = world.expected()
    assert found is not None
    assert found.middle_s == pytest.approx(77, abs=2)


def test_the_wrap_up_is_part_of_the_service_before_it() -> None:
    world = World()
    for _ in range(FEWEST_FORECASTS):
        world.seen(in_call=True, after=1)
        world.tell(CallerLeft("main", world.joins()), after=100)
        world.seen(in_call=False)
    world.seen(in_call=True)
    world.seen(in_call=False, after=80)
    world.seen(in_call=False, after=0.1, reason="wrap-up")
    found = world.expected()
    assert found is not None
    assert found.middle_s == pytest.approx(20, abs=2)


def test_who_gives_up_early_teaches_nothing() -> None:
    world = World()
    for _ in range(2 * FEWEST_FORECASTS):
        world.seen(in_call=True, after=1)
        call = world.joins()
        world.tell(CallerLeft("main", call, abandoned=True), after=10)
        world.tell(CallerLeft("main", call))
        world.seen(in_call=False)
    world.seen(in_call=True)
    assert world.expected() is None


def test_a_head_start_leaves_those_behind_who_have_not_waited_longer() -> None:
    world = World()
    for _ in range(FEWEST_FORECASTS):
        world.seen(in_call=True, after=1)
        first, second = world.joins(), world.joins()
        world.tell(CallerLeft("main", first), after=100)
        world.tell(CallerLeft("main", second), after=100)
        world.seen(in_call=False)
    world.seen(in_call=True)
    world.joins()
    world.now += timedelta(seconds=20)
    behind, before = world.expected(), world.expected(head_start_s=60)
    assert behind is not None
    assert before is not None
    assert before.middle_s + 90 < behind.middle_s


def test_who_keeps_a_place_without_being_there_is_waited_for_too() -> None:
    world = World()
    for _ in range(FEWEST_FORECASTS):
        world.seen(in_call=True, after=1)
        first, second = world.joins(), world.joins()
        world.tell(CallerLeft("main", first), after=100)
        world.tell(CallerLeft("main", second), after=100)
        world.seen(in_call=False)
    world.seen(in_call=True)
    alone = world.expected()
    world.watch.keep_places({"main": (world.now,), "other": (world.now,)})
    behind = world.expected()
    assert alone is not None
    assert behind is not None
    assert alone.middle_s + 90 < behind.middle_s


def test_who_is_free_soon_is_told_from_the_end_of_conversations_and_the_wrap_up() -> None:
    world = World()

    def soon(within_s: float = 25, wrap_up_s: float = 20) -> int:
        return world.watch.soon(world.floor, "main", world.now, within_s, wrap_up_s)

    assert soon() == 1
    world.seen(in_call=True)
    world.now += timedelta(seconds=60)
    assert (soon(), soon(45)) == (0, 1), "conversations take 100 s"
    world.seen(in_call=False, reason="break")
    assert soon() == 0
    world.seen(in_call=False, reason="wrap-up")
    assert (soon(), soon(wrap_up_s=60)) == (1, 0)
    world.watch.use({})
    world.seen(in_call=True)
    assert soon(1000) == 0, "nothing is known"

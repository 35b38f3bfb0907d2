"""Who is turned away by a list, and who is not whatever the list says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.config.guard import TurnAway
from hotline_ivr.routing.blocks import Block, CallerBook, international
from hotline_ivr.routing.decide import decide
from hotline_ivr.routing.rulebook import Rulebook
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
)
from tests.plans import a_plan

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEST = "+4799999999"


def by_hand(callers: str, **more: Any) -> Block:
    return Block("k7m2qx", callers, NOW - timedelta(hours=1), more.pop("until", None), "kari", **more)


def book(*blocks: Block, **guard: Any) -> CallerBook:
    return CallerBook(a_plan(sections={"guard": guard}), blocks)


def place(book: CallerBook, caller: str, now: datetime = NOW) -> str | None:
    rule = book.blocks_caller(caller, now)
    return None if rule is None else rule.place


@pytest.mark.parametrize("caller", ["+4799999999", "004799999999", "4799999999", "99999999"])
def test_a_listed_number_is_known_in_each_way_in_which_carriers_write_it(caller: str) -> None:
    assert place(book(block=[{"numbers": ["99 99 99 99"]}]), caller) == "guard.block.0"


@pytest.mark.parametrize(
    "caller", ["+4799999998", "+479999999", "+47999999990", "", "99", "9999*9999", "alice"]
)
def test_every_other_caller_goes_on(caller: str) -> None:
    assert place(book(block=[{"numbers": [PEST]}]), caller) is None


@pytest.mark.parametrize(
    ("caller", "found"),
    [
        ("+4722851234", "+4722851234"),
        ("004722851234", "+4722851234"),
        ("22851234", "+4722851234"),
        ("4722851234", "+4722851234"),
        ("+46812345678", "+46812345678"),
        ("", ""),
        ("12", None),
        ("0000", "+00"),
        ("+", None),
        ("+47*22", None),
        ("1" * 17, None),
    ],
)
def test_a_caller_has_one_number_or_none(caller: str, found: str | None) -> None:
    assert international(caller, "NO") == found


def test_a_number_that_may_be_read_in_two_ways_is_nobodys_and_its_call_goes_on() -> None:
    # Bare, it is a number of Norway and, with a plus, one of the Solomon Islands.
    assert international("67713034", "NO") is None
    lists = book(block=[{"numbers": ["+4767713034"]}])
    assert place(lists, "67713034") is None
    assert place(lists, "4767713034") == place(lists, "+4767713034") == "guard.block.0"


@given(st.text(alphabet="0123456789+*#", max_size=60))
def test_whatever_a_carrier_sends_is_one_number_or_none_and_a_stranger_goes_on(caller: str) -> None:
    lists = book(block=[{"numbers": [PEST], "prefixes": ["+47820"], "withheld": "no"}])
    found = international(caller, "NO")
    assert found is None or found == "" or found.startswith("+")
    if place(lists, caller) is not None:
        assert found == PEST or str(found).startswith("+47820")


def test_a_beginning_blocks_all_that_begin_so_and_a_listed_number_among_them_may_be_allowed() -> None:
    lists = book(block=[{"prefixes": ["+47 820"]}], allow=[{"numbers": ["+47 820 12 345"]}])
    assert place(lists, "+4782099999") == "guard.block.0"
    assert place(lists, "+4782012345") is None
    assert place(lists, "+4722851234") is None


def test_withheld_numbers_are_blocked_where_it_is_said_and_else_are_nobodys() -> None:
    assert place(book(block=[{"withheld": "yes"}]), "") == "guard.block.0"
    assert place(book(block=[{"numbers": [PEST]}]), "") is None


def test_allow_goes_before_what_is_blocked_by_hand() -> None:
    assert place(book(by_hand(PEST)), PEST) == "by-hand.k7m2qx"
    assert place(book(by_hand(PEST), allow=[{"numbers": [PEST]}]), PEST) is None
    assert place(book(by_hand("withheld")), "") == "by-hand.k7m2qx"


def test_an_entry_ends_with_its_last_day_on_the_lines_clock_and_a_block_at_its_moment() -> None:
    lists = book(block=[{"numbers": [PEST], "until": "2026-03-02"}])
    assert place(lists, PEST, datetime(2026, 3, 2, 22, 59, tzinfo=UTC)) == "guard.block.0"
    assert place(lists, PEST, datetime(2026, 3, 2, 23, 0, tzinfo=UTC)) is None
    hours = book(by_hand(PEST, until=NOW + timedelta(hours=1)))
    assert place(hours, PEST) == "by-hand.k7m2qx"
    assert place(hours, PEST, NOW + timedelta(hours=1)) is None


def arrives(caller: str, *blocks: Block, guard: dict[str, Any] | None = None, **line: Any) -> Decision:
    rules = Rulebook(a_plan(sections={"guard": guard or {}}, **line), (), blocks)
    decision = decide(rules, Call("info", "+4722851234", caller, "0123456789ab"), Arrived(), NOW)
    assert isinstance(decision, Decision)
    return decision


def test_a_blocked_caller_is_refused_in_silence_or_hears_the_message_of_the_entry() -> None:
    refused = arrives(PEST, guard={"block": [{"numbers": [PEST]}]})
    assert refused.steps == (Mark(Outcome.BLOCKED), HangUp(21))
    assert refused.reason == "blocked:guard.block.0"
    told = arrives(PEST, guard={"block": [{"numbers": [PEST], "message": "go-away"}]})
    assert told.steps == (
        Mark(Outcome.BLOCKED),
        Answer(),
        Play("nb", "go-away", Stage.MESSAGE),
        HangUp(),
    )
    busy = arrives(PEST, by_hand(PEST, away=TurnAway(refuse="busy")))
    assert busy.steps == (Mark(Outcome.BLOCKED), HangUp(17))


def test_a_number_with_priority_takes_every_caller() -> None:
    guard = {"block": [{"numbers": [PEST]}]}
    assert arrives(PEST, guard=guard, emergency="yes").reason == "open:always"
    assert arrives(PEST, guard=guard, emergency_numbers=["+4722851234"]).reason == "open:always"


def test_only_who_arrives_is_turned_away_not_who_is_among_us() -> None:
    rules = Rulebook(a_plan(), (), (by_hand(PEST),))
    call = Call("info", "+4722851234", PEST, "0123456789ab")
    decision = decide(rules, call, LeftQueue(QueueStatus.TIMEOUT), NOW)
    assert isinstance(decision, Decision)
    assert Mark(Outcome.TIMED_OUT) in decision.steps


def test_blocks_stay_when_overrides_change() -> None:
    rules = Rulebook(a_plan(), (), (by_hand(PEST),)).with_overrides(())
    assert rules.callers.blocks_caller(PEST, NOW) is not None
    assert rules.with_blocks(()).callers.blocks_caller(PEST, NOW) is None

"""The lists of callers as files for the time without the service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hotline_ivr.asterisk.render.callers import caller_files
from hotline_ivr.routing.blocks import Block, CallerBook
from tests.plans import a_plan

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DIALLED = "to.+4722851234"


def files(*blocks: Block, guard: dict[str, Any] | None = None, **line: Any) -> dict[str, str]:
    plan = a_plan(sections={"guard": guard or {}}, **line)
    return dict(caller_files(plan, CallerBook(plan, blocks), NOW))


def by_hand(callers: str, until: datetime | None = None) -> Block:
    return Block("k7m2qx", callers, NOW, until, "kari")


def test_where_nobody_is_blocked_there_are_no_files_to_look_into() -> None:
    assert files() == {}
    assert files(guard={"allow": [{"numbers": ["+4799999999"]}]}) == {}


def test_a_number_has_a_file_for_each_way_in_which_it_is_certain() -> None:
    made = files(guard={"block": [{"numbers": ["+4799999999"], "refuse": "busy"}]})
    assert set(made) == {DIALLED, "block.4799999999", "block-bare.4799999999", "block-bare.99999999"}
    assert made["block.4799999999"] == "0|0|end|\n"
    assert made[DIALLED] == "1|foreseen~blocked:guard.block.0~-.0~0123456789ab|mark~blocked|hangup~17|end|\n"


def test_a_foreign_number_is_not_known_by_its_national_digits() -> None:
    made = files(by_hand("+46812345678"))
    assert set(made) == {DIALLED, "block.46812345678", "block-bare.46812345678"}


def test_beginnings_withheld_and_the_allow_list_have_files_of_their_own() -> None:
    guard = {
        "allow": [{"prefixes": ["+47 820 1"]}],
        "block": [{"prefixes": ["+47 820"], "withheld": "yes", "message": "go-away"}],
    }
    made = files(guard=guard)
    assert set(made) == {DIALLED, "allow-begin.478201", "block-begin.47820", "block-withheld"}
    assert "|answer|play~nb/go-away~message|hangup|end|" in made[DIALLED]


def test_a_block_that_ends_says_when_and_one_that_is_over_is_gone() -> None:
    end = NOW + timedelta(hours=1)
    made = files(by_hand("+47820*", end))
    assert made["block-begin.47820"] == f"{int(end.timestamp())}|0|end|\n"
    assert files(by_hand("+47820*", NOW)) == {}


def test_each_rule_has_its_own_answer() -> None:
    guard = {"block": [{"numbers": ["+4799999999"]}, {"prefixes": ["+47 820"], "refuse": "busy"}]}
    made = files(by_hand("+46812345678"), guard=guard)
    answers = made[DIALLED].splitlines()
    for name, place in (("block.4799999999", "guard.block.0"), ("block-begin.47820", "guard.block.1")):
        row = int(made[name].split("|")[1])
        assert f"~blocked:{place}~" in answers[row]


def test_numbers_with_priority_have_no_answers_so_nobody_is_turned_away_there() -> None:
    numbers = ["+4722851234", "+4722851235"]
    made = files(by_hand("+4799999999"), numbers=numbers, emergency_numbers=["+4722851235"])
    assert {name for name in made if name.startswith("to.")} == {DIALLED}

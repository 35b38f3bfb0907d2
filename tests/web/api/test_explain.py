"""Explaining a call, and the hours of a line, over the interface."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_ivr.config.check import read_plan
from hotline_ivr.routing.explain import explain
from hotline_ivr.routing.floor_state import FloorState
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import Call
from hotline_ivr.routing.wall import zone_of
from hotline_ivr.views import hours_text
from hotline_ivr.views.explanation import as_data
from hotline_ivr.views.week import line_hours
from hotline_ivr.web.api.explain import Explained
from tests.web.api.house import NOW, Caller, House

EXAMPLES = Path(__file__).parents[3] / "config" / "examples"
OSLO = zone_of("Europe/Oslo")


async def test_it_says_what_the_command_says(caller: Caller, house: House) -> None:
    told = await caller.get("/explain?line=info&from=%2B4790000000&state=empty")
    call = Call("info", "+4722851234", "+4790000000", house.plan.version)
    assert told == as_data(explain(house.book(), call, NOW, FloorState.EMPTY), OSLO)
    assert [part["because"] for part in told["parts"]] == [
        "the call arrives",
        "no operator of queue main can be reached",
    ]


@pytest.mark.parametrize("example", sorted(each.name for each in EXAMPLES.iterdir()))
@pytest.mark.parametrize(
    "at", [NOW, datetime(2026, 12, 24, 17, tzinfo=UTC), datetime(2028, 6, 1, 9, tzinfo=UTC)]
)
def test_every_rule_of_the_examples_can_be_told(example: str, at: datetime) -> None:
    """Also rules that say nothing of the day: they are neither open nor closed."""
    plan = read_plan(EXAMPLES / example)
    for line_id, line in plan.lines.items():
        for state in FloorState:
            told = as_data(explain(Rulebook(plan), Call(line_id, line.numbers[0], "", ""), at, state), OSLO)
            shown = Explained.model_validate(told).model_dump(mode="json", by_alias=True)
            assert [rule["open"] for rule in shown["rules"]] == [rule["open"] for rule in told["rules"]]


async def test_a_number_and_a_time_on_the_clock_of_the_line_will_do(caller: Caller) -> None:
    told = await caller.get("/explain?number=22851234&at=17:55")
    assert (told["line"], told["at"], told["open"]) == ("info", "2026-11-23T17:55:00+01:00", False)
    assert told["next_change"] == {"at": "2026-11-24T08:00:00+01:00", "open": True}


async def test_a_plus_that_nobody_encoded_is_still_a_plus(caller: Caller) -> None:
    told = await caller.get("/explain?number=+4722851234&at=2026-12-24T10:00:00+02:00")
    assert (told["number"], told["at"]) == ("+4722851234", "2026-12-24T09:00:00+01:00")


@pytest.mark.parametrize(
    ("query", "where", "why"),
    [
        ("", "query", "give line or number"),
        ("line=info&number=22851234", "query", "give line or number"),
        ("line=inof", "query.line", "did you mean 'info'"),
        ("number=22000000", "query.number", "reaches no line"),
        ("number=abc", "query.number", "no telephone number"),
        ("line=info&at=soon", "query.at", "is no moment"),
        ("line=info&at=2040-01-01T00:00", "query.at", "Five years"),
        ("line=info&at=9999-12-31T23:59:59-14:00", "query.at", "Five years"),
        ("line=info&at=0001-01-01T00:00:00%2B14:00", "query.at", "Five years"),
        ("line=info&language=../nb", "query.language", ""),
        ("line=info&from=Bobby'", "query.from", ""),
        ("line=info&state=asleep", "query.state", ""),
    ],
)
async def test_what_cannot_be_explained_is_told_at_its_place(
    caller: Caller, query: str, where: str, why: str
) -> None:
    problem = await caller.problem(422, "GET", f"/explain?{query}")
    assert problem["errors"][0]["where"] == where
    assert why in problem["detail"]


async def test_hours_are_those_of_the_command(caller: Caller, house: House) -> None:
    told = await caller.get("/lines/info/hours")
    assert told == hours_text.as_json(line_hours(house.book(), "info", NOW.date(), 14))
    assert len(told["days"]) == 14
    assert told["days"][0]["open"] == [
        {
            "from": "2026-11-23T08:00:00+01:00",
            "until": "2026-11-23T16:00:00+01:00",
            "rule": "info.hours",
        }
    ]


async def test_hours_of_chosen_days(caller: Caller) -> None:
    told = await caller.get("/lines/info/hours?from=2026-12-26&days=2")
    assert [(each["date"], each["open"]) for each in told["days"]] == [("2026-12-26", []), ("2026-12-27", [])]
    await caller.problem(404, "GET", "/lines/inof/hours")


@pytest.mark.parametrize("query", ["days=0", "days=401", "from=soon", "from=9999-12-31", "from=2026-W10-1"])
async def test_days_that_nobody_plans_for_are_refused(caller: Caller, query: str) -> None:
    problem = await caller.problem(422, "GET", f"/lines/info/hours?{query}")
    assert problem["errors"][0]["where"] == f"query.{query.partition('=')[0]}"

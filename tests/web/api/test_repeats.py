"""Who called again, over the interface."""

from __future__ import annotations

from tests.web.api.house import Caller, House
from tests.web.api.test_calls import AwayRecord


async def test_the_figure_is_counted_as_it_is_asked_for(caller: Caller, house: House) -> None:
    found = await caller.get("/repeats?line=info&days=3&since=2026-10-19T00:00:00Z")
    assert (found["days"], found["lines"][0]["answered_again"]) == (3, 1)
    (wish,) = house.repeats_asked
    assert (wish.line, wish.days, wish.until) == ("info", 3, None)
    await caller.problem(422, "GET", "/repeats?days=31")
    await caller.problem(401, "GET", "/repeats", None)


async def test_a_database_that_is_away_is_told(caller: Caller, house: House) -> None:
    house.record = AwayRecord()
    await caller.problem(503, "GET", "/repeats")

"""What holds for a line, as the same rules say that decide calls."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.web.api.house import NOW, Caller, House


async def test_all_lines_are_listed_with_what_holds_now(caller: Caller, house: House) -> None:
    answer = await caller.get("/lines")
    assert answer["plan_version"] == house.plan.version
    (line,) = answer["lines"]
    assert (line["id"], line["name"], line["numbers"]) == ("info", "Information", ["+4722851234"])
    assert line["now"]["open"] is True
    assert line["now"]["rule"]["name"] == "info.hours"
    house.now = NOW + timedelta(hours=6)
    assert (await caller.get("/lines"))["lines"][0]["now"]["open"] is False


async def test_a_line_tells_its_next_changes_in_utc(caller: Caller) -> None:
    line = await caller.get("/lines/info?days=2")
    assert line["now"]["open"] is True
    assert [(each["at"], each["situation"]["open"]) for each in line["changes"]] == [
        ("2026-11-23T15:00:00Z", False),
        ("2026-11-24T07:00:00Z", True),
        ("2026-11-24T15:00:00Z", False),
        ("2026-11-25T07:00:00Z", True),
    ]
    assert line["known_until"] == "2026-11-25T12:30:00Z"


async def test_what_comes_is_what_the_rulebook_says(caller: Caller, house: House) -> None:
    line = await caller.get("/lines/info?days=400")
    told = [(each["at"], each["situation"]["open"]) for each in line["changes"]]
    own = house.book().changes("info", NOW, 400)[1:-1]
    assert told == [(f"{each.at:%Y-%m-%dT%H:%M:%SZ}", each.situation.open) for each in own]
    assert len(told) > 500


async def test_a_line_that_is_not_there_is_told_beside_those_that_are(caller: Caller) -> None:
    problem = await caller.problem(404, "GET", "/lines/inof")
    assert problem["detail"] == "There is no line 'inof'. Lines are: info."


@pytest.mark.parametrize("name", ["INFO", "x" * 500, "%00", "info'--", "a%0ab", "%E2%80%AE"])
async def test_what_can_be_no_line_is_not_found(caller: Caller, name: str) -> None:
    await caller.problem(404, "GET", f"/lines/{name}")


@pytest.mark.parametrize("days", ["0", "401", "-1", "1.5", "", "1e3"])
async def test_days_have_their_bounds(caller: Caller, days: str) -> None:
    problem = await caller.problem(422, "GET", f"/lines/info?days={days}")
    assert problem["errors"][0]["where"] == "query.days"

"""The trail over the interface, page by page, while it grows."""

from __future__ import annotations

from typing import Any

import pytest

from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.web.api.values import to_cursor
from tests.web.api.house import NOW, Caller, House


def note(house: House, subject: str) -> None:
    house.trail.note(AuditEntry(NOW, "kari", "command", "override.set", subject, {"kind": "close"}, "r1"))


def subjects(page: Any) -> list[str]:
    return [entry["subject"] for entry in page["entries"]]


async def test_changes_are_listed_newest_first(caller: Caller, house: House) -> None:
    note(house, "one")
    note(house, "two")
    page = await caller.get("/audit", "admin")
    assert subjects(page) == ["two", "one"]
    assert page["entries"][0] == {
        "at": "2026-11-23T12:30:00Z",
        "by": "kari",
        "via": "command",
        "action": "override.set",
        "subject": "two",
        "details": {"kind": "close"},
        "request_id": "r1",
    }


async def test_an_empty_trail_has_no_entries(caller: Caller) -> None:
    assert await caller.get("/audit", "admin") == {"entries": [], "next": None}


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 500])
async def test_pages_hold_each_entry_once_also_while_the_trail_grows(
    caller: Caller, house: House, limit: int
) -> None:
    for number in range(5):
        note(house, str(number))
    found: list[str] = []
    params = {"limit": str(limit)}
    while True:
        page = await caller.get("/audit", "admin", params=params)
        found += subjects(page)
        note(house, "new")
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert found == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize("cursor", ["nonsense", to_cursor("x"), to_cursor("1", "2"), "%00"])
async def test_a_cursor_of_another_list_is_refused(caller: Caller, cursor: str) -> None:
    problem = await caller.problem(422, "GET", f"/audit?cursor={cursor}", "admin")
    assert problem["errors"][0]["where"] == "query.cursor"


@pytest.mark.parametrize("position", ["-5", "0", "9" * 100])
async def test_a_cursor_past_either_end_is_harmless(caller: Caller, house: House, position: str) -> None:
    note(house, "one")
    page = await caller.get("/audit", "admin", params={"cursor": to_cursor(position)})
    assert subjects(page) == (["one"] if position.startswith("9") else [])


async def test_a_trail_that_cannot_be_read_is_our_trouble(caller: Caller, house: House) -> None:
    (house.folder / "audit.jsonl").mkdir()
    problem = await caller.problem(503, "GET", "/audit", "admin")
    assert str(house.folder) not in problem["detail"]

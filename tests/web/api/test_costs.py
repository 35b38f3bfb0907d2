"""Costs over the interface: pages of any size are the export, reckoned beside the service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import delete

from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.errors import ExportBusy, StoreError
from hotline_ivr.exports import cost_page
from hotline_ivr.exports.columns import Wanted
from hotline_ivr.exports.cost_page import CostsWanted
from hotline_ivr.launch.cost_pages import CostPages
from hotline_ivr.routing.disclosure import Full
from hotline_ivr.routing.ledger import Batch
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.tables import call
from hotline_ivr.store.writer import write_batch
from hotline_ivr.web.api.costs import CostOfConnection, CostPage
from hotline_ivr.web.api.values import to_cursor
from tests.exports.records import FIRST_US, answered, contracts, fill, handed_on
from tests.exports.test_kinds import order, read
from tests.postgres import database_url, postgres
from tests.web.api.house import NOW, Caller, House

__all__ = ["database_url", "postgres"]

NUMBER = "+4722851234"
DAY = 86_400
EVENING = NOW + timedelta(hours=10)
OUTSIDE, EVENTS = handed_on()
CALLS = [
    OUTSIDE._replace(number=NUMBER),
    *(answered(each, after_s=each * 90, number=NUMBER) for each in range(1, 6)),
    # Two of one microsecond, one without a contract, one of another line.
    answered(6, after_s=90, number=NUMBER),
    answered(7, after_s=200, number="+4700000000"),
    answered(8, after_s=300, number=NUMBER, line="courses"),
    # October, of which nothing was left for September; the night in which Oslo is in the next month already.
    *(answered(10 + each, after_s=-30 * DAY + each * 60, number=NUMBER) for each in range(4)),
    answered(20, after_s=-23 * DAY + 6.5 * 3_600, number=NUMBER),
    answered(21, after_s=-120 * DAY, number=NUMBER, line="courses"),
]


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """Calls of four months on the contract's clock; in one of them minutes end in the middle."""
    await fill(database_url, *CALLS, events=EVENTS)
    opened = open_store(database_url)
    yield opened
    await opened.close()


@pytest.fixture(autouse=True)
def contracted(house: House) -> None:
    house.now = EVENING
    house.use({"contracts": contracts(3)})


async def all_pages(caller: Caller, role: str = "read", **params: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = await caller.get("/costs", role, params=params)
        assert len(page["costs"]) <= int(params["limit"])
        found += page["costs"]
        if page["next"] is None:
            return found
        params["cursor"] = page["next"]


async def exported(url: str, house: House, wanted: Wanted | None = None, **more: Any) -> list[dict[str, Any]]:
    """The export's rows as the list has them, but for moments: the export has milliseconds."""
    asked = order("costs", wanted or Wanted(None, EVENING), zone=ZoneInfo("UTC"), **more)
    return [
        {
            f"{name[:-2]}_ms" if name.endswith("_s") else name: round(value * 1000)
            if name.endswith("_s") and value is not None
            else value
            for name, value in row.items()
        }
        for row in await read(url, asked, house.plan)
    ]


def in_milliseconds(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def cut(moment: str) -> str:
        return datetime.fromisoformat(moment).isoformat(timespec="milliseconds")

    return [row | {"began_at": cut(row["began_at"])} for row in rows]


@pytest.mark.parametrize("minutes", [3, None])
@pytest.mark.parametrize("limit", ["1", "2", "5", "10000"])
async def test_all_pages_together_are_the_export(
    caller: Caller, house: House, database_url: str, limit: str, minutes: int | None
) -> None:
    house.use({"contracts": contracts(minutes)})
    whole = await exported(database_url, house)
    assert len(whole) == len(CALLS) + 1
    assert in_milliseconds(await all_pages(caller, limit=limit)) == whole
    november = [row for row in whole if row["began_at"] > "2026-11-23" and row["class"] == "inbound"]
    covered = [row["included_ms"] == row["billed_ms"] for row in november]
    assert covered == [True] * 3 + [False] * 5 if minutes else not any(covered)


async def test_time_and_line_choose_and_change_no_price(
    caller: Caller, house: House, database_url: str
) -> None:
    since = datetime.fromtimestamp(FIRST_US / 1e6, UTC) + timedelta(seconds=80)
    until = since + timedelta(seconds=280)
    given = {"since": since.isoformat(), "until": until.isoformat(), "limit": "2"}
    part = await exported(database_url, house, Wanted(since, until))
    assert 4 <= len(part) < len(CALLS)
    assert in_milliseconds(await all_pages(caller, **given)) == part
    of_line = await exported(database_url, house, Wanted(None, EVENING, ("courses",)))
    assert len(of_line) == 2
    assert in_milliseconds(await all_pages(caller, limit="1", line="courses")) == of_line


async def test_a_page_that_has_read_many_calls_ends_with_the_month(
    caller: Caller, house: House, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost_page, "MOST_READ", 1)
    page = await caller.get("/costs?limit=10000")
    assert (len(page["costs"]), page["next"] is None) == (1, False)
    assert in_milliseconds(await all_pages(caller, limit="10000")) == await exported(database_url, house)
    assert len(house.costs_asked) >= 4


async def test_calls_that_come_between_two_pages_are_on_a_later_one(
    caller: Caller, house: House, store: Store, database_url: str
) -> None:
    page = await caller.get("/costs?limit=9")
    record = answered(30, after_s=900, number=NUMBER)
    await store.write(lambda connection: write_batch(connection, Batch("main", records=[record])))
    rest = await all_pages(caller, limit="9", cursor=page["next"])
    assert in_milliseconds(page["costs"] + rest) == await exported(database_url, house)
    assert rest[-1]["call_id"] == record.id


async def test_a_cursor_holds_when_its_row_is_gone(caller: Caller, store: Store) -> None:
    whole = [row["call_id"] for row in await all_pages(caller, limit="100")]
    page = await caller.get("/costs?limit=4")
    gone = page["costs"][-1]["call_id"]
    await store.write(lambda connection: connection.execute(delete(call).where(call.c.id == gone)))
    rest = await all_pages(caller, limit="100", cursor=page["next"])
    assert [row["call_id"] for row in rest] == whole[4:]


async def test_dialled_numbers_are_masked_unless_the_role_asks(
    caller: Caller, house: House, database_url: str
) -> None:
    def dialled(rows: list[dict[str, Any]]) -> set[str]:
        return {row["dialled"] for row in rows} - {""}

    assert dialled(await all_pages(caller, "control", limit="100")) == {"+47 •••• 000"}
    assert list(house.trail.entries()) == []
    asked = len(house.costs_asked)
    await caller.problem(403, "GET", "/costs?numbers=true")
    assert len(house.costs_asked) == asked
    full = await all_pages(caller, "control", limit="100", numbers="true")
    assert in_milliseconds(full) == await exported(database_url, house, disclosure=Full())
    assert not any("•" in number for number in dialled(full))
    (entry,) = house.trail.entries()
    assert (entry.action, entry.subject, entry.by) == ("numbers.read", "costs", "control token")


async def test_the_answer_is_as_it_is_described(caller: Caller) -> None:
    answer = await (await caller.ask("GET", "/costs?limit=3")).read()
    page = CostPage.model_validate_json(answer)
    names = {field.alias or name for name, field in CostOfConnection.model_fields.items()}
    assert (len(page.costs), {*json.loads(answer)["costs"][0]}) == (3, names)


OTHERS = [
    "x",
    to_cursor("1", "2"),
    to_cursor("2026-13", "1", "main-1.1", "0"),
    to_cursor("2026-11", "-1", "main-1.1", "0"),
    to_cursor("2026-11", "9" * 40, "main-1.1", "0"),
    to_cursor("2026-11", "1", "--numbers 1", "0"),
    to_cursor("2026-11", "1", "main-1.1\n", "0"),
    to_cursor("2026-11", "1", "main-1.1", "x"),
]


@pytest.mark.parametrize("cursor", OTHERS)
async def test_a_cursor_of_another_list_is_refused_and_starts_nothing(
    caller: Caller, house: House, cursor: str
) -> None:
    response = await caller.ask("GET", f"/costs?cursor={cursor}")
    assert (response.status, (await response.json())["errors"][0]["where"]) == (422, "query.cursor")
    assert house.costs_asked == []


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "line=UPPER", "order=newest", "since=soon"])
async def test_wrong_values_start_nothing(caller: Caller, house: House, query: str) -> None:
    await caller.problem(422, "GET", f"/costs?{query}")
    assert house.costs_asked == []


async def test_who_asks_too_much_is_told_to_wait_and_a_failure_is_told(caller: Caller, house: House) -> None:
    house.costs_fail = ExportBusy("Other costs are being reckoned.")
    response = await caller.ask("GET", "/costs")
    assert (response.status, (await response.json())["code"]) == (503, "busy")
    assert response.headers["Retry-After"] == "5"
    house.costs_fail = StoreError("exit code 4")
    assert (await caller.problem(503, "GET", "/costs"))["code"] == "unavailable"


async def test_only_so_many_pages_are_reckoned_at_once() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def ask(*_words: str, longest: float) -> bytes:
        assert longest > 0
        begun.set()
        await go_on.wait()
        raise StoreError("killed")

    pages, wanted = CostPages(ask), CostsWanted(None, None, None, 1)
    for _ in range(2):
        begun.clear()
        first = asyncio.create_task(pages.page(wanted, ""))
        await begun.wait()
        with pytest.raises(ExportBusy):
            await pages.page(wanted, "")
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
    go_on.set()
    with pytest.raises(StoreError):
        await pages.page(wanted, "")


# With real processes.

CONFIGURATION = """
organisation: {name: City, country: "NO"}
lines:
  demo: {name: Demo, numbers: ["+47 22 85 12 34"], time_zone: Europe/Oslo, hours: always, queue: main}
queues: {main: {operators: [anna]}}
operators: {anna: {name: Anna}}
trunks: {carrier: {hosts: ["127.0.0.1"]}}
contracts:
"""


async def test_a_real_process_reckons_the_same_for_the_service(
    house: House, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text(CONFIGURATION + f"  telecom: {json.dumps(contracts(3)['telecom'])}\n")
    monkeypatch.setenv("HOTLINE_CONFIG", str(file))
    monkeypatch.setenv("HOTLINE_STATE", str(tmp_path))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database_url)
    house.cost_page = CostPages().page  # type: ignore[method-assign]
    async with TestClient(TestServer(house.app())) as client:
        caller = Caller(client, house.secrets)
        span = {"since": "2026-10-01T00:00:00+02:00", "until": EVENING.isoformat(), "limit": "8"}
        wanted = Wanted(datetime.fromisoformat(span["since"]), EVENING)
        assert in_milliseconds(await all_pages(caller, **span)) == await exported(database_url, house, wanted)
        page = await caller.get("/costs?numbers=true&line=demo", "control", params={"until": span["until"]})
        assert [row["dialled"] for row in page["costs"] if row["direction"] == "out"] == ["+4722850000"]
        # By the clock of the machine that entry is not of now, so the process has made its own.
        assert {each.via for each in house.trail.entries()} == {"rest", "command"}
        monkeypatch.setenv("HOTLINE_DATABASE_URL", f"sqlite:///{tmp_path / 'nowhere.db'}")
        assert (await caller.problem(503, "GET", "/costs"))["code"] == "unavailable"


async def test_the_process_makes_no_entry_of_its_own_where_the_service_has_just_noted_the_request(
    house: House, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hotline.yaml").write_text(
        CONFIGURATION + f"  telecom: {json.dumps(contracts(3)['telecom'])}\n"
    )
    monkeypatch.setenv("HOTLINE_CONFIG", str(tmp_path / "hotline.yaml"))
    monkeypatch.setenv("HOTLINE_STATE", str(tmp_path))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database_url)
    house.note(AuditEntry(datetime.now(UTC), "eva", "rest", "numbers.read", "costs", {}, "r1"))
    wanted = CostsWanted(None, EVENING, None, 1, numbers=True)
    await CostPages().page(wanted, "r1")
    assert [each.by for each in house.trail.entries()] == ["eva"]
    await CostPages().page(wanted, "r2")
    assert len(list(house.trail.entries())) == 2

"""Rows of every kind out of both databases: each once, in order, and beside a service that writes."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Table, text

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import ArgumentError, StoreError
from hotline_ivr.exports.columns import Wanted
from hotline_ivr.exports.kinds import KINDS
from hotline_ivr.exports.writing import Order, export
from hotline_ivr.routing.disclosure import Full
from hotline_ivr.routing.ledger import Batch
from hotline_ivr.routing.presence import Period, Standing
from hotline_ivr.store import streaming
from hotline_ivr.store.columns import from_micros
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.pauses import DatabasePauses
from hotline_ivr.store.tables import call, leg
from hotline_ivr.store.writer import write_batch
from tests.exports.records import EVERYTHING, FIRST_US, answered, contracted, fill, handed_on
from tests.plans import a_plan

FIRST = from_micros(FIRST_US)
OSLO = ZoneInfo("Europe/Oslo")


def order(kind: str, wanted: Wanted = EVERYTHING, **more: Any) -> Order:
    return Order(kind=kind, format="ndjson", wanted=wanted, **more)


def rows_of(url: str, asked: Order, plan: Plan | None = None) -> list[dict[str, Any]]:
    """In a thread: PostgreSQL is read by a loop of its own."""
    file = io.BytesIO()
    streaming.read_at_length(
        url,
        lambda connection: export(
            asked, connection, plan, file, folder=Path("/nowhere"), told=lambda *_: None
        ),
    )
    return [json.loads(line) for line in file.getvalue().splitlines()]


async def read(url: str, asked: Order, plan: Plan | None = None) -> list[dict[str, Any]]:
    return await asyncio.to_thread(rows_of, url, asked, plan)


@pytest.mark.parametrize("page", [1, 3, 1_000])
async def test_every_call_comes_once_in_order_whatever_the_page(
    database_url: str, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """Calls of one microsecond among them, so that pages end within it."""
    monkeypatch.setattr(streaming, "PAGE", page)
    calls = [answered(number, after_s=number // 4) for number in range(11)]
    await fill(database_url, *calls)
    found = await read(database_url, order("calls"))
    assert [row["id"] for row in found] == sorted(
        (call.id for call in calls),
        key=lambda ident: (next(call.arrived_at for call in calls if call.id == ident), ident),
    )
    legs = await read(database_url, order("legs"))
    assert len(legs) == sum(len(call.legs) for call in calls)
    assert len({row["channel"] for row in legs}) == len(legs)


async def test_a_call_is_told_as_its_row_has_it_masked_unless_asked_for(database_url: str) -> None:
    record = answered(1, caller="+4790000001", caller_name="=Eve")
    await fill(database_url, record)
    (row,) = await read(database_url, order("calls"), a_plan())
    assert (row["caller"], row["caller_name"]) == ("+47 •••• 001", "")
    assert (row["number"], row["outcome"], row["finished"]) == (record.number, "answered", True)
    assert (row["talk_s"], row["wait_s"]) == (record.talk_ms / 1000, record.wait_ms / 1000)  # type: ignore[operator]
    assert datetime.fromisoformat(row["arrived_at"]) == FIRST
    (row,) = await read(database_url, order("calls", disclosure=Full()), a_plan())
    assert (row["caller"], row["caller_name"]) == ("+4790000001", "=Eve")


async def test_time_and_lines_choose(database_url: str) -> None:
    calls = [answered(number, after_s=number, line="one" if number % 2 else "two") for number in range(6)]
    await fill(database_url, *calls)
    span = Wanted(FIRST + timedelta(seconds=1), FIRST + timedelta(seconds=4), ("one",))
    assert [row["id"] for row in await read(database_url, order("calls", span))] == [calls[1].id, calls[3].id]
    assert {row["call_id"] for row in await read(database_url, order("legs", span))} == {
        calls[1].id,
        calls[3].id,
    }


async def test_a_day_of_an_operator_has_talk_and_pauses(database_url: str) -> None:
    await fill(database_url, answered(1, line="info"), answered(2, after_s=30, line="info"))
    store = open_store(database_url)
    day = FIRST.astimezone(OSLO).replace(hour=0, minute=0, second=0, microsecond=0)
    late = (day + timedelta(hours=23)).astimezone(UTC)
    periods = [
        Period("anna", Standing.READY, "", FIRST, FIRST + timedelta(minutes=50), "anna", "anna"),
        Period("anna", Standing.PAUSED, "lunch", late, late + timedelta(hours=2), "anna", "anna"),
        Period("bjorn", Standing.SIGNED_OUT, "", day.astimezone(UTC), late, "x", "x"),
    ]
    await DatabasePauses(store, "main").write(periods)
    await store.close()
    wanted = Wanted(day, day + timedelta(days=2))
    found = await read(database_url, order("operators", wanted), a_plan())
    first, second = (row for row in found if row["operator"] == "anna")
    assert (first["name"], first["rings"], first["conversations"]) == ("Anna Berg", 2, 2)
    assert first["talk_s"] == 2 * (answered(1).talk_ms or 0) / 1000
    assert (first["ready_s"], first["pauses"]) == (3000, 1)
    assert first["paused_s"] == 3600
    assert second["paused_s"] == 3600
    assert second["pauses"] == 0
    ledger = await read(database_url, order("pauses", wanted), a_plan())
    assert [(row["operator"], row["standing"], row["length_s"]) for row in ledger] == [
        ("bjorn", "signed-out", 23 * 3600),
        ("anna", "ready", 3000),
        ("anna", "paused", 7200),
    ]


async def test_costs_are_those_of_the_month_whatever_part_of_it_is_exported(database_url: str) -> None:
    outside, events = handed_on()
    number = "+4722851234"
    later = answered(5, after_s=100, number=number)
    await fill(database_url, outside._replace(number=number), later, events=events)
    found = await read(database_url, order("costs"), contracted())
    assert [(row["call_id"], row["direction"], row["class"]) for row in found] == [
        (outside.id, "in", "inbound"),
        (outside.id, "out", "domestic"),
        (later.id, "in", "inbound"),
    ]
    assert found[1]["dialled"] == "+47 •••• 000"
    # The first minute is included, and the first call has used it.
    assert (found[0]["price"], found[0]["included_s"]) == ("0.00", 60)
    assert found[2]["price"] == "0.60"
    part = Wanted(FIRST + timedelta(seconds=50), EVERYTHING.until)
    assert await read(database_url, order("costs", part), contracted()) == found[2:]
    assert await read(database_url, order("costs"), a_plan()) == []


async def test_what_no_contract_prices_is_told_once(database_url: str) -> None:
    await fill(database_url, answered(1, number="+4700000000"))
    (row,) = await read(database_url, order("costs"), contracted())
    assert (row["contract"], row["price"]) == ("", None)


async def test_a_service_writes_while_an_export_reads(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the export has each call of its beginning once; SQLite's log can be folded back meanwhile."""
    monkeypatch.setattr(streaming, "PAGE", 2)
    await fill(database_url, *(answered(number, after_s=number) for number in range(6)))
    store = open_store(database_url)
    loop = asyncio.get_running_loop()
    seen: list[int] = []

    def told(_title: str, done: int, _total: int | None) -> None:
        if done and not seen:
            record = answered(100, after_s=50)
            written = asyncio.run_coroutine_threadsafe(
                store.write(lambda connection: write_batch(connection, Batch("main", records=[record]))), loop
            )
            written.result(timeout=10)
            if database_url.startswith("sqlite"):
                busy = asyncio.run_coroutine_threadsafe(store.read(_fold_back), loop).result(timeout=10)
                assert busy == 0
        seen.append(done)

    file = io.BytesIO()
    wanted = Wanted(None, FIRST + timedelta(seconds=40))
    asked = order("calls", wanted)
    await asyncio.to_thread(
        streaming.read_at_length,
        database_url,
        lambda connection: export(asked, connection, None, file, folder=Path("/nowhere"), told=told),
    )
    await store.close()
    assert len(file.getvalue().splitlines()) == 6
    assert seen[-1] == 6


def _fold_back(connection: Connection) -> int:
    connection.exec_driver_sql("COMMIT")
    busy = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()[0]
    connection.exec_driver_sql("BEGIN")
    return int(busy)


@pytest.mark.parametrize("kind", list(KINDS))
async def test_every_kind_of_an_empty_record_is_empty(database_url: str, kind: str) -> None:
    await fill(database_url)
    assert await read(database_url, order(kind), a_plan()) == []
    assert await read(database_url, order(kind), None) == []


def test_only_a_spreadsheet_holds_all_kinds() -> None:
    with pytest.raises(ArgumentError, match="a sheet for each"):
        order("all").kinds()
    assert len(replace(order("all"), format="xlsx").kinds()) == len(KINDS)
    with pytest.raises(ArgumentError, match="calls, legs"):
        order("nonsense").kinds()


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        rows_of(f"sqlite:///{tmp_path / 'none.db'}", order("calls"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("kind", "table"), [("calls", call), ("legs", leg)])
def test_an_export_has_every_column_of_the_record(kind: str, table: Table) -> None:
    told = {column.name for column in KINDS[kind].columns}
    assert {column.name.removesuffix("_ms") for column in table.c} - told == set()


def test_columns_have_names_of_their_own() -> None:
    for kind in KINDS.values():
        names = [column.name for column in kind.columns]
        assert len(set(names)) == len(names)
        assert all(column.about for column in kind.columns)

"""A node whose record is in PostgreSQL: real calls, and all that is done with them afterwards.

Everything here runs on SQLite elsewhere; this walks through all of it on the other database.
"""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg  # type: ignore[import-untyped]
import openpyxl
import pyarrow.parquet
import pytest

from hotline_ivr.control.recording_seal import make_key
from hotline_ivr.testing.audio import tone
from hotline_ivr.testing.mailbox import HookReceiver
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import CLOSED, line, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record
from tests.acceptance.operators import operator_of
from tests.acceptance.test_privacy import even, hotline, where_it_stands
from tests.acceptance.test_register import Client
from tests.postgres import PostgresServer

pytestmark = [pytest.mark.acceptance, pytest.mark.postgres, pytest.mark.timeout(240)]

TOLD = "+4722851212"
PERSON, OTHER, OLD = "+4790055001", "+4790055002", "+4790055003"
SECRET = "a secret of this test"
DEADLINE_S = 40
LONG_AGO = timedelta(days=400)


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> str:
    return postgres.new_database()


@pytest.fixture(scope="module")
def receiver() -> HookReceiver:
    return HookReceiver(SECRET)


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack, database: str, receiver: HookReceiver) -> HotlineStack:
    private, public = make_key()
    told = {**line("Told", TOLD), "recording": {"consent": "announce"}}
    config = plan({"anna": None}, now=datetime.now(UTC), extra_lines={"told": told})
    config["recordings"] = {"public_keys": [public]}
    config["topics"] = {"exams": {"name": "Exams"}}
    config["privacy"] = {"keep": {"numbers": 180}}
    hook = {"url": receiver.url, "secret": "env:HOOK_SECRET", "events": ["call-ended", "entry-saved"]}
    config["webhooks"] = {"crm": hook}
    made = make_stack(config)
    made.variables |= {"HOTLINE_DATABASE_URL": database, "HOOK_SECRET": SECRET, "HOTLINE_RECORD_REFRESH": "1"}
    (made.folder / "key").write_text(f"{private}\n", encoding="ascii")
    made.start()
    return made


async def run(stack: HotlineStack, *arguments: str) -> dict[str, Any]:
    return await asyncio.to_thread(hotline, stack, *arguments)


async def speaks_and_an_entry_is_written(
    stack: HotlineStack, telephones: Telephones, console: Client
) -> Record:
    anna = await operator_of(stack, telephones, "anna")
    caller = await telephones.caller(PERSON, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(TOLD)
    ringing = await anna.wait_rung(DEADLINE_S)
    await ringing.answer()
    await asyncio.gather(call.say(tone(1000.0, 1.0)), ringing.say(tone(700.0, 1.0)))
    records = await stack.wait_calls(
        lambda found: any(each["connected_at"] for each in found), DEADLINE_S, "the conversation"
    )
    body = {
        "call": records[0]["id"],
        "topic": "exams",
        "question": "When is the deadline for the postponed exam?",
        "answer": "On 15 April.",
        "outcome": "answered",
    }
    status, entry = await asyncio.to_thread(console.ask, "POST", "/entries", body)
    assert status == 201, entry
    await call.hang_up()
    await ringing.wait_ended(DEADLINE_S)
    return await stack.wait_call(PERSON, DEADLINE_S)


async def hears_that_it_is_closed(stack: HotlineStack, telephones: Telephones, number: str) -> Record:
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(CLOSED)
    await call.wait_ended(DEADLINE_S)
    return await stack.wait_call(number, DEADLINE_S)


async def until(condition: Any, what: str) -> Any:
    async with asyncio.timeout(DEADLINE_S):
        while not (found := await condition()):
            await asyncio.sleep(0.1)
    assert found, what
    return found


async def test_a_day_with_postgresql(
    stack: HotlineStack,
    telephones: Telephones,
    receiver: HookReceiver,
    database: str,
    postgres: PostgresServer,
    tmp_path: Path,
) -> None:
    async with receiver:
        console = await asyncio.to_thread(Client, stack, "control")
        talk = await speaks_and_an_entry_is_written(stack, telephones, console)
        shut = await hears_that_it_is_closed(stack, telephones, OTHER)
        old = await hears_that_it_is_closed(stack, telephones, OLD)
        assert (talk["outcome"], talk["consent"], talk["recorded"]) == ("answered", "announced", 1)
        assert (shut["outcome"], old["outcome"]) == ("closed", "closed")
        await the_entry_is_found(stack, console, talk)
        await the_receiver_was_told(receiver, talk, shut, old)
    await the_recording_opens(stack, talk)
    await the_exports_hold_all(stack, tmp_path)
    assert (await even(stack))["arrivals"] == 3
    await a_lost_row_is_made_again(stack, database, shut)
    await old_logs_add_nothing(stack, tmp_path)
    await an_old_number_goes(stack, database, old)
    backup = (await run(stack, "backup", str(tmp_path / "backups")))["path"]
    await the_person_is_erased(stack, database)
    await the_backup_comes_back_without_the_person(stack, postgres, backup)


async def the_entry_is_found(stack: HotlineStack, console: Client, talk: Record) -> None:
    found = (await run(stack, "register", "search", "postpon", "deadl"))["found"]
    assert [each["entry"]["call"] for each in found] == [talk["id"]]
    status, page = await asyncio.to_thread(console.ask, "GET", "/entries/search?q=exam")
    assert (status, [each["entry"]["call"] for each in page["found"]]) == (200, [talk["id"]])
    status, story = await asyncio.to_thread(console.ask, "GET", f"/calls/{talk['id']}")
    assert (status, [each["topic"] for each in story["entries"]]) == (200, ["exams"])


async def the_receiver_was_told(receiver: HookReceiver, *calls: Record) -> None:
    wanted = {("call-ended", each["id"]) for each in calls}

    async def told() -> bool:
        return wanted <= {(each.body["event"], each.body["subject"]) for each in receiver.hooks}

    await until(told, "a message of each call")
    assert all(each.genuine for each in receiver.hooks)
    assert "entry-saved" in {each.body["event"] for each in receiver.hooks}


async def the_recording_opens(stack: HotlineStack, talk: Record) -> None:
    async def listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await run(stack, "recordings", "list"))["recordings"]
        return found

    (part,) = await until(listed, "the recording")
    assert (part["id"], part["encrypted"]) == (talk["id"], True)
    out = stack.folder / "talk.wav"
    done = await asyncio.to_thread(
        stack.hotline,
        *("recordings", "export", talk["id"], "--out", str(out), "--key", str(stack.folder / "key")),
    )
    assert (done.returncode, out.stat().st_size > 8_000) == (0, True), done.stderr
    out.unlink()


async def the_exports_hold_all(stack: HotlineStack, tmp_path: Path) -> None:
    legs, calls = tmp_path / "legs.ndjson", tmp_path / "calls.parquet"
    for kind, target in (("legs", legs), ("calls", calls)):
        done = await asyncio.to_thread(stack.hotline, "export", kind, "-o", str(target), deadline=90)
        assert done.returncode == 0, done.stderr
    assert [json.loads(each)["operator"] for each in legs.read_text().splitlines()] == ["anna"]
    assert pyarrow.parquet.read_table(calls).num_rows == 3
    made = await asyncio.to_thread(stack.hotline, "token", "create", "report", "--role", "read")
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    url = f"http://127.0.0.1:{stack.settings.http_port}/api/v1/exports/all?format=xlsx"
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        assert response.status == 200, await response.text()
        book = openpyxl.load_workbook(io.BytesIO(await response.read()))
    assert (book["Calls"].max_row, book["Entries"].max_row) == (4, 2)


async def a_lost_row_is_made_again(stack: HotlineStack, database: str, lost: Record) -> None:
    before = await asyncio.to_thread(stack.calls)
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("DELETE FROM call WHERE id = $1", lost["id"])
    finally:
        await connection.close()
    done = await run(stack, "refold")
    assert (done["made"], done["changed"]) == (1, 0), done
    assert await asyncio.to_thread(stack.calls) == before


async def old_logs_add_nothing(stack: HotlineStack, tmp_path: Path) -> None:
    copies = [
        shutil.copy(path, tmp_path / f"old-{path.name}")
        for path in (stack.settings.cel_file, stack.settings.queue_log_file)
    ]
    done = await run(stack, "ingest", *map(str, copies))
    assert (done["added"], done["rows_changed"], done["failed"]) == (0, 0, [])


async def an_old_number_goes(stack: HotlineStack, database: str, old: Record) -> None:
    ago = int(LONG_AGO.total_seconds() * 1_000_000)
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(
            "UPDATE call SET arrived_at = arrived_at - $1::bigint, ended_at = ended_at - $1::bigint,"
            " last_event_at = last_event_at - $1::bigint WHERE id = $2",
            ago,
            old["id"],
        )
        done = await asyncio.to_thread(stack.hotline, "privacy", "purge", deadline=90)
        assert done.returncode == 0, done.stdout + done.stderr
        numbers = await connection.fetch("SELECT caller FROM call ORDER BY arrived_at")
    finally:
        await connection.close()
    assert [each["caller"][0] for each in numbers] == ["~", "+", "+"]


async def the_person_is_erased(stack: HotlineStack, database: str) -> None:
    assert where_it_stands(stack.folder, PERSON), "or the search finds nothing ever"
    done = await run(stack, "privacy", "erase", PERSON)
    assert (done["found"], done["calls"]) == ([], 1)
    assert where_it_stands(stack.folder, PERSON) == []
    connection = await asyncpg.connect(database)
    try:
        row = await connection.fetchrow("SELECT question, answer, erased_at FROM register_entry WHERE latest")
        parts = await connection.fetchval("SELECT count(*) FROM recording WHERE removed_at IS NULL")
    finally:
        await connection.close()
    assert (row["question"], row["answer"], row["erased_at"] is not None, parts) == ("", "", True, 0)


async def the_backup_comes_back_without_the_person(
    stack: HotlineStack, postgres: PostgresServer, backup: str
) -> None:
    before = await asyncio.to_thread(stack.calls)
    await asyncio.to_thread(stack.stop)
    stack.variables["HOTLINE_DATABASE_URL"] = await asyncio.to_thread(postgres.new_database)
    await run(stack, "restore", backup)
    await asyncio.to_thread(stack.start)
    after = await stack.wait_calls(
        lambda found: len(found) == len(before) and all(each["finished"] for each in found), DEADLINE_S
    )
    assert after == before

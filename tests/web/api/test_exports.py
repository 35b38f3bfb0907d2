"""Exports over the interface: what is asked for, who may, the trail, and files that break off."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
from pathlib import Path

import openpyxl
import pytest
from aiohttp import ClientPayloadError
from aiohttp.test_utils import TestClient, TestServer

from hotline_ivr.errors import ArgumentError, ExportBroken, ExportBusy, StoreError
from hotline_ivr.launch.export_process import ExportProcesses
from tests.cli.test_main import folder
from tests.web.api.house import Caller, House

__all__ = ["folder"]


async def test_a_file_is_streamed_with_its_name_and_type(caller: Caller, house: House) -> None:
    response = await caller.ask("GET", "/exports/calls?since=2026-11-23T16:00:00Z&line=demo,info&excel=true")
    assert (response.status, await response.read()) == (200, b"first,second")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="calls-20261123T123000Z.csv"'
    ((*arguments, noted),) = house.exports
    assert arguments == [
        "calls",
        "--format",
        "csv",
        "--no-texts",
        "--since",
        "2026-11-23T16:00:00+00:00",
        "--line",
        "demo",
        "--line",
        "info",
        "--excel",
    ]
    assert house.exports_ended == 1
    (entry,) = house.trail.entries()
    assert (entry.action, entry.subject, entry.by) == ("export", "calls", "read token")
    assert entry.details["numbers"] == "masked"
    assert noted == f"--noted={entry.request_id}"


async def test_numbers_in_full_need_the_role(caller: Caller, house: House) -> None:
    await caller.problem(403, "GET", "/exports/calls?numbers=true")
    assert house.exports == []
    response = await caller.ask("GET", "/exports/calls?numbers=true", "control")
    assert response.status == 200
    assert house.exports[0][-2] == "--numbers"
    # What people said comes with the role.
    assert "--no-texts" not in house.exports[0]
    (entry,) = house.trail.entries()
    assert entry.details["numbers"] == "full"


@pytest.mark.parametrize(
    ("error", "status"),
    [(ExportBusy("later"), 503), (ArgumentError("no such kind"), 422), (StoreError("away"), 503)],
)
async def test_what_cannot_be_exported_is_a_problem(
    caller: Caller, house: House, error: Exception, status: int
) -> None:
    house.exported = error
    await caller.problem(status, "GET", "/exports/calls")


@pytest.mark.parametrize("query", ["format=pdf", "line=UPPER", "zone=;rm", "delimiter=tab", "unknown=1"])
async def test_wrong_values_start_nothing(caller: Caller, house: House, query: str) -> None:
    await caller.problem(422, "GET", f"/exports/calls?{query}")
    assert house.exports == []


async def test_what_is_not_in_the_trail_does_not_leave(caller: Caller, house: House) -> None:
    house.disk_full = True
    await caller.problem(503, "GET", "/exports/calls")
    assert house.exports == []


async def test_an_export_that_breaks_off_does_not_look_whole(caller: Caller, house: House) -> None:
    house.exported = ExportBroken("killed")
    response = await caller.ask("GET", "/exports/calls")
    with pytest.raises(ClientPayloadError):
        await response.read()
    assert house.exports_ended == 1


async def test_calls_are_listed_oldest_first_page_by_page(caller: Caller) -> None:
    found: list[str] = []
    params = {"order": "oldest", "limit": "2"}
    while True:
        page = await caller.get("/calls", params=params)
        found += [call["id"].rpartition(".")[2] for call in page["calls"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert found == ["0", "1", "2", "3", "4", "5", "6"]


# With real processes.


@pytest.fixture
def environment(folder: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_CONFIG", str(folder / "config"))
    monkeypatch.setenv("HOTLINE_STATE", str(folder / "state"))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database)


@pytest.mark.usefixtures("environment")
async def test_a_real_export_comes_through_the_service(house: House) -> None:
    processes = ExportProcesses()
    house.start_export = processes.start  # type: ignore[method-assign]
    async with TestClient(TestServer(house.app())) as client:
        caller = Caller(client, house.secrets)
        lines = (await (await caller.ask("GET", "/exports/calls?format=ndjson")).text()).splitlines()
        assert [json.loads(line)["id"].rpartition(".")[2] for line in lines] == list("0123456")
        data = await (await caller.ask("GET", "/exports/all?format=xlsx")).read()
        book = openpyxl.load_workbook(io.BytesIO(data))
        assert book.sheetnames == ["Calls", "Legs", "Operators", "Pauses", "Costs", "Promises", "Entries"]
        assert book["Calls"].max_row == 8
        problem = await caller.problem(422, "GET", "/exports/nonsense")
        assert "there is no kind 'nonsense'" in problem["detail"]
        await caller.problem(422, "GET", "/exports/all?format=csv")


def _script(path: Path, text: str) -> tuple[str, ...]:
    path.write_text(text)
    return (sys.executable, str(path))


async def test_only_so_many_exports_at_once_and_each_ends_with_its_reader(tmp_path: Path) -> None:
    endless = "import sys\nwhile True: sys.stdout.write('x' * 100000)"
    processes = ExportProcesses(_script(tmp_path / "endless.py", endless), at_once=1)
    pieces = await processes.start(["calls"])
    with pytest.raises(ExportBusy):
        await processes.start(["calls"])
    assert await anext(pieces)
    await pieces.aclose()
    again = await processes.start(["calls"])
    await again.aclose()


async def test_an_export_that_is_killed_breaks_off(tmp_path: Path) -> None:
    script = "import os, sys, time\nprint(os.getpid(), flush=True)\nsys.stdin.read()\ntime.sleep(60)"
    processes = ExportProcesses(_script(tmp_path / "slow.py", script))
    pieces = await processes.start(["calls"])
    pid = int(await anext(pieces))
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ExportBroken, match="-9"):
        async with asyncio.timeout(20):
            await anext(pieces)


async def test_an_export_whose_reader_has_gone_takes_away_what_it_has_begun(tmp_path: Path) -> None:
    """As a spooled one: callers' numbers lie in a file of the state folder until it ends."""
    begun = tmp_path / "draft"
    script = f"""
import pathlib, signal, sys, time
draft = pathlib.Path({str(begun)!r})
signal.signal(signal.SIGTERM, signal.default_int_handler)
draft.write_text("+4798765432")
try:
    print("begun", flush=True)
    time.sleep(60)
finally:
    draft.unlink()
"""
    processes = ExportProcesses(_script(tmp_path / "spooled.py", script))
    pieces = await processes.start(["calls"])
    assert begun.exists()
    await pieces.aclose()
    assert not begun.exists()


async def test_an_export_that_does_not_end_when_it_is_told_to_is_killed(tmp_path: Path) -> None:
    script = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(60)
"""
    processes = ExportProcesses(_script(tmp_path / "deaf.py", script), patience=0.1)
    pieces = await processes.start(["calls"])
    pid = int(await anext(pieces))
    await pieces.aclose()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)

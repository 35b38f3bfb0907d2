"""`hotline calls` on a terminal and as JSON."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from hotline_ivr.cli.calls import app
from hotline_ivr.cli.calls_view import local_time
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.caller import mask
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.kept import keep_events, keep_queue_events
from hotline_ivr.routing.ledger import Batch, KeptEvents, Position
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from tests.plans import DEMO
from tests.routing.call_tables import CALL, FOLDER, START, RecordedCall, read_call


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    config = tmp_path / "hotline.yaml"
    config.write_text(DEMO)
    monkeypatch.setenv("HOTLINE_DATABASE_URL", url)
    monkeypatch.setenv("HOTLINE_CONFIG", str(config))
    monkeypatch.setenv("HOTLINE_STATE", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return url


def record_of(recorded: RecordedCall) -> CallRecord:
    record = fold(recorded.events, recorded.queue_events, node="main")
    assert record is not None
    return record


def store_calls(url: str, *records: CallRecord) -> None:
    recorded = read_call(FOLDER / "answered_caller_hangs_up.txt")
    kept = [
        KeptEvents("main", CALL, "cel", 1, 0, keep_events(recorded.events)),
        KeptEvents("main", CALL, "queue_log", 1, 0, keep_queue_events(recorded.queue_events)),
    ]

    async def write() -> None:
        await upgrade(url)
        store = open_store(url)
        moves = [(None, Position(Source.CEL, 1, 1, 1, "1:a"))]
        await DatabaseLedger(store, "main").commit(Batch("main", moves=moves, records=records, events=kept))
        await store.close()

    asyncio.run(write())


@pytest.fixture
def stored(url: str) -> str:
    """Two calls."""
    answered = record_of(read_call(FOLDER / "answered_caller_hangs_up.txt"))
    closed = record_of(read_call(FOLDER / "closed_heard_in_full.txt"))
    later = closed._replace(id=f"main-{START}.5", arrived_at=closed.arrived_at + 60_000_000)
    store_calls(url, answered, later)
    return url


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.usefixtures("stored")
def test_the_list_has_a_line_a_call_newest_first_with_masked_numbers_and_local_times() -> None:
    heading, closed, answered = run().splitlines()
    columns = "arrived line caller outcome stage wait talk operator id"
    assert heading.split() == columns.split()
    assert answered.split() == (
        f"2026-11-23 17:23:20 +0100 demo +47 •••• 432 answered talk 0.0 s 3.1 s anna {CALL}".split()
    )
    assert "closed" in closed
    assert "98765432" not in answered


@pytest.mark.usefixtures("stored")
def test_numbers_and_names_are_shown_when_asked_for() -> None:
    assert "+4798765432 Kåre" in run("--numbers")
    assert "caller +4798765432 Kåre" in run("show", CALL, "--numbers")


@pytest.mark.usefixtures("stored")
def test_a_call_is_shown_as_the_table_that_tests_are_made_of(tmp_path: Path) -> None:
    table = tmp_path / "table.txt"
    table.write_text(run("show", CALL, "--table"), encoding="utf-8")
    assert record_of(read_call(table)).outcome == "answered"
    assert "outcome answered" in table.read_text(encoding="utf-8")


@pytest.mark.usefixtures("stored")
def test_the_list_as_json_has_a_schema_and_every_field() -> None:
    answer = json.loads(run("--json"))
    assert answer["schema"] == "hotline/calls/1"
    call = answer["calls"][1]
    assert (call["outcome"], call["arrived_at"]) == ("answered", "2026-11-23T16:23:20.000000Z")
    assert (call["caller"], call["caller_name"]) == ("+47 •••• 432", "")
    assert json.loads(run("--json", "--numbers"))["calls"][1]["caller_name"] == "Kåre"


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--line", "shut"], ["closed"]),
        (["--outcome", "answered"], ["answered"]),
        (["--limit", "1"], ["closed"]),
        (["--line", "demo", "--since", "2026-11-23T17:23:20"], ["answered"]),
        (["--since", "2026-11-23T17:24:00+01:00"], ["closed"]),
        (["--until", "2026-11-23T16:24:00Z"], ["answered"]),
        (["--since", "2026-11-24"], []),
    ],
)
def test_calls_are_chosen_by_time_line_and_outcome(arguments: list[str], found: list[str]) -> None:
    assert [call["outcome"] for call in json.loads(run("--json", *arguments))["calls"]] == found


@pytest.mark.usefixtures("stored")
def test_one_call_is_shown_event_by_event() -> None:
    lines = run("show", CALL).splitlines()
    assert lines[0].startswith(f"{CALL} 2026-11-23 17:23:20 +0100 line demo, number +4722851235")
    assert lines[1] == "caller +47 •••• 432, answered, ended by caller"
    assert lines[2] == "wait 0.0 s, talk 3.1 s, in all 6.0 s"
    assert any(line.split() == ["+2.858", "s", "anna", "rings"] for line in lines)
    assert any(line.split() == ["queue", "log:", "anna", "connected"] for line in lines)
    story = json.loads(run("show", CALL, "--json"))
    assert story["schema"] == "hotline/call/1"
    assert story["legs"][0]["operator"] == "anna"
    assert story["events"][8]["text"] == "anna rings"
    assert story["events"][8]["after_s"] == 2.858


@pytest.mark.usefixtures("stored")
def test_a_call_nobody_made_is_a_finding() -> None:
    result = CliRunner().invoke(app, ["show", "main-1.1\x1b[2J"])
    assert result.exit_code == 1
    assert "\x1b" not in result.output


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("arguments", [["--since", "yesterday"], ["--limit", "0"], ["--outcome", "won"]])
def test_arguments_that_mean_nothing_are_wrong_usage(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_hostile_text_never_reaches_the_terminal(url: str) -> None:
    """Whatever got into the database, by whatever way."""
    hostile = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\r\nforged line [red]x[/red]"
    call = record_of(read_call(FOLDER / "answered_caller_hangs_up.txt"))
    call = call._replace(line=hostile, number=hostile, caller=hostile, caller_name=hostile)
    store_calls(url, call._replace(operator=hostile, queue=hostile, reasons=hostile))
    for shown in (run("--numbers"), run("show", CALL, "--numbers")):
        assert not set(shown) & set("\x1b\x07\r\u202e")
        assert "[red]" in shown, "markup is shown, not obeyed"
    assert len(run("--numbers").splitlines()) == 2
    assert not set(run("--numbers", "--json")) & set("\x1b\x07\r\u202e")


@pytest.mark.usefixtures("url")
def test_no_database_is_an_error_with_its_remedy_and_none_is_created(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist yet: `hotline serve` creates it"):
        run()
    assert not (tmp_path / "hotline.db").exists()


@pytest.mark.usefixtures("stored")
def test_the_record_is_shown_also_beside_a_broken_configuration(tmp_path: Path) -> None:
    (tmp_path / "hotline.yaml").write_text("lines: [")
    assert "answered" in run()


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+4798765432", "+47 •••• 432"),
        ("98765432", "•••• 432"),
        ("112", "••••"),
        ("", ""),
    ],
)
def test_masked_numbers_can_be_told_apart_but_not_called(number: str, masked: str) -> None:
    assert mask(number) == masked


def test_times_are_the_lines_own_with_their_offset() -> None:
    winter, summer = datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 7, 1, 12, tzinfo=UTC)
    oslo = ZoneInfo("Europe/Oslo")
    assert local_time(winter, oslo) == "2026-01-01 13:00:00 +0100"
    assert local_time(summer, oslo) == "2026-07-01 14:00:00 +0200"

"""`hotline export` as a process: files, pipes, and kills."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from hotline_ivr.cli.main import app
from hotline_ivr.config.check import check
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.errors import ArgumentError
from hotline_ivr.launch.plans import keep
from hotline_ivr.settings import Settings
from tests.cli.test_calls import stored, url

__all__ = ["stored", "url"]

pytestmark = pytest.mark.timeout(120)

CONFIG = Path(__file__).parents[2] / "config"


def run(*arguments: str) -> Result:
    """In this process: to start one takes longer than the export."""
    return CliRunner().invoke(app, ["export", *arguments])


@pytest.mark.usefixtures("stored")
def test_a_file_is_made_by_its_name_and_noted_in_the_trail(tmp_path: Path) -> None:
    target = tmp_path / "out" / "calls.xlsx"
    target.parent.mkdir()
    done = run("all", "-o", str(target), "--since", "2020-01-01")
    assert (done.exit_code, done.stdout) == (0, ""), done.stderr
    assert done.stderr.endswith(" rows\n")
    assert openpyxl.load_workbook(target)["Calls"].max_row == 3
    assert list(target.parent.iterdir()) == [target]
    (entry,) = AuditTrail(tmp_path / "audit.jsonl").entries()
    assert (entry.action, entry.subject, entry.details["numbers"]) == ("export", "all", "masked")


@pytest.mark.usefixtures("stored")
def test_nobody_gets_around_the_trail_by_saying_that_it_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "nice", lambda _: 0)
    trail = AuditTrail(tmp_path / "audit.jsonl")
    entry = AuditEntry(datetime.now(UTC), "x", "rest", "export", "calls", {"numbers": "masked"}, "r1")
    old = replace(entry, at=entry.at - timedelta(hours=1), request_id="r0")
    trail.note(old)
    trail.note(entry)
    assert run("calls", "--noted=r1").exit_code == 0
    assert len(list(trail.entries())) == 2
    said = [["calls", "--noted=r0"], ["calls", "--noted=r2"], ["legs", "--noted=r1"]]
    for each in (*said, ["calls", "--noted=r1", "--numbers"]):
        before = len(list(trail.entries()))
        assert run(*each).exit_code == 0
        assert len(list(trail.entries())) == before + 1, each


@pytest.mark.usefixtures("stored")
def test_csv_goes_into_a_pipe_masked_unless_asked_for() -> None:
    done = run("calls")
    rows = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
    assert len(rows) == 2
    assert all("•" in row["caller"] or not row["caller"] for row in rows)
    assert done.stderr == ""
    full = run("calls", "--numbers", "--format", "ndjson", "--zone", "UTC")
    told = [json.loads(line) for line in full.stdout.splitlines()]
    assert any(row["caller"].startswith("+") for row in told)
    assert all(row["arrived_at"].endswith("+00:00") for row in told)


@pytest.mark.usefixtures("stored")
def test_what_makes_no_sense_is_refused_and_makes_nothing(tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    for arguments in (["nonsense"], ["all"]):
        assert isinstance(run(*arguments, "-o", str(tmp_path / "x.csv")).exception, ArgumentError)
    for arguments in (["calls", "--zone", "Mars/Base"], ["calls", "--since", "then"]):
        assert run(*arguments, "-o", str(tmp_path / "x.csv")).exit_code == 2
    assert sorted(tmp_path.iterdir()) == before
    done = run("calls", "-o", str(tmp_path / "no" / "x.csv"))
    assert isinstance(done.exception, FileNotFoundError)


@pytest.mark.usefixtures("stored")
def test_a_terminal_shows_how_far_it_is(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "hotline_ivr", "export", "calls", "-o", str(tmp_path / "x.csv")]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(
        command, stderr=theirs, stdout=theirs, stdin=subprocess.DEVNULL, env=environment
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # what a terminal says when nobody is there any more
        pass
    os.close(ours)
    assert process.wait() == 0
    assert b"Calls" in shown
    assert b"2/2" in shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.usefixtures("stored")
def test_an_export_that_is_stopped_leaves_nothing_half(tmp_path: Path, number: signal.Signals) -> None:
    """It is held up in its middle by a pipe that nobody reads: a spreadsheet's packing, say."""
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / "calls.csv"
    script = (
        "import sys, time, hotline_ivr.exports.formats as formats\n"
        "from hotline_ivr.cli.main import main\n"
        "class Held(formats.CsvWriter):\n"
        "    def write(self, rows):\n"
        "        super().write(rows)\n"
        "        self._text.flush()\n"
        "        print('held', flush=True)\n"
        "        time.sleep(60)\n"
        "import hotline_ivr.exports.writing as writing\n"
        "writing.CsvWriter = Held\n"
        f"sys.argv = ['hotline', 'export', 'calls', '-o', {str(target)!r}]\n"
        "main()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, env=os.environ, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert not target.exists()
    process.send_signal(number)
    process.wait(20)
    process.stdout.close()
    assert not target.exists()
    if number is signal.SIGKILL:
        assert run("calls", "-o", str(target)).exit_code == 0
        assert list(folder.iterdir()) == [target]
    else:
        assert process.returncode == 130
        assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("stored")
def test_whoever_has_read_enough_of_a_pipe_is_told_nothing() -> None:
    command = [sys.executable, "-m", "hotline_ivr", "export", "calls"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ)
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate(timeout=60)
    assert b"Traceback" not in said
    assert process.returncode == 1


@pytest.mark.usefixtures("stored")
def test_a_disk_that_is_full_is_said_to_be_so() -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "hotline_ivr", "export", "calls", "--format", "xlsx"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=os.environ, check=False)
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr


@pytest.mark.usefixtures("stored")
def test_costs_without_a_configuration_are_refused_and_go_by_that_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file without a row would say that calls cost nothing."""
    folder = tmp_path / "spoilt"
    folder.mkdir()
    (folder / "lines.yaml").write_text("lines: [", encoding="utf-8")
    monkeypatch.setenv("HOTLINE_CONFIG", str(folder))
    monkeypatch.setenv("HOTLINE_STATE", str(tmp_path))
    refused = run("costs", "--since", "2020-01-01")
    assert isinstance(refused.exception, ArgumentError)
    assert "cannot be told without contracts" in str(refused.exception)
    # Whatever else is known does not need it.
    assert run("all", "-o", str(tmp_path / "all.xlsx"), "--since", "2020-01-01").exit_code == 0
    settings = Settings.from_environment()
    good = check(CONFIG).plan
    assert good is not None
    keep(settings, CONFIG, good)
    assert run("costs", "--since", "2020-01-01").exit_code == 0

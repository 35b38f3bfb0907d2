"""`hotline backup` on the command line: who took everything out is known."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline_ivr.cli.main import app
from hotline_ivr.cli.person import person
from hotline_ivr.control.audit import AuditTrail
from tests.calls.asterisk_files import a_call
from tests.launch.privacy.persons import a_node


def test_a_backup_stands_in_the_trail_also_one_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    place = a_node(tmp_path, url)
    place.write(a_call("answered_caller_hangs_up"))
    asyncio.run(place.keep())
    for name, value in (
        ("CONFIG", tmp_path / "config"),
        ("STATE", tmp_path / "state"),
        ("DATABASE_URL", url),
    ):
        monkeypatch.setenv(f"HOTLINE_{name}", str(value))
    where, nowhere = tmp_path / "backups", tmp_path / "no" / "such" / "folder"
    where.mkdir()
    codes = [CliRunner().invoke(app, ["backup", str(each)]).exit_code for each in (where, nowhere)]
    assert codes[0] == 0
    assert len(list(where.glob("*.tar.gz"))) == 1
    noted = [each for each in AuditTrail(place.settings.audit_file).entries() if each.action == "backup"]
    assert [(each.by, each.via, each.details["file"]) for each in noted] == [
        (person(), "command", str(each)) for each in (where, nowhere)
    ]

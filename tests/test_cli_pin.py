"""PINs from the terminal: printed alone, once; never an argument; no word of them in the trail."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline_ivr.cli_pin import app
from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.control.pins import PinsFile
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import PinError


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOTLINE_STATE", str(tmp_path))
    monkeypatch.setenv("SUDO_USER", "kari")
    return tmp_path


def run(*arguments: str, given: str | None = None) -> tuple[str, str]:
    result = CliRunner().invoke(app, list(arguments), input=given, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_a_pin_is_made_up_printed_alone_and_in_no_file(state: Path) -> None:
    out, err = run("set", "ola", "--role", "admin")
    pin = out.strip()
    found = PinsFile(state / "pins.json").holder(pin, datetime.now(UTC))
    assert found is not None
    assert (found.person, found.role) == ("ola", Role.ADMIN)
    assert pin not in err
    assert not [file for file in state.iterdir() if pin in file.read_text()]
    (entry,) = AuditTrail(state / "audit.jsonl").entries()
    assert (entry.by, entry.action, entry.subject) == ("kari", "pin.set", "ola")


def test_a_chosen_pin_is_read_and_not_repeated(state: Path) -> None:
    out, _ = run("set", "ola", "--ask", given="907142\n")
    assert out == ""
    assert PinsFile(state / "pins.json").holder("907142", datetime.now(UTC)) is not None


@pytest.mark.usefixtures("state")
def test_a_weak_pin_is_refused() -> None:
    with pytest.raises(PinError, match="in a row"):
        run("set", "ola", "--ask", given="123456\n")


def test_who_has_a_pin_is_listed_and_a_revoked_one_is_gone(state: Path) -> None:
    assert "no PINs" in run("list")[0]
    run("set", "ola")
    assert "ola  control" in run("list")[0]
    (listed,) = json.loads(run("list", "--json")[0])["pins"]
    assert (listed["person"], listed["role"], listed["good"]) == ("ola", "control", True)
    run("revoke", "ola")
    assert PinsFile(state / "pins.json").all() == ()

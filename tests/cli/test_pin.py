"""PINs from the terminal: printed alone, once; never an argument; no word of them in the trail."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline_ivr.cli.pin import app
from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.control.pin_guard import ALL_TRIES, PinGuard
from hotline_ivr.control.pins import PinsFile
from hotline_ivr.control.tokens import Role
from hotline_ivr.control.trail_names import named_in_trail
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


def test_who_is_locked_out_is_shown_and_let_in_again(state: Path) -> None:
    assert "nobody is locked out" in run("locked")[0]
    guard = PinGuard(state / "pin-tries.json", lambda: datetime.now(UTC))
    for _ in range(3):
        guard.begin("+4790000001", inside=False)
        guard.begin("phone anna.k3v9", inside=True)
    assert "+4790000001  3 wrong PINs, until " in run("locked")[0]
    told = json.loads(run("locked", "--json")[0])
    assert [each["caller"] for each in told["callers"]] == ["+4790000001", "phone anna.k3v9"]
    assert told["all_outside_until"] is None

    assert run("unlock", "+47 90 00 00 01")[0] == "+4790000001: may try again\n"
    assert run("unlock", "anna.k3v9")[0] == "phone anna.k3v9: may try again\n"
    assert "nobody is locked out" in run("locked")[0]
    entries = [
        (entry.by, entry.action, entry.subject) for entry in AuditTrail(state / "audit.jsonl").entries()
    ]
    pseudonym = named_in_trail(state / "number.key", "+4790000001", "NO")
    assert pseudonym.startswith("~")
    assert set(entries) == {("kari", "pin.unlock", pseudonym), ("kari", "pin.unlock", "phone anna.k3v9")}
    assert guard.begin("+4790000001", inside=False)


def test_all_are_let_in_again_at_once(state: Path) -> None:
    guard = PinGuard(state / "pin-tries.json", lambda: datetime.now(UTC))
    for number in range(ALL_TRIES):
        guard.begin(f"+479000{number:04}", inside=False)
    assert "all outside" in run("locked")[0]
    run("unlock", "--all")
    assert "nobody is locked out" in run("locked")[0]
    assert guard.begin("+4790000001", inside=False)


@pytest.mark.usefixtures("state")
def test_whom_nobody_knows_or_named_cannot_be_let_in() -> None:
    with pytest.raises(PinError, match=r"'\+4790000009' has no wrong PINs; locked out: nobody"):
        run("unlock", "+4790000009")
    for arguments in (["unlock"], ["unlock", "+4790000009", "--all"]):
        assert CliRunner().invoke(app, arguments).exit_code == 2

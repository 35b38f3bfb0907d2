"""Tokens from the terminal: the secret alone on standard output, once, and everything in the trail."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline_ivr.cli.token import app
from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.control.tokens import Role, TokensFile
from hotline_ivr.errors import TokenError


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOTLINE_STATE", str(tmp_path))
    monkeypatch.setenv("SUDO_USER", "kari")
    monkeypatch.setenv("TZ", "UTC")
    return tmp_path


def run(*arguments: str) -> tuple[str, str]:
    """Standard output and standard error."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_the_secret_stands_alone_so_that_it_can_be_piped(state: Path) -> None:
    out, err = run("create", "website", "--role", "control")
    held = TokensFile(state / "tokens.json").holder(out.removesuffix("\n"), datetime.now(UTC))
    assert held is not None
    assert (held.name, held.role) == ("website", Role.CONTROL)
    assert err.startswith("website: role control, expires 20")
    assert out.strip() not in err


def test_a_token_ends_after_ninety_days_unless_told_otherwise(state: Path) -> None:
    run("create", "website", "--role", "read")
    (token,) = TokensFile(state / "tokens.json").all()
    assert token.expires is not None
    assert token.expires - token.created == timedelta(days=90)


@pytest.mark.parametrize(
    ("end", "expires"),
    [
        ("never", None),
        ("2099-01-31", datetime(2099, 1, 31, tzinfo=UTC)),
        ("2099-01-31T12:00:00+02:00", datetime(2099, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_an_end_may_be_a_date_or_never(state: Path, end: str, expires: datetime | None) -> None:
    # The machine's own zone is part of what a bare date means.
    local = expires if expires is None or "T" in end else expires.replace(tzinfo=None).astimezone(UTC)
    out, _ = run("create", "website", "--role", "read", "--expires", end, "--json")
    made = json.loads(out)
    assert made["schema"] == "hotline/token/1"
    assert made["expires"] == (local.isoformat() if local else None)
    assert TokensFile(state / "tokens.json").all()[0].expires == local


@pytest.mark.parametrize("end", ["soon", "", "90", "-1d", "99999d", "2099-02-30", "0001-01-01"])
def test_an_end_that_is_none_makes_no_token(state: Path, end: str) -> None:
    result = CliRunner().invoke(app, ["create", "website", "--role", "read", "--expires", end])
    assert result.exit_code != 0
    assert result.stdout == ""
    assert TokensFile(state / "tokens.json").all() == ()


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize("arguments", [["create", "website"], ["create", "website", "--role", "root"]])
def test_a_role_must_be_said_and_be_one(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


@pytest.mark.usefixtures("state")
def test_a_name_is_good_for_one_token() -> None:
    run("create", "website", "--role", "read")
    with pytest.raises(TokenError, match="there is a token 'website' already"):
        run("create", "website", "--role", "read")


@pytest.mark.usefixtures("state")
def test_tokens_are_listed_with_role_and_end_and_without_secrets() -> None:
    assert run("list")[0] == "no tokens: `hotline token create NAME --role read` makes one\n"
    secrets = [
        run("create", "website", "--role", "read", "--expires", "2099-01-31")[0].strip(),
        run("create", "control room", "--role", "control", "--expires", "never")[0].strip(),
    ]
    first, second = run("list")[0].splitlines()
    assert first.startswith("website       read     made 20")
    assert first.endswith("expires 2099-01-31 00:00")
    assert second.startswith("control room  control  made 20")
    assert second.endswith("expires never")
    listed = json.loads(run("list", "--json")[0])
    assert [(each["name"], each["good"]) for each in listed["tokens"]] == [
        ("website", True),
        ("control room", True),
    ]
    assert not any(secret in str(listed) + first + second for secret in secrets)


def test_a_revoked_token_is_gone_at_once(state: Path) -> None:
    out, _ = run("create", "website", "--role", "read")
    assert run("revoke", "website")[0] == "website: is no longer good\n"
    assert TokensFile(state / "tokens.json").holder(out.strip(), datetime.now(UTC)) is None
    with pytest.raises(TokenError, match="there is no token 'website'; there is: none"):
        run("revoke", "website")


def test_who_made_and_revoked_which_token_is_in_the_trail(state: Path) -> None:
    out, _ = run("create", "website", "--role", "admin", "--expires", "never")
    run("revoke", "website")
    made, revoked = AuditTrail(state / "audit.jsonl").entries()
    assert (made.by, made.via, made.action, made.subject) == ("kari", "command", "token.create", "website")
    assert made.details == {"role": "admin", "expires": "never"}
    assert revoked.action == "token.revoke"
    assert out.strip() not in (state / "audit.jsonl").read_text()


def test_a_trail_that_cannot_be_written_is_told_and_the_secret_is_not_lost(state: Path) -> None:
    (state / "audit.jsonl").mkdir()
    result = CliRunner().invoke(app, ["create", "website", "--role", "read"])
    assert isinstance(result.exception, TokenError)
    assert "does not stand in the trail" in str(result.exception)
    assert TokensFile(state / "tokens.json").holder(result.stdout.strip(), datetime.now(UTC)) is not None

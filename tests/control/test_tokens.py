"""Tokens are good for their role and their time, and nobody can read them back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.control.tokens import PREFIX, Role, TokensFile
from hotline_ivr.errors import TokenError

NOW = datetime(2026, 9, 30, 12, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tokens.json"


def test_a_token_is_known_by_its_secret_alone(file: Path) -> None:
    secret = TokensFile(file).make("website", Role.READ, NOW, NOW + YEAR)
    held = TokensFile(file).holder(secret, NOW)
    assert held is not None
    assert (held.name, held.role) == ("website", Role.READ)
    for wrong in ("", PREFIX, secret[:-1], secret + "x", secret.swapcase(), "\ud800", PREFIX + "x" * 5000):
        assert TokensFile(file).holder(wrong, NOW) is None


def test_the_file_holds_no_secret_and_is_its_owners_alone(file: Path) -> None:
    secret = TokensFile(file).make("website", Role.READ, NOW, None)
    assert secret.removeprefix(PREFIX) not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_two_secrets_are_never_alike(file: Path) -> None:
    tokens = TokensFile(file)
    assert len({tokens.make(f"token {number}", Role.READ, NOW, None) for number in range(20)}) == 20


def test_an_expired_token_is_none(file: Path) -> None:
    tokens = TokensFile(file)
    secret = tokens.make("website", Role.READ, NOW, NOW + YEAR)
    assert tokens.holder(secret, NOW + YEAR - timedelta(seconds=1)) is not None
    assert tokens.holder(secret, NOW + YEAR) is None


def test_a_token_that_is_revoked_elsewhere_ends_at_once(file: Path) -> None:
    service = TokensFile(file)
    secret = service.make("website", Role.ADMIN, NOW, None)
    assert service.holder(secret, NOW) is not None
    TokensFile(file).revoke("website")
    assert service.holder(secret, NOW) is None
    file.unlink()
    assert service.holder(secret, NOW) is None


def test_names_are_unique_and_plain(file: Path) -> None:
    tokens = TokensFile(file)
    tokens.make("website", Role.READ, NOW, None)
    with pytest.raises(TokenError, match="a token 'website' already"):
        tokens.make("website", Role.ADMIN, NOW, None)
    for name in ("", " ", "a\nb", "x" * 61, "<b>"):
        with pytest.raises(TokenError, match="is no name"):
            tokens.make(name, Role.READ, NOW, None)
    with pytest.raises(TokenError, match="there is no token 'web'; there is: website"):
        tokens.revoke("web")


def test_a_token_cannot_be_born_expired(file: Path) -> None:
    with pytest.raises(TokenError, match="later end"):
        TokensFile(file).make("website", Role.READ, NOW, NOW)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "holds no tokens"),
        ('{"schema": "hotline/tokens/9"}', "another version"),
        ("[]", "holds no tokens"),
    ],
)
def test_a_spoilt_file_lets_nobody_in_and_says_why(file: Path, text: str, why: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(TokenError, match=why):
        TokensFile(file).holder(PREFIX + "x", NOW)


def test_each_role_may_do_what_the_lesser_ones_may() -> None:
    assert Role.READ < Role.CONTROL < Role.ADMIN

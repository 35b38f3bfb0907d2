"""Secrets are made once and kept."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hotline_ivr.asterisk.secrets import ensure_secrets, random_text
from hotline_ivr.errors import SetupError


def test_secrets_are_made_once_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secrets.yaml"
    first = ensure_secrets(path, ["anna"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ensure_secrets(path, ["anna"]) == first


def test_a_new_operator_gets_secrets_and_nobody_loses_theirs(tmp_path: Path) -> None:
    path = tmp_path / "secrets.yaml"
    first = ensure_secrets(path, ["anna"])
    second = ensure_secrets(path, ["anna", "bjorn"])
    assert second.phone("anna") == first.phone("anna")
    assert second.ami == first.ami
    assert second.phone("bjorn").secret != second.phone("anna").secret


def test_an_account_begins_with_the_operators_id_and_cannot_be_guessed(tmp_path: Path) -> None:
    account = ensure_secrets(tmp_path / "secrets.yaml", ["anna"]).phone("anna").account
    name, _, tail = account.partition(".")
    assert name == "anna"
    assert len(tail) == 4


@pytest.mark.parametrize(
    "text", ["", "ami: [", "ami: {}\noperators: {}\n", "operators: 3\nami: {secret: x}\n", "\x00"]
)
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secrets.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SetupError, match=r"(?s)secrets\.yaml.*mend it or remove it"):
        ensure_secrets(path, ["anna"])
    assert path.read_text(encoding="utf-8") == text


def test_secrets_have_no_letters_that_look_alike() -> None:
    assert not set("0Oo1lI") & set(random_text(2000))

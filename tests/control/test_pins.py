"""PINs: made up or chosen, never kept in plain, and found by themselves alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.control.pins import PinsFile, weakness
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import PinError

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "pin",
    [
        "12345",
        "1234567890123",
        "123456",
        "987654",
        "890123",
        "111111",
        "112112",
        "121212",
        "45454545",
        "12a456",
    ],
)
def test_a_weak_pin_is_refused(pin: str, tmp_path: Path) -> None:
    assert weakness(pin)
    with pytest.raises(PinError, match="will not do"):
        PinsFile(tmp_path / "pins.json").set("kari", Role.CONTROL, NOW, None, pin)


def test_a_pin_finds_its_holder_until_it_ends_and_stands_nowhere(tmp_path: Path) -> None:
    file = PinsFile(tmp_path / "pins.json")
    pin = file.set("kari", Role.CONTROL, NOW, NOW + timedelta(days=1))
    assert len(pin) == 8
    assert weakness(pin) is None
    found = file.holder(pin, NOW)
    assert found is not None
    assert (found.person, found.role) == ("kari", Role.CONTROL)
    assert file.holder(pin, NOW + timedelta(days=1)) is None
    assert file.holder("907142", NOW) is None
    assert pin not in (tmp_path / "pins.json").read_text()
    assert (tmp_path / "pins.json").stat().st_mode & 0o077 == 0


def test_a_new_pin_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    file = PinsFile(tmp_path / "pins.json")
    old = file.set("kari", Role.READ, NOW, None)
    new = file.set("kari", Role.ADMIN, NOW, None)
    assert file.holder(old, NOW) is None
    assert file.holder(new, NOW) == file.all()[0]
    assert file.is_good("kari", Role.ADMIN, NOW)


def test_two_people_never_have_the_same_pin(tmp_path: Path) -> None:
    file = PinsFile(tmp_path / "pins.json")
    file.set("kari", Role.READ, NOW, None, "907142")
    with pytest.raises(PinError, match="choose another"):
        file.set("ola", Role.READ, NOW, None, "907142")


def test_a_revoked_pin_is_good_for_nothing_at_once(tmp_path: Path) -> None:
    file = PinsFile(tmp_path / "pins.json")
    pin = file.set("kari", Role.CONTROL, NOW, None)
    file.revoke("kari")
    assert file.holder(pin, NOW) is None
    assert not file.is_good("kari", Role.READ, NOW)
    with pytest.raises(PinError, match="has no PIN"):
        file.revoke("kari")

"""One process of a kind for each state folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.launch.locking import holder, only_one


def test_a_second_service_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    lock = tmp_path / "service.lock"
    refused = pytest.raises(SetupError, match=rf"A service already runs .* \(process {os.getpid()}\)")
    with only_one(lock, "A service"), refused, only_one(lock, "A service"):
        pass


def test_the_next_one_may_start_when_the_first_is_gone(tmp_path: Path) -> None:
    lock = tmp_path / "service.lock"
    with only_one(lock, "A service"):
        pass
    with only_one(lock, "A service"):
        assert lock.read_text() == f"{os.getpid()}\n"


def test_who_holds_a_folder_is_seen_without_taking_it(tmp_path: Path) -> None:
    lock = tmp_path / "service.lock"
    assert holder(lock) is None
    with only_one(lock, "A service"):
        assert holder(lock) == os.getpid()
    lock.write_text("99999999\n", encoding="ascii")
    assert holder(lock) is None

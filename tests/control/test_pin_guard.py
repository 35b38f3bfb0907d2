"""Guessing PINs: few tries, longer and longer lockouts, and a bound over all callers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.control.pin_guard import ALL_TRIES, ALL_WITHIN, FIRST_LOCK, FORGET, PinGuard
from hotline_ivr.files import locked


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 9, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(tmp_path: Path, clock: Clock) -> PinGuard:
    return PinGuard(tmp_path / "tries.json", clock)


def wrong(guard: PinGuard, times: int, caller: str = "+4790000001") -> None:
    for _ in range(times):
        assert guard.begin(caller, inside=False)


def test_each_wrong_try_after_the_third_doubles_the_lockout(guard: PinGuard, clock: Clock) -> None:
    wrong(guard, 2)
    assert not guard.is_locked("+4790000001", inside=False)
    wrong(guard, 1)
    for doubled in (1, 2, 4, 8):
        assert not guard.begin("+4790000001", inside=False)
        clock.now += FIRST_LOCK * doubled - timedelta(seconds=1)
        assert guard.is_locked("+4790000001", inside=False)
        clock.now += timedelta(seconds=1)
        wrong(guard, 1)


def test_a_hundred_calls_at_once_have_three_tries(guard: PinGuard) -> None:
    assert sum(guard.begin("+4790000001", inside=False) for _ in range(100)) == 3


def test_who_begins_a_call_does_not_wait_for_a_try_that_is_being_written_down(
    guard: PinGuard, tmp_path: Path
) -> None:
    wrong(guard, 3)
    with locked(tmp_path / ".tries.json.lock"):
        # It holds the guard's own lock, and waits for that of the file.
        trying = threading.Thread(target=guard.begin, args=("+4790000002",), kwargs={"inside": False})
        trying.start()
        while not guard._lock.locked():
            pass
        assert guard.is_locked("+4790000001", inside=False)
        assert not guard.is_locked("+4790000003", inside=False)
        assert trying.is_alive()
    trying.join()


def test_a_right_pin_begins_anew(guard: PinGuard) -> None:
    wrong(guard, 3)
    guard.succeeded("+4790000001", inside=False)
    wrong(guard, 2)
    assert not guard.is_locked("+4790000001", inside=False)


def test_who_forges_a_new_number_for_every_try_meets_the_bound_over_all(
    guard: PinGuard, clock: Clock
) -> None:
    for number in range(ALL_TRIES):
        assert guard.begin(f"+479000{number:04}", inside=False)
    assert not guard.begin("+4799999999", inside=False)
    # Our own phones are known by their accounts, so that nobody outside can lock them out.
    assert guard.begin("phone anna", inside=True)
    clock.now += timedelta(hours=1)
    assert guard.begin("+4799999999", inside=False)


def test_a_restart_gives_nobody_fresh_tries(guard: PinGuard, clock: Clock, tmp_path: Path) -> None:
    wrong(guard, 3)
    assert PinGuard(tmp_path / "tries.json", clock).is_locked("+4790000001", inside=False)


def test_a_week_without_a_wrong_try_is_forgotten(guard: PinGuard, clock: Clock) -> None:
    wrong(guard, 3)
    clock.now += FORGET + timedelta(seconds=1)
    wrong(guard, 2)
    assert not guard.is_locked("+4790000001", inside=False)


def test_a_spoilt_file_locks_nobody_out(clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "tries.json").write_text('{"callers": [1')
    assert not PinGuard(tmp_path / "tries.json", clock).is_locked("+4790000001", inside=False)


def test_who_is_let_in_again_at_a_terminal_may_try_at_once_on_the_telephone(
    guard: PinGuard, clock: Clock, tmp_path: Path
) -> None:
    wrong(guard, 3)
    at_the_terminal = PinGuard(tmp_path / "tries.json", clock)
    (locked,) = at_the_terminal.locked_out().items()
    assert (locked[0], locked[1].wrong, locked[1].locked_until()) == (
        "+4790000001",
        3,
        clock.now + FIRST_LOCK,
    )
    assert at_the_terminal.unlock("+4790000001")
    assert not at_the_terminal.unlock("+4790000001")
    assert not guard.is_locked("+4790000001", inside=False)
    wrong(guard, 2)
    assert not guard.is_locked("+4790000001", inside=False)


def test_letting_one_caller_in_leaves_the_bound_over_all(
    guard: PinGuard, clock: Clock, tmp_path: Path
) -> None:
    begun = clock.now
    for number in range(ALL_TRIES):
        assert guard.begin(f"+479000{number:04}", inside=False)
        clock.now += timedelta(seconds=1)
    at_the_terminal = PinGuard(tmp_path / "tries.json", clock)
    assert at_the_terminal.outside_locked_until() == begun + ALL_WITHIN
    assert at_the_terminal.unlock("+4790000001")
    assert guard.is_locked("+4790000001", inside=False)
    at_the_terminal.unlock_all()
    assert at_the_terminal.outside_locked_until() is None
    assert guard.begin("+4790000001", inside=False)


def test_two_processes_that_count_at_once_lose_no_try(clock: Clock, tmp_path: Path) -> None:
    guards = [PinGuard(tmp_path / "tries.json", clock) for _ in range(2)]
    for number in range(20):
        assert guards[number % 2].begin(f"+479000{number:04}", inside=False)
    assert sum(guards[0].unlock(f"+479000{number:04}") for number in range(20)) == 20

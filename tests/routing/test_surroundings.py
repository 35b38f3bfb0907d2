"""What is seen of the floor, and how long a newcomer has to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline_ivr.routing.floor import CallerJoined, DeviceState, Floor, MemberSeen
from hotline_ivr.routing.surroundings import QueueSeen, Surroundings, expected_wait


def test_a_queue_has_those_who_can_be_rung_and_those_who_are_there() -> None:
    devices = [DeviceState.NOT_IN_USE, DeviceState.IN_USE, DeviceState.UNAVAILABLE]
    members = {
        ("main", str(place)): MemberSeen("main", str(place), "x", device, paused=False)
        for place, device in enumerate(devices)
    }
    floor = Floor(
        members, {each.call: each for each in (CallerJoined("main", "a"), CallerJoined("other", "b"))}
    )
    assert Surroundings(floor).queue("main") == QueueSeen(waiting=1, present=2, free=1)
    assert Surroundings().queue("main") is None


@pytest.mark.parametrize(
    ("waiting", "operators", "free", "expected"),
    [(0, 2, 1, 0.0), (0, 2, 0, 90.0), (3, 2, 0, 360.0), (2, 2, 2, 90.0), (5, 0, 0, None)],
)
def test_the_expected_wait_grows_with_the_queue_and_falls_with_the_operators(
    waiting: int, operators: int, free: int, expected: float | None
) -> None:
    assert expected_wait(waiting, operators, free, 180) == expected


def test_who_keeps_a_place_stands_before_those_who_come_later() -> None:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    busy = MemberSeen("main", "anna", "x", DeviceState.IN_USE, paused=False)
    floor = Floor({("main", "anna"): busy}, {"a": CallerJoined("main", "a", now - timedelta(minutes=1))})
    kept = {"main": (now - timedelta(minutes=5), now - timedelta(seconds=10)), "other": (now,)}
    assert Surroundings(floor).place("main", now, 0) == 2
    assert Surroundings(floor, kept=kept).place("main", now, 0) == 4
    assert Surroundings(floor, kept=kept).place("main", now, 120) == 2, "a head start counts as ever"

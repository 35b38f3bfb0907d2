"""A queue is deserted when its line is open and nobody is at work; who talks or wraps up is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.alarms import Alarm
from hotline_ivr.routing.alert_words import ghost_open
from hotline_ivr.routing.floor import CallerJoined, DeviceState, Floor, MemberSeen, fold_all
from hotline_ivr.routing.ghost_open import Deserted, deserted
from hotline_ivr.routing.on_duty import OnDuty
from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.routing.presence import Asked, Presence, Standing
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.surroundings import Surroundings
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
READY = Presence(Standing.READY, NOON)
LUNCH = Presence(Standing.PAUSED, NOON, reason="break")
GONE = Presence(Standing.SIGNED_OUT, NOON)
WRAP_UP = Presence(Standing.WRAP_UP, NOON)
LEAVES_LATER = Presence(Standing.READY, NOON, asked=Asked(Standing.PAUSED, "anna", "break"))
FREE, AWAY, IN_USE = DeviceState.NOT_IN_USE, DeviceState.UNAVAILABLE, DeviceState.IN_USE


def floor(device: DeviceState = FREE, *, paused: bool = False, waiting: int = 0) -> Floor:
    events: list[MemberSeen | CallerJoined] = [
        MemberSeen("main", name, f"PJSIP/{name}", device, paused=paused) for name in ("anna", "bjorn")
    ]
    events += [CallerJoined("main", f"m-{number}", NOON) for number in range(waiting)]
    return fold_all(events)


def found(
    seen: Floor,
    anna: Presence,
    bjorn: Presence = LUNCH,
    *,
    plan: Plan | None = None,
    linked: bool = True,
    overrides: tuple[Override, ...] = (),
) -> dict[str, Deserted] | None:
    book = Rulebook(plan or a_plan(), overrides)
    looked = deserted(book, seen, {"anna": anna, "bjorn": bjorn}, NOON, linked=linked)
    return None if looked is None else dict(looked)


@pytest.mark.parametrize(
    ("seen", "anna", "is_deserted"),
    [
        (floor(), READY, False),
        (floor(paused=True), LUNCH, True),
        (floor(), GONE, True),
        (floor(AWAY), READY, True),
        (floor(IN_USE), READY, False),
        (floor(DeviceState.RINGING), READY, False),
        (floor(paused=True), WRAP_UP, False),
        (floor(IN_USE), LEAVES_LATER, False),
        # On a call of their own, in a break.
        (floor(IN_USE, paused=True), LUNCH, True),
    ],
)
def test_who_counts_as_there(seen: Floor, anna: Presence, *, is_deserted: bool) -> None:
    assert (found(seen, anna) == {}) is not is_deserted


def test_why_each_operator_is_not_ready_is_told_with_who_waits() -> None:
    looked = found(floor(paused=True, waiting=2), LUNCH, GONE)
    assert looked is not None
    assert looked["main"] == Deserted(
        "main",
        ("info",),
        2,
        (
            ("anna (Anna Berg)", "on a pause: break"),
            ("bjorn (Bjørn Dahl)", "signed out; somebody has paused the phone in Asterisk"),
        ),
    )


def test_a_closed_line_needs_nobody() -> None:
    assert found(floor(paused=True), LUNCH, plan=a_plan({"tue": "08:00-16:00"})) == {}


def test_nor_does_one_that_is_handed_to_a_centre() -> None:
    by_hand = Override("o1", "info", OverrideKind.OUTSIDE, NOON - timedelta(hours=1), None, "kari")
    centres = {"centres": {"night": {"name": "Night", "targets": {"a": {"number": "+47 22 85 00 00"}}}}}
    plan = a_plan(sections=centres, centre="night")
    assert found(floor(paused=True), LUNCH, plan=plan, overrides=(by_hand,)) == {}
    assert found(floor(paused=True), LUNCH, plan=plan)


def test_a_queue_behind_a_menu_is_needed_too() -> None:
    menus = {"menus": {"m": {"prompt": "menu", "keys": {"1": {"queue": "sales"}}}}}
    queues = {"main": {"operators": ["anna"]}, "sales": {"operators": ["bjorn"]}}
    looked = found(floor(), READY, GONE, plan=a_plan(queues=queues, menu="m", sections=menus))
    assert looked is not None
    assert set(looked) == {"sales"}


def test_without_the_link_nobody_can_tell() -> None:
    assert found(floor(), READY, linked=False) is None


def test_the_words_name_operators_reasons_and_who_is_on_duty() -> None:
    looked = found(floor(paused=True, waiting=1), LUNCH)
    assert looked is not None
    duty = OnDuty("kari", "Kari Nord", "kari@example.org", "+4722850001", None)
    alarm = Alarm(NOON - timedelta(minutes=2), NOON)
    told = ghost_open(a_plan(), looked["main"], alarm, NOON, duty=duty, overflows=True)
    assert told.text.splitlines() == [
        "Nobody is ready in queue main since 12:58:00 (2m). Open: Information.",
        "- anna (Anna Berg): on a pause: break",
        "- bjorn (Bjørn Dahl): on a pause: break",
        "1 caller waits now.",
        "New callers go by the overflow rules with `nobody` until somebody is ready.",
        "On duty: Kari Nord, +4722850001, kari@example.org.",
    ]
    again = ghost_open(a_plan(), looked["main"], alarm, NOON + timedelta(hours=1), duty=None, overflows=False)
    assert again.id == told.id


def test_a_deserted_queue_is_for_decisions_as_if_nobody_could_be_reached() -> None:
    there = Surroundings(floor(paused=True, waiting=1)).queue("main")
    gone = Surroundings(floor(paused=True, waiting=1), deserted=frozenset({"main"})).queue("main")
    assert there is not None
    assert gone is not None
    assert (there.present, gone.present, gone.free, gone.waiting) == (2, 0, 0, 1)

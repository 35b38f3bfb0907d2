"""What a duty owes its operator, as wishes for the governor."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hotline_ivr.routing.breaks_owed import asked_for, besides, owed
from hotline_ivr.routing.duties import Duty, DutyBreak

EIGHT = datetime(2026, 11, 25, 8, tzinfo=UTC)
HOUR = 3600


def at(hours: float) -> int:
    """Seconds since 1970 of so many hours after eight."""
    return int(EIGHT.timestamp() + hours * HOUR)


def brk(name: str, start: float, end: float, minutes: int) -> DutyBreak:
    opens, closes = EIGHT + timedelta(hours=start), EIGHT + timedelta(hours=end)
    return DutyBreak(name, name, True, timedelta(minutes=minutes), opens, closes)


DUTY = Duty(
    "anna",
    "early",
    date(2026, 11, 25),
    EIGHT,
    EIGHT + timedelta(hours=8),
    (brk("lunch", 3, 5.5, 30), brk("short", 6, 6.25, 15), brk("last", 7.5, 7.75, 15)),
    ("shifts", "early"),
)


def test_a_break_that_floats_is_nobodys_wish_until_it_is_asked_for() -> None:
    lunch = next(iter(owed(DUTY, ())))
    assert (lunch.earliest, lunch.latest, lunch.asked) == (at(3), at(5), False)
    asked = asked_for(lunch, at(4))
    assert (asked.due, asked.asked, asked.latest) == (at(4), True, at(5))


def test_a_planned_break_is_pushed_for_an_hour_and_never_beyond_the_duty() -> None:
    _, short, last = owed(DUTY, ())
    assert (short.due, short.earliest, short.latest, short.asked) == (at(6), at(6), at(7), True)
    assert last.latest == at(7.75)


def test_what_was_had_is_not_owed_again() -> None:
    assert [wish.id for wish in owed(DUTY, {"lunch", "last"})] == ["short"]


def test_a_break_besides_the_plan_waits_for_an_hour_at_most() -> None:
    wish = besides("anna", "extra", 600, at(1))
    assert (wish.earliest, wish.latest, wish.length) == (at(1), at(2), 600)

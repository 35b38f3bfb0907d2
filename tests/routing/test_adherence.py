"""Adherence of one day, in tables that a reader can check by eye."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from hotline_ivr.routing.adherence import Adherence, Presence, Spell, adherence
from hotline_ivr.routing.duties import Duty, DutyBreak

DAY = datetime(2026, 11, 25, tzinfo=UTC)


def at(text: str) -> datetime:
    hour, minute = map(int, text.split(":"))
    return DAY + timedelta(hours=hour, minutes=minute)


def planned(*, floats: bool = False) -> Duty:
    """08:00-16:00 with lunch 11:30-12:00, or half an hour between 11:00 and 13:00."""
    opens, closes = (at("11:00"), at("13:00")) if floats else (at("11:30"), at("12:00"))
    lunch = DutyBreak("lunch", "lunch", False, timedelta(minutes=30), opens, closes)
    return Duty("anna", "early", date(2026, 11, 25), at("08:00"), at("16:00"), (lunch,), ("shifts", "early"))


WORDS = {"a": Presence.AVAILABLE, "b": Presence.BREAK, "p": Presence.PAUSED, "out": Presence.OUT}


def spells(text: str) -> list[Spell]:
    """`08:00 a 11:30 b 12:00 a 16:00`: what the operator did, and from when to when."""
    words = text.split()
    return [
        Spell(at(words[place]), at(words[place + 2]), WORDS[words[place + 1]])
        for place in range(0, len(words) - 2, 2)
    ]


# Minutes: adherent of 480, late, left early, over break; breaks missed.
PLANNED = [
    ("as planned", "08:00 a 11:30 b 12:00 a 16:00", (480, 0, 0, 0), ()),
    ("ten minutes late", "08:10 a 11:30 b 12:00 a 16:00", (470, 10, 0, 0), ()),
    ("signed out before", "08:00 a 11:30 b 12:00 a 15:30", (450, 0, 30, 0), ()),
    ("lunch ten minutes over", "08:00 a 11:30 b 12:10 a 16:00", (470, 0, 0, 10), ()),
    ("lunch an hour late", "08:00 a 12:30 b 13:00 a 16:00", (420, 0, 0, 30), ("lunch",)),
    ("no lunch at all", "08:00 a 16:00", (450, 0, 0, 0), ("lunch",)),
    ("paused for other things", "08:00 a 09:00 p 10:00 a 11:30 b 12:00 a 16:00", (420, 0, 0, 0), ()),
    ("away in between", "08:00 a 09:00 out 10:00 a 11:30 b 12:00 a 16:00", (420, 0, 0, 0), ()),
    ("before and after counts for nothing", "07:00 a 11:30 b 12:00 a 17:00", (480, 0, 0, 0), ()),
    ("never there", "07:00 a 07:30", (0, 480, 0, 0), ("lunch",)),
]
FLOATING = [
    ("taken at noon", "08:00 a 12:00 b 12:30 a 16:00", (480, 0, 0, 0), ()),
    ("taken twice", "08:00 a 11:00 b 11:30 a 12:00 b 12:15 a 16:00", (465, 0, 0, 15), ()),
    ("begun before its window", "08:00 a 10:45 b 11:30 a 16:00", (465, 0, 0, 15), ()),
    ("never taken", "08:00 a 16:00", (480, 0, 0, 0), ("lunch",)),
]


@pytest.mark.parametrize(
    ("floats", "text", "minutes", "missed"),
    [pytest.param(False, *case[1:], id=case[0]) for case in PLANNED]
    + [pytest.param(True, *case[1:], id=f"floating: {case[0]}") for case in FLOATING],
)
def test_a_day_against_its_plan(
    floats: bool, text: str, minutes: tuple[int, ...], missed: tuple[str, ...]
) -> None:
    adherent, late, early, over = (60 * each for each in minutes)
    found = adherence([planned(floats=floats)], spells(text))
    assert found == Adherence(8 * 3600, adherent, late, early, over, missed)


def test_per_cent_is_adherent_by_scheduled_time() -> None:
    found = adherence([planned()], spells("08:00 a 11:30 b 12:00 a 14:00"))
    assert found.percent == 75
    assert adherence([], ()).percent is None


def test_in_the_middle_of_a_shift_only_what_has_been_is_counted() -> None:
    """At 12:30 nobody has left early yet, and the lunch that is past was missed."""
    found = adherence([planned()], spells("08:00 a 12:30"), until=at("12:30"))
    assert found == Adherence(int(4.5 * 3600), 4 * 3600, 0, 0, 0, ("lunch",))

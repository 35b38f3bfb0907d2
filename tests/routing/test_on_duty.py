"""Who is on duty: weeks that take turns, days of another, handover in the morning, both nights of DST."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from hotline_ivr.config.duty_rota import DutyRota
from hotline_ivr.routing.on_duty import on_duty, turns
from tests.plans import OSLO

PEOPLE = {
    "kari": {"name": "Kari Nord", "mail": "kari@example.org", "number": "+47 22 85 00 01"},
    "ola": {"name": "Ola Sør", "mail": "ola@example.org"},
}


def rota(**more: Any) -> DutyRota:
    written = {"people": PEOPLE, "weeks": ["kari", "ola"], "first_week": "2026-08-17", **more}
    return DutyRota.model_validate(written, context={"country": "NO"})


def who(made: DutyRota, moment: str) -> str | None:
    found = on_duty(made, OSLO, datetime.fromisoformat(moment))
    return found.id if found else None


@pytest.mark.parametrize(
    ("moment", "person"),
    [
        ("2026-08-17T00:00:00+02:00", "kari"),
        ("2026-08-23T23:59:59+02:00", "kari"),
        ("2026-08-24T00:00:00+02:00", "ola"),
        ("2026-08-31T12:00:00+02:00", "kari"),
        # Before the first week they take turns backwards.
        ("2026-08-16T12:00:00+02:00", "ola"),
    ],
)
def test_weeks_take_turns(moment: str, person: str) -> None:
    assert who(rota(), moment) == person


def test_duty_passes_on_at_the_handover_and_not_at_midnight() -> None:
    made = rota(handover="08:00")
    assert who(made, "2026-08-24T07:59:59+02:00") == "kari"
    assert who(made, "2026-08-24T08:00:00+02:00") == "ola"


@pytest.mark.parametrize(("before", "after"), [("01:59:59+01:00", "03:00:00+02:00")])
def test_a_handover_that_the_clocks_skip_happens_when_they_jump(before: str, after: str) -> None:
    made = rota(handover="02:30", days=[{"on": "2026-03-29", "who": "ola"}], first_week="2026-03-23")
    assert who(made, f"2026-03-29T{before}") == "kari"
    assert who(made, f"2026-03-29T{after}") == "ola"


def test_days_stand_over_weeks_and_of_two_the_later_written() -> None:
    days = [{"on": "2026-08-18 to 2026-08-20", "who": "ola"}, {"on": "2026-08-19", "who": "kari"}]
    made = rota(days=days)
    found = [who(made, f"2026-08-{day}T12:00:00+02:00") for day in (17, 18, 19, 20, 21)]
    assert found == ["kari", "ola", "kari", "ola", "kari"]


def test_the_end_of_a_turn_is_told() -> None:
    found = on_duty(rota(handover="08:00"), OSLO, datetime(2026, 8, 19, 12, tzinfo=UTC))
    assert found is not None
    assert found.until == datetime(2026, 8, 24, 6, tzinfo=UTC)
    assert found.text == "Kari Nord, +4722850001, kari@example.org"


def test_who_is_alone_has_duty_without_end() -> None:
    made = DutyRota.model_validate({"people": {"ola": PEOPLE["ola"]}, "weeks": ["ola"]})
    found = on_duty(made, OSLO, datetime(2026, 8, 19, tzinfo=UTC))
    assert found is not None
    assert found.until is None


def test_between_dated_days_nobody_is_on_duty() -> None:
    made = rota(weeks=[], days=[{"on": "2026-08-18", "who": "ola"}])
    assert who(made, "2026-08-18T23:59:00+02:00") == "ola"
    assert who(made, "2026-08-19T00:00:00+02:00") is None
    assert on_duty(None, OSLO, datetime(2026, 8, 19, tzinfo=UTC)) is None


def test_turns_join_the_days_of_one_person_and_touch() -> None:
    made = rota(days=[{"on": "2026-08-19", "who": "ola"}])
    found = list(turns(made, OSLO, datetime(2026, 8, 17, 12, tzinfo=UTC), 10))
    assert [each.who for each in found] == ["kari", "ola", "kari", "ola"]
    assert all(before.end == after.start for before, after in pairwise(found))
    assert found[0].start == datetime(2026, 8, 16, 22, tzinfo=UTC)
    assert found[-1].end == datetime(2026, 8, 26, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"weeks": []}, "never has anybody on duty"),
        ({"first_week": "2026-08-18"}, "is a Tuesday"),
    ],
)
def test_a_rota_that_cannot_be_is_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        rota(**more)


def test_weeks_that_take_turns_need_a_first() -> None:
    with pytest.raises(ValidationError, match="which week is the first"):
        DutyRota.model_validate({"people": PEOPLE, "weeks": ["kari", "ola"]}, context={"country": "NO"})

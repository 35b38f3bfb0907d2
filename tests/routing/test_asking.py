"""What people ask about is found, or refused in words."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.asking import line_of, moment_of
from tests.plans import a_plan

OSLO = ZoneInfo("Europe/Oslo")
# Wednesday 14:30 in Oslo.
NOW = datetime(2026, 9, 30, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        (None, NOW),
        ("17:55", datetime(2026, 9, 30, 15, 55, tzinfo=UTC)),
        ("8:00", datetime(2026, 9, 30, 6, tzinfo=UTC)),
        ("tomorrow 08:00", datetime(2026, 10, 1, 6, tzinfo=UTC)),
        ("today", datetime(2026, 9, 29, 22, tzinfo=UTC)),
        ("Wed 8:00", datetime(2026, 9, 30, 6, tzinfo=UTC)),
        ("tue 12:00", datetime(2026, 10, 6, 10, tzinfo=UTC)),
        ("2020-12-24 17:55", datetime(2020, 12, 24, 16, 55, tzinfo=UTC)),
        ("2020-12-24T17:55+00:00", datetime(2020, 12, 24, 17, 55, tzinfo=UTC)),
    ],
)
def test_a_moment_may_also_be_past(written: str | None, means: datetime) -> None:
    assert moment_of(written, OSLO, NOW) == means


@pytest.mark.parametrize("written", ["", "soon", "25:00", "tomorrow 25:00", "sat12:00", "2026-02-30 10:00"])
def test_no_moment_of_all_is_refused(written: str) -> None:
    with pytest.raises(ArgumentError, match="is no moment"):
        moment_of(written, OSLO, NOW)


def test_a_line_is_found_by_its_id_and_by_any_of_its_numbers() -> None:
    plan = a_plan(numbers=["+4722851234", "+4722851235"])
    assert line_of(plan, "info", None) == ("info", "+4722851234")
    assert line_of(plan, None, "22 85 12 35") == ("info", "+4722851235")

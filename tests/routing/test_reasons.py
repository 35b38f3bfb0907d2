"""The reason of every decision may travel through the dialplan, whatever its rule is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hotline_ivr.asterisk.stretch import encode_answer
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.decide import decide
from hotline_ivr.routing.explain import explain
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import Arrived, Call, Decision

COUNTRIES = ["NO", "SE", "DE", "FR", "PL", "GR", "JP", "IL", "SA", "CN", "BR", "GB"]


def by_calendar(calendar: dict[str, Any], time_zone: str = "Europe/Oslo") -> Plan:
    line = {
        "name": "Information",
        "numbers": ["+47 22 85 12 34"],
        "time_zone": time_zone,
        "calendar": "office",
        "queue": "main",
    }
    data = {
        "organisation": {"name": "Example University"},
        "lines": {"info": line},
        "calendars": {"office": calendar},
        "queues": {"main": {"operators": ["anna"]}},
        "operators": {"anna": {"name": "Anna Berg"}},
        "trunks": {"carrier": {"hosts": ["127.0.0.1"]}},
    }
    return Plan.model_validate(data, context={"country": "NO"})


def test_callers_on_a_holiday_of_two_words_are_answered() -> None:
    plan = by_calendar({"hours": {"mon-sun": "08:00-16:00"}, "holidays": {"country": "NO"}})
    call = Call("info", "+4722851234", "", plan.version)
    decision = decide(Rulebook(plan), call, Arrived(), datetime(2026, 12, 26, 10, tzinfo=UTC))
    assert isinstance(decision, Decision)
    assert decision.reason == "closed:holiday:office.holidays.Andre-juledag"
    assert "closed:holiday:office.holidays.Andre-juledag~" in encode_answer(decision, "1")


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_day_of_a_year_has_a_reason_that_may_be_sent(country: str) -> None:
    plan = by_calendar({"hours": "always", "holidays": {"country": country}})
    book = Rulebook(plan)
    call = Call("info", "+4722851234", "", plan.version)
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    for day in range(365):
        decision = decide(book, call, Arrived(), noon + timedelta(days=day))
        assert isinstance(decision, Decision)
        assert encode_answer(decision, "1").endswith("|end")


def test_the_small_hours_of_yesterdays_opening_can_be_explained_where_the_date_line_runs() -> None:
    zone = ZoneInfo("Pacific/Apia")
    plan = by_calendar({"hours": {"fri-sat": "22:00-02:00"}}, "Pacific/Apia")
    call = Call("info", "+4722851234", "", plan.version)
    for moment in ("2026-03-07 01:59:59", "2026-03-08 01:59:59", "2026-03-08 02:00:00"):
        at = datetime.fromisoformat(moment).replace(tzinfo=zone)
        found = explain(Rulebook(plan), call, at)
        assert sum(each.won for each in found.trace) == 1
        assert found.situation.open is (at.hour == 1)

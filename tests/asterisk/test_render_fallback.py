"""The files by which calls go on when the service is dead."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hotline_ivr.asterisk.render.fallback import LineHours, fallback_files
from hotline_ivr.errors import LocalProtocolError
from hotline_ivr.routing.calendar import Transition, transitions
from tests.plans import a_plan

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_file_says_where_a_caller_goes_and_when_the_line_opens_and_closes() -> None:
    plan = a_plan({"mon": "08:00-16:00"}, max_wait="90s")
    hours = LineHours("info", transitions(plan.lines["info"], MONDAY, 1))
    (name, text), *others = fallback_files(plan, [hours]).items()
    assert not others
    assert name == "info.txt"
    # Monday 2 March 2026 in Oslo: 08:00 is 07:00 UTC, 16:00 is 15:00 UTC.
    opens, closes = (int(datetime(2026, 3, 2, hour, tzinfo=UTC).timestamp()) for hour in (7, 15))
    start, end = int(MONDAY.timestamp()), int(MONDAY.timestamp()) + 86400
    assert text == (
        "1|nb/greeting|main|90|nb/closed|nb/sorry|nb/technical|end\n"
        f"{start}:0,{opens}:1,{closes}:0,{end}:0,end\n"
    )


def test_more_openings_than_asterisk_can_hold_are_refused_and_not_cut() -> None:
    many = [Transition(datetime.fromtimestamp(1_795_000_000 + 60 * i, UTC), i % 2 == 0) for i in range(400)]
    with pytest.raises(LocalProtocolError, match="too many"):
        fallback_files(a_plan(), [LineHours("info", many)])

"""The files by which calls go on when the service is dead."""

from __future__ import annotations

from datetime import UTC, datetime

from hotline_ivr.asterisk.render.fallback import LineHours, fallback_files
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
        f"1|nb/greeting|main|90|nb/closed|nb/sorry|nb/technical|{end}|end\n"
        f"{start}:0,{opens}:1,{closes}:0,{end}:0,end\n"
    )


def test_very_many_openings_go_on_several_lines_so_that_asterisk_cuts_none() -> None:
    many = [Transition(datetime.fromtimestamp(1_795_000_000 + 60 * i, UTC), i % 2 == 0) for i in range(600)]
    place, *lines = fallback_files(a_plan(), [LineHours("info", many)])["info.txt"].splitlines()
    assert place.endswith(f"|{1_795_000_000 + 60 * 599}|end")
    assert [line.rsplit(",", 1)[1] for line in lines] == ["more", "more", "end"]
    assert all(len(line) < 4096 for line in lines)
    assert sum(line.count(":") for line in lines) == 600

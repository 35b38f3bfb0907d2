"""What a look at the days to come says of a plan: lines that never open, rules that are over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hotline_ivr.config.models import Plan
from hotline_ivr.config.seasons import Season
from hotline_ivr.routing.contract_review import contract_remarks
from hotline_ivr.routing.facts import Facts
from hotline_ivr.routing.past_dates import past_dates
from hotline_ivr.routing.remark import Path, Remark
from hotline_ivr.routing.resolving import resolve
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.shift_review import shift_review
from hotline_ivr.routing.situation import RuleKind

LOOKED_AHEAD = 730
"""Days: every yearly rule comes twice, and most rules by weekday fall on any date."""


def review(plan: Plan, today: date) -> Iterator[Remark]:
    """Yield what an admin should know; `today` is the day it is read."""
    book = Rulebook(plan)
    yield from _lines(plan, book, today)
    yield from past_dates(plan, today)
    yield from _shadowed(plan, book, today)
    for name, calendar in plan.calendars.items():
        yield from _crossing(name, calendar.seasons, today)
    yield from shift_review(book, today)
    for path, message, remedy in contract_remarks(plan, today):
        yield Remark(path, message, remedy)


def _lines(plan: Plan, book: Rulebook, today: date) -> Iterator[Remark]:
    start = datetime(today.year, today.month, today.day, tzinfo=UTC)
    for line_id, line in plan.lines.items():
        campaign = line.campaign
        if campaign and campaign.release_reminder and campaign.release_reminder <= today:
            numbers = ", ".join(line.numbers)
            message = f"the numbers of this line were to be given back from {campaign.release_reminder}"
            yield Remark(("lines", line_id, "campaign", "release_reminder"), message, f"release {numbers}")
        if campaign and campaign.until and campaign.until.date() < today:
            message = f"the campaign has been over since {campaign.until:%Y-%m-%d %H:%M}"
            yield Remark(("lines", line_id, "campaign", "until"), message, "delete the line, or begin anew")
        elif not any(change.situation.open for change in book.changes(line_id, start, LOOKED_AHEAD)):
            path = ("lines", line_id, "calendar" if line.calendar else "hours")
            message = "this line does not open once in the next two years"
            yield Remark(path, message, "look at `hotline hours`, and which rules close it")


def _shadowed(plan: Plan, book: Rulebook, today: date) -> Iterator[Remark]:
    """Rules that have days in the time looked at and decide on none of them, whichever line goes by them."""
    wanted: dict[str, RuleKind] = {}
    winning: set[str] = set()
    start = datetime(today.year, today.month, today.day, tzinfo=UTC)
    seen: set[str] = set()
    for line_id, line in plan.lines.items():
        if line.calendar is None or line.campaign or line.calendar in seen:
            continue
        seen.add(line.calendar)
        facts = resolve(plan, line_id).facts(
            today + timedelta(days=1), today + timedelta(days=LOOKED_AHEAD - 1)
        )
        wanted.update(_rules_of(facts))
        winning.update(change.situation.rule.name for change in book.changes(line_id, start, LOOKED_AHEAD))
    for name, kind in wanted.items():
        path: Path = ("calendars", *name.split("."))
        if name not in winning and kind is not RuleKind.HOLIDAY and _is_written(plan, path):
            message = "never decides anything in the next two years: stronger rules hold on all its days"
            yield Remark(path, message, "delete it, or see with `hotline explain` which rules go before it")


def _rules_of(facts: Facts) -> Mapping[str, RuleKind]:
    facings = [*(plan.facing for plan in facts.plans), *(part.facing for part in facts.parts)]
    rules = [each.rule for each in facings]
    return {rule.name: rule.kind for rule in rules}


def _is_written(plan: Plan, path: Path) -> bool:
    name, section, *rest = (str(step) for step in path[1:])
    calendar = plan.calendars.get(name)
    if calendar is None or section not in type(calendar).model_fields:
        return False
    found = getattr(calendar, section)
    return found is not None if not rest else isinstance(found, dict) and rest[0] in found


def _crossing(name: str, seasons: Mapping[str, Season], today: date) -> Iterator[Remark]:
    """Seasons that overlap without one lying inside the other: which one was meant is not plain."""
    horizon = today + timedelta(days=LOOKED_AHEAD)
    runs = sorted(
        (first, last, rule_id)
        for rule_id, season in seasons.items()
        for first, last in season.span.ranges(today, horizon)
    )
    told: set[tuple[str, str]] = set()
    for (first, last, one), (begin, end, other) in pairwise(runs):
        if begin <= last < end and first < begin and one != other and (one, other) not in told:
            told.add((one, other))
            message = f"overlaps season '{one}' from {begin} to {last}; there the shorter one holds"
            yield Remark(
                ("calendars", name, "seasons", other), message, "let one end before the other begins"
            )

"""What is written for days that are past: it changes nothing any more, and hides what does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hotline_ivr.config.calendars import Calendar
from hotline_ivr.config.dates import DateSpan, When
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.remark import Path, Remark


def past_dates(plan: Plan, today: date) -> Iterator[Remark]:
    """Yield each rule, list and day of duty whose last day is before `today`. Shifts tell of their own."""
    for path, last in _last_days(plan):
        if last < today:
            yield Remark(path, f"has been over since {last}", "delete it, or give it new days")


def _last_days(plan: Plan) -> Iterator[tuple[Path, date]]:
    for name, calendar in plan.calendars.items():
        for section, rule_id, whens in _dated(calendar):
            yield from _last_of(("calendars", name, section, rule_id), whens)
    for listed, entries in (("allow", plan.guard.allow), ("block", plan.guard.block)):
        for place, entry in enumerate(entries):
            if entry.until is not None:
                yield ("guard", listed, place, "until"), entry.until
    for name, centre in plan.centres.items():
        for place, duty in enumerate(centre.rota):
            yield ("centres", name, "rota", place, "until"), duty.until
    for place, days in enumerate(plan.duty.days if plan.duty else ()):
        yield from _last_of(("duty", "days", place, "on"), days.on)


def _last_of(path: Path, whens: tuple[When, ...]) -> Iterator[tuple[Path, date]]:
    """The last of some days; nothing where one of them comes again each year."""
    spans = [when for when in whens if isinstance(when, DateSpan) and not when.yearly]
    if spans and len(spans) == len(whens):
        yield path, max(date(*span.last) for span in spans)


def _dated(calendar: Calendar) -> Iterator[tuple[str, str, tuple[When, ...]]]:
    for section, rules in (
        ("openings", calendar.openings),
        ("closures", calendar.closures),
        ("special_days", calendar.special_days),
    ):
        for rule_id, rule in rules.items():
            yield section, rule_id, rule.on
    for rule_id, season in calendar.seasons.items():
        yield "seasons", rule_id, (season.span,)

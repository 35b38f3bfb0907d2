"""A campaign's first and last moment, laid over the calendar of its line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hotline_ivr.config.models import Line
from hotline_ivr.routing.compiling import YearTable, table
from hotline_ivr.routing.situation import Rule, RuleKind, Situation
from hotline_ivr.routing.wall import stretches


@dataclass(frozen=True, slots=True)
class Spell:
    """A situation from `start` until before `end`, seconds since 1970; None is without end."""

    start: int | None
    end: int | None
    situation: Situation


def spells(line_id: str, line: Line) -> tuple[Spell, ...]:
    """The time before a campaign and the time after it; none for a line without one."""
    campaign = line.campaign
    if campaign is None:
        return ()
    found = []
    name = f"{line_id}.campaign"
    if campaign.from_:
        rule = Rule(RuleKind.CAMPAIGN, name, campaign.before, campaign.to)
        begins = _second(campaign.from_, line.time_zone, last=False)
        found.append(Spell(None, begins, Situation(open=False, rule=rule)))
    if campaign.until:
        rule = Rule(RuleKind.CAMPAIGN, name, campaign.after, campaign.to)
        over = _second(campaign.until, line.time_zone, last=True)
        found.append(Spell(over, None, Situation(open=False, rule=rule)))
    return tuple(found)


def lay_over(year: YearTable, first: int, end: int, spell: Spell) -> YearTable:
    """The table of first..end with a spell in place of what it covers."""
    start = first if spell.start is None else max(first, spell.start)
    stop = end if spell.end is None else min(end, spell.end)
    if start >= stop:
        return year
    return table(_changes(year, start, stop, end, spell.situation))


def _changes(
    year: YearTable, start: int, stop: int, end: int, situation: Situation
) -> Iterator[tuple[int, Situation]]:
    moments: Sequence[int] = year.moments
    for moment, held in zip(moments, year.situations, strict=True):
        if moment < start:
            yield moment, held
    yield start, situation
    if stop < end:
        yield stop, year.at(stop)
    for moment, held in zip(moments, year.situations, strict=True):
        if moment > stop:
            yield moment, held


def _second(wall: datetime, zone: str, *, last: bool) -> int:
    """The moment a wall clock comes to this time: of two, the later where `last`.

    A time inside the hour that is skipped in spring is come to when the hour has been skipped.
    """
    wanted = int(wall.replace(tzinfo=UTC).timestamp())
    clock = [stretch for year in range(wall.year - 1, wall.year + 2) for stretch in stretches(zone, year)]
    found = [max(one.start, wanted - one.offset) for one in clock if wanted - one.offset < one.end]
    shown = [
        moment
        for moment, one in zip(found, clock[-len(found) :], strict=True)
        if moment + one.offset == wanted
    ]
    return shown[-1] if last and shown else found[0]

"""Why a line is open or closed at a moment: every rule, whether it applied, and what it lost to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline_ivr.config.hours import DAY, DAY_NAMES, Spans, clock, written_spans
from hotline_ivr.routing.campaigns import Spell
from hotline_ivr.routing.compiling import Days
from hotline_ivr.routing.facts import KINDS, DayPlan, Part, Standing
from hotline_ivr.routing.overrides import ROUTES, Override, OverrideKind
from hotline_ivr.routing.resolving import Resolved
from hotline_ivr.routing.situation import Considered, Rule, RuleKind
from hotline_ivr.routing.wall import zone_of

_LOST = (
    "",
    "it belongs to the calendar itself, and this is inherited",
    "it is shorter",
    "it was written later",
)


@dataclass(frozen=True, slots=True)
class _Voice:
    """A rule with what it says of the moment, before it is known which one wins."""

    standing: Standing
    rule: Rule
    open: bool | None
    why: str
    #: Day plans of today are silent while yesterday's hours go on.
    silenced: str = ""


def consider(
    calendar: Resolved, campaign: Sequence[Spell], overrides: Sequence[Override], at: datetime
) -> tuple[Considered, ...]:
    """All rules of a line for a moment (aware), the strongest first; exactly one has won."""
    voices = [
        *_by_hand(overrides, at),
        *_campaign(campaign, at),
        *_Moment(calendar, at).voices(),
    ]
    speaking = [voice for voice in voices if voice.open is not None and not voice.silenced]
    winner = min(speaking, key=lambda voice: voice.standing)
    found = [_considered(voice, winner) for voice in sorted(voices, key=lambda voice: voice.standing)]
    return tuple(found)


def _considered(voice: _Voice, winner: _Voice) -> Considered:
    if voice is winner:
        return Considered(voice.rule, applies=True, open=voice.open, won=True, why=voice.why)
    if voice.open is None:
        return Considered(voice.rule, applies=False, open=None, won=False, why=voice.why)
    lost = voice.silenced or f"loses to {winner.rule.name}: {_reason(voice, winner)}"
    return Considered(voice.rule, applies=True, open=voice.open, won=False, why=f"{voice.why}; {lost}")


def _reason(voice: _Voice, winner: _Voice) -> str:
    differs = next(
        (i for i, pair in enumerate(zip(winner.standing, voice.standing, strict=True)) if len(set(pair)) > 1),
        3,
    )
    if differs == 0:
        kind, other = (one.rule.kind.replace("-", " ") for one in (winner, voice))
        return f"{kind} goes before {other}"
    return _LOST[differs]


def _by_hand(overrides: Sequence[Override], at: datetime) -> Iterator[_Voice]:
    for order, override in enumerate(overrides):
        rule = Rule(RuleKind.OVERRIDE, f"overrides.{override.id}", override.prompt)
        rank = (KINDS[RuleKind.OVERRIDE], 0, 0, order)
        what = {OverrideKind.CLOSE: "closed", OverrideKind.OPEN: "opened"}.get(override.kind)
        if not override.holds_at(at):
            yield _Voice(rank, rule, None, f"set by {override.by}, does not hold now")
        elif override.kind in ROUTES:
            why = f"route {override.kind.value}, set by {override.by}; opens and closes nothing"
            yield _Voice(rank, rule, None, why)
        elif what is None:
            yield _Voice(
                rank, rule, None, f"information up front, set by {override.by}; opens and closes nothing"
            )
        else:
            yield _Voice(rank, rule, override.kind is OverrideKind.OPEN, f"{what} by hand, by {override.by}")


def _campaign(campaign: Sequence[Spell], at: datetime) -> Iterator[_Voice]:
    rank = (KINDS[RuleKind.CAMPAIGN], 0, 0, 0)
    second = at.timestamp()
    for spell in campaign:
        rule = spell.situation.rule
        when = "not begun yet" if spell.start is None else "over"
        inside = (spell.start is None or spell.start <= second) and (spell.end is None or second < spell.end)
        if inside:
            yield _Voice(rank, rule, open=False, why=f"the campaign is {when}")
        else:
            yield _Voice(
                rank, rule, None, "the campaign has begun" if spell.start is None else "the campaign goes on"
            )


class _Moment:
    """A minute of the wall clock, and what each rule of a calendar says of it."""

    def __init__(self, calendar: Resolved, at: datetime) -> None:
        wall = at.astimezone(zone_of(calendar.zone))
        self._calendar = calendar
        self._day, self._minute = wall.date(), wall.hour * 60 + wall.minute
        self._yesterday = self._day - timedelta(days=1)
        self._days = Days(calendar, self._day, self._day)
        self._facts = calendar.facts(self._yesterday, self._day)
        before = self._days.day(self._yesterday)
        self._tail = next((end - DAY for _, end in before.spans if self._minute < end - DAY), None)

    def voices(self) -> list[_Voice]:
        found = [self._part(part) for part in self._facts.parts]
        found += [voice for plan in self._facts.plans if (voice := self._plan(plan)) is not None]
        heard = {(voice.rule.kind, voice.rule.name) for voice in found}
        for kind, level, order, name in self._calendar.rules():
            if (kind, name) not in heard and not any(
                voice.rule.name.startswith(f"{name}.") for voice in found
            ):
                rule = Rule(kind, name)
                found.append(
                    _Voice((KINDS[kind], level, DAY * 10_000, -order), rule, None, self._not_today())
                )
        return _one_each(found)

    def _not_today(self) -> str:
        return f"not on {DAY_NAMES[self._day.weekday()]} {self._day}"

    def _part(self, part: Part) -> _Voice:
        spans = [
            span
            for day, shift in ((self._day, 0), (self._yesterday, DAY))
            if part.first <= day <= part.last
            for span in part.spans
            if span[0] <= self._minute + shift < span[1]
        ]
        what = "open" if part.opens else "closed"
        when = written_spans(part.spans)
        if spans:
            return _Voice(part.standing, part.situation.rule, part.opens, f"{what} {when}")
        return _Voice(
            part.standing, part.situation.rule, None, f"{what} {when}, not at {clock(self._minute)}"
        )

    def _plan(self, plan: DayPlan) -> _Voice | None:
        winning_before = self._days.day(self._yesterday).plan
        if self._tail is not None and plan == winning_before:
            name = DAY_NAMES[self._yesterday.weekday()]
            why = f"{name}'s hours go on until {clock(self._tail)}"
            return _Voice(plan.standing, plan.facing.opens.rule, open=True, why=why)
        if not plan.first <= self._day <= plan.last:
            return _Voice(plan.standing, plan.facing.closes.rule, None, self._not_today())
        spans = self._spans(plan)
        is_open = any(start <= self._minute < end for start, end in spans)
        side = plan.facing.opens if is_open else plan.facing.closes
        said = f"hours {written_spans(spans)}" if spans else "closed all day"
        silenced = ""
        if self._tail is not None:
            silenced = f"the hours of the day before go on until {clock(self._tail)}"
        return _Voice(plan.standing, side.rule, is_open, said, silenced)

    def _spans(self, plan: DayPlan) -> Spans:
        if plan.like is None:
            return plan.hours[self._day.weekday()]
        base = (one for one in self._facts.plans if one.standing[0] >= KINDS[RuleKind.SEASON])
        holding = next(one for one in base if one.first <= self._day <= one.last)
        return holding.hours[plan.like]


def _one_each(voices: Sequence[_Voice]) -> list[_Voice]:
    """One voice a rule: of its several days and hours the strongest that speaks."""
    best: dict[tuple[RuleKind, str], _Voice] = {}
    for voice in voices:
        key = (voice.rule.kind, voice.rule.name)
        known = best.get(key)
        if known is None or _preferred(voice) < _preferred(known):
            best[key] = voice
    return list(best.values())


def _preferred(voice: _Voice) -> tuple[bool, Standing]:
    return voice.open is None, voice.standing

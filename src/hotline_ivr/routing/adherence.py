"""How closely an operator kept to the plan on a day.

As Amazon Connect defines it (administrator guide, "Schedule adherence metrics"): adherence is adherent time
by scheduled time; time is adherent when the operator is available in a productive slot, or on a break in a
break slot. It is computed anew when the plan is changed afterwards. Beyond that definition:

- Available is who is signed in and not paused: free, rung, in a call, or in wrap-up.
- A break that floats has its slot where it was first taken within its window. One that was never taken has no
  slot, its time is productive, and it is named as missed.
- In the slot of a break, being on any break is adherent, whatever its kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from hotline_ivr.routing.duties import Duty, DutyBreak


class Presence(StrEnum):
    """What an operator was doing, as far as the plan asks."""

    AVAILABLE = "available"
    BREAK = "break"
    PAUSED = "paused"
    """Paused for another reason than a break."""
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Spell:
    """An operator was in one state from a moment until before another (UTC)."""

    start: datetime
    end: datetime
    presence: Presence


@dataclass(frozen=True, slots=True)
class Adherence:
    """Whole seconds of one operator's duties. `late` and `left_early` count time signed out at their ends;
    `over_break` counts time on a break outside of every slot of a break, within the duties.
    """

    scheduled: int
    adherent: int
    late: int
    left_early: int
    over_break: int
    missed_breaks: tuple[str, ...]

    @property
    def percent(self) -> float | None:
        """Adherence in per cent; None where nothing was scheduled."""
        return 100 * self.adherent / self.scheduled if self.scheduled else None


@dataclass(frozen=True, slots=True)
class _Slot:
    start: datetime
    end: datetime


def adherence(duties: Iterable[Duty], spells: Iterable[Spell], until: datetime | None = None) -> Adherence:
    """Compare what was planned with what was; what lies after `until` is not looked at yet.

    Time that no spell covers counts as signed out. Spells must not overlap.
    """
    known = sorted(spells, key=lambda spell: spell.start)
    found = [_of_duty(duty, known, min(duty.end, until or duty.end)) for duty in duties]
    return Adherence(
        sum(each.scheduled for each in found),
        sum(each.adherent for each in found),
        sum(each.late for each in found),
        sum(each.left_early for each in found),
        sum(each.over_break for each in found),
        tuple(name for each in found for name in each.missed_breaks),
    )


def _of_duty(duty: Duty, spells: Sequence[Spell], end: datetime) -> Adherence:
    if end <= duty.start:
        return Adherence(0, 0, 0, 0, 0, ())
    mine = [spell for spell in spells if spell.start < end and spell.end > duty.start]
    slots, missed = _slots(duty, mine, end)
    edges = {duty.start, end}
    spans = [(spell.start, spell.end) for spell in mine] + [(slot.start, slot.end) for slot in slots]
    edges.update(edge for span in spans for edge in span if duty.start < edge < end)
    adherent = over = timedelta()
    for start, after in pairwise(sorted(edges)):
        presence = _presence(mine, start)
        in_break = any(slot.start <= start < slot.end for slot in slots)
        if presence is (Presence.BREAK if in_break else Presence.AVAILABLE):
            adherent += after - start
        elif presence is Presence.BREAK:
            over += after - start
    there = [spell for spell in mine if spell.presence is not Presence.OUT]
    first = max(there[0].start, duty.start) if there else end
    last = min(there[-1].end, end) if there else end
    # Nobody has left early before the duty is over.
    early = end - last if end == duty.end else timedelta()
    return Adherence(
        _seconds(end - duty.start), _seconds(adherent), _seconds(first - duty.start), _seconds(early),
        _seconds(over), missed,
    )  # fmt: skip


def _slots(duty: Duty, spells: Sequence[Spell], end: datetime) -> tuple[list[_Slot], tuple[str, ...]]:
    """Where the breaks of a duty lie: as planned, or where they were taken; and which were missed."""
    slots = [_Slot(each.opens, each.closes) for each in duty.breaks if not each.floats]
    missed = [
        each.id
        for each in duty.breaks
        if not each.floats and each.closes <= end and not _was_taken(each.opens, each.closes, spells)
    ]
    for each in sorted((e for e in duty.breaks if e.floats), key=lambda e: (e.closes, e.id)):
        start = _taken_from(each, spells, slots)
        if start is not None:
            slots.append(_Slot(start, min(start + each.length, each.closes)))
        elif each.closes <= end:
            missed.append(each.id)
    return slots, tuple(missed)


def _was_taken(start: datetime, end: datetime, spells: Sequence[Spell]) -> bool:
    return any(
        spell.presence is Presence.BREAK and spell.start < end and spell.end > start for spell in spells
    )


def _taken_from(each: DutyBreak, spells: Sequence[Spell], slots: Sequence[_Slot]) -> datetime | None:
    """When a break that floats was begun: the first time on a break in its window that has no slot yet."""
    for spell in spells:
        if spell.presence is Presence.BREAK and spell.start < each.closes and spell.end > each.opens:
            start = max(spell.start, each.opens)
            for slot in sorted(slots, key=lambda slot: slot.start):
                if slot.start <= start < slot.end:
                    start = slot.end
            if start < min(spell.end, each.closes):
                return start
    return None


def _presence(spells: Sequence[Spell], at: datetime) -> Presence:
    return next((spell.presence for spell in spells if spell.start <= at < spell.end), Presence.OUT)


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())

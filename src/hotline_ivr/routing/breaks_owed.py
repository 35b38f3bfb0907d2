"""The breaks that a plan owes an operator, as wishes for the governor. Times are seconds since 1970, UTC."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from hotline_ivr.routing.break_floor import BreakWish
from hotline_ivr.routing.duties import Duty

LONGEST_WAIT = 3600
"""Seconds after which a break that was asked for, or was planned, begins whatever the minimum says."""


def owed(duty: Duty, had: Collection[str], longest_wait: int = LONGEST_WAIT) -> Iterator[BreakWish]:
    """The breaks of a duty that have not been granted yet; `had` are the ids of those that have.

    One that is planned by the clock falls due then and may be pushed so far. One that floats is nobody's wish
    until it is asked for (`asked_for`), and begins by itself within its window.
    """
    end = int(duty.end.timestamp())
    for each in duty.breaks:
        if each.id in had:
            continue
        length, opens = int(each.length.total_seconds()), int(each.opens.timestamp())
        latest = int(each.last_start.timestamp())
        if each.floats:
            yield BreakWish(duty.operator, each.id, length, latest, opens, latest, asked=False)
        else:
            pushed = max(opens, min(opens + longest_wait, end - length))
            yield BreakWish(duty.operator, each.id, length, opens, opens, pushed)


def asked_for(wish: BreakWish, at: int) -> BreakWish:
    """A break that floats, once its operator asks for it; it begins within its window as before."""
    return replace(wish, due=at, asked=True)


def besides(
    operator: str, break_id: str, length: int, at: int, longest_wait: int = LONGEST_WAIT
) -> BreakWish:
    """A break that no plan knows of, asked for at a moment."""
    return BreakWish(operator, break_id, length, at, at, at + longest_wait)

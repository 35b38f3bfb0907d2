"""How long operators stood how, within any time, from the pause ledger.

The ledger has an index on beginnings alone. A standing of a day or less that touches a moment began within
the day before it; the others, and those that last still, are few: they are read once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, tuple_

from hotline_ivr.routing.presence import Standing
from hotline_ivr.store.streaming import raw
from hotline_ivr.store.tables import operator_period

_DAY = 86_400_000_000
_periods = operator_period.c
_began, _ended = raw(_periods.began_at), raw(_periods.ended_at)
_there = _periods.standing != Standing.SIGNED_OUT.value


@dataclass(slots=True)
class Stood:
    """Of one operator: microseconds by standing, and how many pauses began."""

    micros: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    pauses: int = 0

    def add(self, standing: str, micros: int, begun: int) -> None:
        self.micros[standing] += micros
        self.pauses += begun if standing == Standing.PAUSED.value else 0


class Standings:
    """The ledger until `until`. All moments are microseconds since 1970; who is signed out does not stand."""

    def __init__(self, connection: Connection, until: int) -> None:
        self._connection = connection
        lasting = or_(_ended.is_(None), _ended - _began > _DAY)
        chosen = select(_periods.node, _periods.operator, _periods.standing, _began, _ended)
        self._long = connection.execute(chosen.where(_began < until, _there, lasting)).all()
        # One that ends while this is read would count twice.
        known = [(node, operator, began) for node, operator, _, began, ended in self._long if ended is None]
        self._short = and_(_there, _ended.is_not(None), _ended - _began <= _DAY)
        if known:
            self._short &= tuple_(_periods.node, _periods.operator, _began).not_in(known)

    def within(self, start: int, end: int) -> Mapping[str, Stood]:
        """By operator: what is from `start` to before `end`."""
        found: defaultdict[str, Stood] = defaultdict(Stood)
        latest = case((_began > start, _began), else_=start)
        earliest = case((_ended < end, _ended), else_=end)
        begun = func.sum(case((_began >= start, 1), else_=0))
        summed = select(_periods.operator, _periods.standing, func.sum(earliest - latest), begun)
        summed = summed.where(self._touching(start, end)).group_by(_periods.operator, _periods.standing)
        for operator, standing, micros, pauses in self._connection.execute(summed):
            found[operator].add(standing, int(micros), int(pauses))
        for _, operator, standing, began, ended in self._long:
            if began < end and (ended is None or ended > start):
                micros = min(end, end if ended is None else ended) - max(start, began)
                found[operator].add(standing, micros, int(began >= start))
        return found

    def first(self, start: int, end: int) -> int | None:
        """The first moment of this time at which anybody stands."""
        if self._stands(start):
            return start
        begun = self._connection.scalar(
            select(func.min(_began)).where(self._short, _began >= start, _began < end)
        )
        known = [begun] if begun is not None else []
        return min([*known, *(began for *_, began, _ in self._long if start <= began < end)], default=None)

    def last(self, start: int, end: int) -> int | None:
        """The last moment of this time at which anybody stands."""
        if self._stands(end - 1):
            return end - 1
        ends = [ended for *_, ended in self._long if ended is not None and start < ended < end]
        begun = self._connection.scalar(select(func.max(_began)).where(self._short, _began < end))
        if begun is not None:
            # What ends last began within a day before what begins last.
            near = select(func.max(_ended)).where(self._short, _began >= begun - _DAY, _began <= begun)
            ends.append(self._connection.scalar(near))
        found = max(ends, default=0) - 1
        return found if found >= start else None

    def _stands(self, moment: int) -> bool:
        if any(began <= moment and (ended is None or ended > moment) for *_, began, ended in self._long):
            return True
        any_ = select(_periods.operator).where(self._touching(moment, moment + 1)).limit(1)
        return self._connection.execute(any_).first() is not None

    def _touching(self, start: int, end: int) -> ColumnElement[bool]:
        return and_(self._short, _began >= start - _DAY, _began < end, _ended > start)

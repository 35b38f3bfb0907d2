"""Who may go on a break now, who waits, and how long. Pure: the same floor and wishes give the same answers.

1. Every wish is first given a place as late as it may be, latest windows first. So there is room for all of
   them wherever room exists, and nobody's last chance of lunch goes to another.
2. Then each, in the order in which they fell due, moves to the first moment that takes no place given before
   (conservative backfilling, Mu'alem and Feitelson, IEEE TPDS 12(6), 2001). Who came first goes first; who is
   in nobody's way need not wait; only somebody's last chance goes before who came earlier.
3. A place that lies at this moment is a grant. A break that floats and nobody asked for begins when its late
   place has come, so always within its window.

What cannot be kept is not kept: where no moment until its `latest` leaves enough operators, a break begins at
`latest` all the same and says so (`forced`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from hotline_ivr.routing.break_floor import (
    Away,
    BreakAnswer,
    BreakLimits,
    BreakVerdict,
    BreakWish,
    Person,
)


@dataclass(frozen=True, slots=True)
class _Place:
    """A time away that is taken or reserved."""

    operator: str
    start: int
    end: int


class _Room:
    """The people there are, the times away that are taken, and whether one more fits."""

    def __init__(self, people: Iterable[Person], taken: Iterable[_Place], limits: BreakLimits) -> None:
        self._people: dict[str, list[Person]] = {}
        for person in people:
            self._people.setdefault(person.operator, []).append(person)
        self._limits = limits
        self.taken = list(taken)

    def queues_of(self, operator: str) -> frozenset[str]:
        return frozenset().union(*(person.queues for person in self._people.get(operator, ())))

    def fits(self, operator: str, start: int, end: int) -> bool:
        """Whether the operator may be away in this time with all limits kept."""
        mine = self.queues_of(operator)
        near = [place for place in self.taken if place.start < end and place.end > start]
        if any(place.operator == operator for place in near):
            return False
        moments = {start, *(place.start for place in near if place.start > start)}
        # Fewer are ready only where somebody goes, or where a duty ends.
        for others in self._people.values():
            moments.update(each.end for each in others if start < each.end < end)
        return all(self._fits_at(operator, mine, moment, near) for moment in moments)

    def _fits_at(self, operator: str, mine: frozenset[str], moment: int, near: Sequence[_Place]) -> bool:
        away = {place.operator for place in near if place.start <= moment < place.end}
        limits = self._limits
        if limits.away_in_all is not None and len(away) >= limits.away_in_all:
            return False
        for queue in mine:
            here = {name for name in self._there(queue, moment) if name != operator}
            gone = sum(queue in self.queues_of(name) for name in away)
            if gone >= limits.away.get(queue, len(self._people) + 1):
                return False
            if len(here - away) < limits.ready.get(queue, 0) and self._is_there(operator, moment):
                return False
        return True

    def _is_there(self, operator: str, moment: int) -> bool:
        return any(each.start <= moment < each.end for each in self._people.get(operator, ()))

    def _there(self, queue: str, moment: int) -> set[str]:
        return {
            name
            for name, each in self._people.items()
            if any(person.start <= moment < person.end and queue in person.queues for person in each)
        }

    def first(self, wish: BreakWish, now: int) -> int | None:
        """The first moment from which a wish fits; None when there is none until its latest."""
        begin = max(now, wish.earliest)
        moments = {begin, *(place.end for place in self.taken), *self._edges()}
        for moment in sorted(each for each in moments if begin <= each <= max(begin, wish.latest)):
            if self.fits(wish.operator, moment, moment + wish.length):
                return moment
        return None

    def last(self, wish: BreakWish, now: int) -> int | None:
        """The last moment from which a wish fits; None when there is none."""
        begin, latest = max(now, wish.earliest), max(now, wish.latest)
        ends = (*(place.start for place in self.taken), *self._edges())
        moments = {latest, begin, *(each - wish.length for each in ends)}
        for moment in sorted((each for each in moments if begin <= each <= latest), reverse=True):
            if self.fits(wish.operator, moment, moment + wish.length):
                return moment
        return None

    def _edges(self) -> Iterable[int]:
        return (
            edge for each in self._people.values() for person in each for edge in (person.start, person.end)
        )


def govern(
    now: int,
    people: Iterable[Person],
    away: Iterable[Away],
    wishes: Iterable[BreakWish],
    limits: BreakLimits,
) -> tuple[BreakAnswer, ...]:
    """Answer every wish, in fair order: by when it fell due, then the shorter time left, then the name.

    `away` are breaks granted before and not over; whoever is in it keeps it. To be asked anew whenever
    somebody comes, goes, asks or a forecast minute has come: answers bind nobody but the granted.
    """
    people = tuple(people)
    taken = [_Place(each.operator, each.start, max(each.end, now + 1)) for each in away]
    ordered = sorted(wishes, key=lambda wish: (wish.due, wish.latest, wish.operator, wish.id))
    busy = {person.operator: max(0, (person.free_at or now) - now) for person in people}
    # Who is in a call is away for what is left of it too: the break begins only then.
    longer = [replace(wish, length=wish.length + busy.get(wish.operator, 0)) for wish in ordered]
    room, places, forced = _reserve(lambda: _Room(people, taken, limits), longer, now)
    answers: list[BreakAnswer] = []
    for wish, lasting in zip(ordered, longer, strict=True):
        key = (wish.operator, wish.id)
        mine = places[key]
        if wish.asked and key not in forced:
            room.taken.remove(mine)
            start = room.first(lasting, now)
            begin = mine.start if start is None else start
            mine = _Place(wish.operator, begin, begin + lasting.length)
            room.taken.append(mine)
        answers.append(_answer(wish, mine, now, busy.get(wish.operator, 0), forced=key in forced))
    return _numbered(answers)


_Reserved = tuple[_Room, dict[tuple[str, str], _Place], set[tuple[str, str]]]


def _reserve(make: Callable[[], _Room], wishes: Sequence[BreakWish], now: int) -> _Reserved:
    """Give every wish a place; beside the room, the places and which of them break a limit."""
    late = sorted(wishes, key=lambda each: (-each.latest, -each.due, each.operator, each.id))
    found = _placed(make(), late, now, late=True)
    if found[2]:
        # Breaks that may not begin yet can make the late places fail where the early ones would not.
        early = sorted(wishes, key=lambda each: (each.latest, each.due, each.operator, each.id))
        other = _placed(make(), early, now, late=False)
        # Where as many cannot be kept either way, it is those who came last.
        if len(other[2]) <= len(found[2]):
            return other
    return found


def _placed(room: _Room, wishes: Iterable[BreakWish], now: int, *, late: bool) -> _Reserved:
    places: dict[tuple[str, str], _Place] = {}
    forced: set[tuple[str, str]] = set()
    for wish in wishes:
        start = room.last(wish, now) if late else room.first(wish, now)
        if start is None:
            forced.add((wish.operator, wish.id))
            start = max(now, wish.latest)
        place = _Place(wish.operator, start, start + wish.length)
        room.taken.append(place)
        places[wish.operator, wish.id] = place
    return room, places, forced


def _answer(wish: BreakWish, place: _Place, now: int, busy: int, *, forced: bool) -> BreakAnswer:
    if place.start > now:
        verdict = BreakVerdict.WAITS if wish.asked else BreakVerdict.AHEAD
        return BreakAnswer(wish, verdict, place.start, forced=forced)
    return BreakAnswer(wish, BreakVerdict.GRANTED, now + busy, in_call=busy > 0, forced=forced)


def _numbered(answers: Sequence[BreakAnswer]) -> tuple[BreakAnswer, ...]:
    """Give those who wait their places, by when they are forecast to begin; who asked first goes first."""
    waiting = [answer for answer in answers if answer.verdict is BreakVerdict.WAITS]
    order = sorted(range(len(waiting)), key=lambda index: (waiting[index].begins, index))
    places = {id(waiting[index]): place for place, index in enumerate(order, start=1)}
    return tuple(
        BreakAnswer(each.wish, each.verdict, each.begins, places.get(id(each), 0), each.in_call, each.forced)
        for each in answers
    )

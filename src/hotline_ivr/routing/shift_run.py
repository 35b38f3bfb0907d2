"""What the shift plans bring about at a moment: who is signed in and out, and who goes on a break.

Pure: where operators stand and what is kept of their duties come in with the moment (aware, UTC); what is to
be done, and what is then kept, come out. Asked again whenever somebody comes, goes, asks, or `look_again` has
come, it does each thing once: a sign-in at the beginning of a duty, a sign-out at its end, each break.

Who signs out in the middle of a shift by hand stays so, and who signs in outside of it too. A break is never
in a call: it begins when the call and its wrap-up are over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hotline_ivr.routing.break_floor import (
    FOREVER,
    Away,
    BreakAnswer,
    BreakLimits,
    BreakVerdict,
    BreakWish,
    Person,
)
from hotline_ivr.routing.break_governor import govern
from hotline_ivr.routing.breaks_owed import asked_for, besides, owed
from hotline_ivr.routing.duties import Duty, StandingKind
from hotline_ivr.routing.presence import Presence, PresenceEvent, SignIn, SignOut, Standing, TakePause
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.shift_notes import BreakAsked, DutyNote, ShiftNotes
from hotline_ivr.routing.shifts import ShiftBook
from hotline_ivr.routing.staffing import Staffing

BY_SHIFT = "shift"
"""Who brings about what a plan says."""

USUAL_TALK = timedelta(minutes=3)
"""How long a call is taken to last still: talk times forget how long they have been."""

GRACE = timedelta(minutes=10)
"""A break that could not begin until so long after its last moment is missed, and is had by asking for it."""

# How far ahead people are known to come, for breaks that can wait for them.
_AHEAD = timedelta(hours=8)
# While somebody waits for a break it is looked again so often: calls take longer or shorter than forecast.
_WAITING = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class OnFloor:
    """An operator now."""

    presence: Presence
    in_call: bool = False


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to be done now; `answers` are the breaks that are ahead, the next one of each operator."""

    notes: ShiftNotes
    events: tuple[tuple[str, PresenceEvent], ...] = ()
    answers: Mapping[str, BreakAnswer] = field(default_factory=dict)
    #: Operators and ids of breaks for which it is too late.
    missed: tuple[tuple[str, str], ...] = ()
    look_again: datetime | None = None


class ShiftRun:
    """The shifts of one plan, as they run. `book` is asked for calendars only."""

    def __init__(self, book: Rulebook) -> None:
        self.plan = book.plan
        self._shifts = ShiftBook(book)
        self._staffing = Staffing(book, self._shifts)

    def orders(
        self, now: datetime, notes: ShiftNotes, floor: Mapping[str, OnFloor], book: Rulebook
    ) -> Orders:
        """What is to be done; `book` has the overrides that hold now."""
        return _Look(self, now, notes, floor, self._limits(book, now)).orders()

    def kind_of(self, operator: str, break_id: str, at: datetime) -> str:
        """The kind of a break of the duty at a moment; of one that no plan knows, its id says it."""
        duty = self.duty(operator, at)
        found = (each.kind for each in (duty.breaks if duty else ()) if each.id == break_id)
        return next(found, break_id.removeprefix(_BESIDES))

    def duty(self, operator: str, at: datetime) -> Duty | None:
        if operator not in self._shifts.planned:
            return None
        return self._shifts.standing(operator, at).duty

    def duties(self, operator: str, start: datetime, end: datetime) -> tuple[Duty, ...]:
        if operator not in self._shifts.planned:
            return ()
        return self._shifts.duties(operator, start, end)

    def changes_at(self, operator: str, at: datetime) -> datetime | None:
        """When the operator next comes or goes by plan."""
        return self._shifts.standing(operator, at).until if operator in self._shifts.planned else None

    def is_off_duty(self, operator: str, at: datetime) -> bool:
        return self._shifts.standing(operator, at).kind is StandingKind.OFF_DUTY

    def queues_of(self, operator: str) -> frozenset[str]:
        return frozenset(name for name, queue in self.plan.queues.items() if operator in queue.operators)

    def _limits(self, book: Rulebook, now: datetime) -> BreakLimits:
        ready = {
            queue: self._staffing.minimum_ready(queue, now)
            for queue, lines in self._staffing.lines.items()
            if any(book.situation(line, now).open for line in lines)
        }
        away = {name: queue.most_away for name, queue in self.plan.queues.items() if queue.most_away}
        return BreakLimits(ready, away, self.plan.organisation.most_away)


# Before the id of a break that no plan knows of.
_BESIDES = "+"


class _Look:
    """One look at the floor."""

    def __init__(
        self,
        run: ShiftRun,
        now: datetime,
        notes: ShiftNotes,
        floor: Mapping[str, OnFloor],
        limits: BreakLimits,
    ) -> None:
        self._run, self._now, self._limits = run, now, limits
        self._floor = {name: each for name, each in floor.items() if name in run.plan.operators}
        # Operators who are gone from the plan are forgotten; those of whom nothing is known yet are not.
        self._duties = {name: note for name, note in notes.duties.items() if name in run.plan.operators}
        self._asked = {
            name: each
            for name, each in notes.asked.items()
            if name in run.plan.operators and each.kind in run.plan.break_kinds
        }
        self._events: list[tuple[str, PresenceEvent]] = []
        self._missed: list[tuple[str, str]] = []
        self._moments: list[datetime] = []

    def orders(self) -> Orders:
        for operator in self._floor:
            self._come_or_go(operator)
            self._count_breaks_by_hand(operator)
        wishes = [wish for operator in self._floor for wish in self._wishes(operator)]
        answers = govern(
            int(self._now.timestamp()), list(self._people()), list(self._away()), wishes, self._limits
        )
        ahead = self._carry_out(answers)
        later = [moment for moment in self._moments if moment > self._now]
        return Orders(
            ShiftNotes(self._duties, self._asked),
            tuple(self._events),
            ahead,
            tuple(self._missed),
            min(later, default=None),
        )

    def _come_or_go(self, operator: str) -> None:
        presence, note = self._floor[operator].presence, self._duties.get(operator)
        signs = self._run.plan.operators[operator].sign_in == "shift"
        duty = self._run.duty(operator, self._now)
        self._note_moment(self._run.changes_at(operator, self._now))
        if duty is not None:
            if note is None or note.start != duty.start:
                self._duties[operator] = DutyNote(duty.start)
                leaves = presence.asked is not None and presence.asked.standing is Standing.SIGNED_OUT
                if signs and (leaves or presence.standing is Standing.SIGNED_OUT):
                    self._do(operator, SignIn(BY_SHIFT))
        elif note is not None and not note.over:
            self._duties[operator] = replace(note, over=True)
            if signs and presence.standing is not Standing.SIGNED_OUT:
                self._do(operator, SignOut(BY_SHIFT))
                self._asked.pop(operator, None)

    def _do(self, operator: str, event: PresenceEvent) -> None:
        self._events.append((operator, event))

    def _count_breaks_by_hand(self, operator: str) -> None:
        """Who goes to lunch by a pause of that name has had it."""
        presence, note = self._floor[operator].presence, self._duties.get(operator)
        duty = self._run.duty(operator, self._now)
        if note is None or duty is None or not self._is_on_break(presence):
            return
        if presence.since == note.counted or presence.since < duty.start:
            return
        had = note.had
        if not note.granted:
            same = [each for each in duty.breaks if each.kind == presence.reason and each.id not in had]
            had |= {each.id for each in same[:1]}
            self._asked.pop(operator, None)
        self._duties[operator] = replace(note, had=had, granted=False, counted=presence.since)

    def _is_on_break(self, presence: Presence) -> bool:
        return presence.standing is Standing.PAUSED and presence.reason in self._run.plan.break_kinds

    def _wishes(self, operator: str) -> Iterator[BreakWish]:
        presence = self._floor[operator].presence
        if presence.standing is Standing.SIGNED_OUT:
            self._asked.pop(operator, None)
            return
        found = list(self._owed(operator))
        if (asked := self._asked.get(operator)) is not None:
            found = self._with_asked(operator, asked, found)
        if presence.standing is not Standing.PAUSED and presence.asked is None:
            yield from found

    def _owed(self, operator: str) -> Iterator[BreakWish]:
        duty, note = self._run.duty(operator, self._now), self._duties.get(operator)
        if duty is None or note is None or note.start != duty.start:
            return
        for wish in owed(duty, note.had):
            last = _moment(wish.latest) + GRACE
            if self._now > last:
                self._missed.append((operator, wish.id))
                note = replace(note, had=note.had | {wish.id})
                continue
            self._moments += [_moment(wish.earliest), _moment(wish.latest)]
            yield wish
        self._duties[operator] = note

    def _with_asked(self, operator: str, asked: BreakAsked, found: list[BreakWish]) -> list[BreakWish]:
        """The wishes with what was asked for: a break that is owed, or else one besides."""
        at = int(asked.at.timestamp())
        mine = [wish for wish in found if self._run.kind_of(operator, wish.id, self._now) == asked.kind]
        if mine:
            first = min(mine, key=lambda wish: (wish.latest, wish.id))
            return [asked_for(wish, at) if wish is first else wish for wish in found]
        length = self._run.plan.break_kinds[asked.kind].length
        return [*found, besides(operator, _BESIDES + asked.kind, length, at)]

    def _people(self) -> Iterator[Person]:
        now = int(self._now.timestamp())
        for operator in self._run.plan.operators:
            queues = self._run.queues_of(operator)
            here = self._floor.get(operator)
            if here is not None and self._is_there(here.presence):
                duty = self._run.duty(operator, self._now)
                end = int(duty.end.timestamp()) if duty else FOREVER
                yield Person(operator, queues, now, end, self._free_at(here))
            for duty in self._run.duties(operator, self._now, self._now + _AHEAD):
                if duty.start > self._now:
                    yield Person(operator, queues, int(duty.start.timestamp()), int(duty.end.timestamp()))

    def _is_there(self, presence: Presence) -> bool:
        """Ready, or about to be: also who is on a break comes back from there."""
        return presence.standing in {Standing.READY, Standing.WRAP_UP} or self._is_on_break(presence)

    def _free_at(self, here: OnFloor) -> int | None:
        if here.in_call:
            return int((self._now + USUAL_TALK).timestamp())
        if here.presence.standing is Standing.WRAP_UP and here.presence.until is not None:
            return int(here.presence.until.timestamp())
        return None

    def _away(self) -> Iterator[Away]:
        now = int(self._now.timestamp())
        for operator, here in self._floor.items():
            presence, asked = here.presence, here.presence.asked
            if self._is_on_break(presence):
                until = int(presence.until.timestamp()) if presence.until else 0
                # Who is over the limit may come back at any moment, and is not counted on.
                yield Away(operator, int(presence.since.timestamp()), max(until, now + 60))
            elif asked is not None and asked.standing is Standing.PAUSED:
                length = int(asked.length.total_seconds()) if asked.length else 600
                yield Away(operator, now, (self._free_at(here) or now) + length)

    def _carry_out(self, answers: tuple[BreakAnswer, ...]) -> dict[str, BreakAnswer]:
        ahead: dict[str, BreakAnswer] = {}
        for answer in answers:
            operator = answer.wish.operator
            if answer.verdict is BreakVerdict.GRANTED:
                self._grant(operator, answer)
                continue
            self._moments.append(_moment(answer.begins))
            known = ahead.get(operator)
            # What somebody asked for is what that person wants to know of.
            if known is None or (not answer.wish.asked, answer.begins) < (not known.wish.asked, known.begins):
                ahead[operator] = answer
            if answer.verdict is BreakVerdict.WAITS:
                self._moments.append(self._now + _WAITING)
        return ahead

    def _grant(self, operator: str, answer: BreakAnswer) -> None:
        wish = answer.wish
        kind = self._run.kind_of(operator, wish.id, self._now)
        asked = self._asked.get(operator)
        by = BY_SHIFT
        if asked is not None and asked.kind == kind and wish.asked:
            by = asked.by
            del self._asked[operator]
        note = self._duties.get(operator)
        if note is not None and not note.over:
            had = note.had if wish.id.startswith(_BESIDES) else note.had | {wish.id}
            self._duties[operator] = replace(note, had=had, granted=True)
        self._do(operator, TakePause(kind, by, timedelta(seconds=wish.length), after_wrap_up=True))

    def _note_moment(self, moment: datetime | None) -> None:
        if moment is not None:
            self._moments.append(moment)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

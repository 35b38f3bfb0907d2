"""Whom the service rings now: those a queue owes a call, while somebody there is free for it.

Who gave up a wait for the promise keeps the place: rung when their turn comes, whoever came later and waits.
Where nobody can say when that will be, they are rung as soon as they are next, and are there when it comes:
else whoever waits live would get every operator first. All others are rung while nobody waits.

A number is only ever rung because it rang us, or because who rang us typed it. What may be rung at all is
bounded by the queue's `allowed`, and how often by `attempts`, `spacing` and `a_day`, since callers choose the
number that they show.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hotline_ivr.config.callbacks import Callbacks
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.centres import holds
from hotline_ivr.routing.promises import Promise
from hotline_ivr.routing.ringing import may_ring, spoken_number
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.skills import admissions
from hotline_ivr.routing.steps import Outcome

HOLDS_S = 3600
"""How long a place waits for an operator who is rung first (s): nobody hears it wait."""


AGAIN_S = 15
"""After so long a place that no operator came for stands in the queue again (s)."""


class Candidate(NamedTuple):
    """An open promise that nobody is ringing now. Times are aware."""

    promise: Promise
    person: str
    # Since when they have waited: they keep the place.
    joined_at: datetime
    attempts: int
    # When the latest attempt ended, or began.
    tried_at: datetime | None
    # The number (E.164) that is rung.
    rings: str
    # Attempts that ended before the person was rung, and whether the latest did.
    not_rung: int = 0
    last_not_rung: bool = False

    @property
    def keeps_place(self) -> bool:
        """Whether they gave up a wait for the promise, and so stand in the queue without being there."""
        return self.promise.place_at is not None and Outcome.CALLBACK in self.promise.reasons


@dataclass(frozen=True, slots=True)
class Turn:
    """One queue now: when those who wait there joined (aware), how many operators are free for somebody
    within the time that a telephone rings, how many are at work at all, and whether each of them is left
    alone after a conversation, so that somebody can be rung meanwhile."""

    waiting: tuple[datetime, ...] = ()
    soon: int = 0
    serving: int = 0
    notice: bool = False


@dataclass(frozen=True, slots=True)
class Dialling:
    """One attempt, with all that Asterisk has to know. Durations are seconds."""

    id: str
    promise_node: str
    promise_id: str
    number: int
    person: str
    # What is dialled (E.164).
    rings: str
    queue: str
    line: str
    line_number: str
    carrier: str
    host: str
    ring: int
    language: str
    prompt: str
    press_within: int
    press_tries: int
    longest: int
    sorry: str
    joined_at: datetime
    # After which waits operators of the next level are admitted, as in steps.Wait.
    admitted_s: tuple[int, ...] = ()
    # What an operator who is rung first is told, in prompts; empty where the person is rung first.
    told: tuple[str, ...] = ()


def due(
    candidates: Iterable[Candidate],
    book: Rulebook,
    *,
    free: Mapping[str, int],
    dialled: Mapping[str, int],
    now: datetime,
    turns: Mapping[str, Turn] | None = None,
    under_way: Mapping[str, int] | None = None,
    standing: Mapping[str, int] | None = None,
) -> tuple[Dialling, ...]:
    """The attempts to make now, who waits longest first.

    `free` is operators by queue for whom nobody waits, `turns` how it stands there; `under_way` are people
    being rung already, `standing` attempts that are not over, `dialled` those of the last 24 hours.
    """
    seen, ringing, up = turns or {}, dict(under_way or {}), dict(standing or {})
    left = {name: count - ringing.get(name, 0) for name, count in free.items()}
    allowance = {name: rules.a_day - dialled.get(name, 0) for name, rules in policies(book.plan).items()}
    found = []
    for each in sorted(candidates, key=lambda candidate: (candidate.joined_at, candidate.promise.id)):
        name = queue_of(each.promise, book.plan)
        rules = policies(book.plan).get(name)
        if rules is None or allowance[name] <= 0:
            continue
        taken = up.get(name, 0) if rules.operator_first else ringing.get(name, 0)
        if left.get(name, 0) <= 0 and not _is_next(each, seen.get(name), rules, taken):
            continue
        if not wanted(each, rules, now) or not rings_now(each.promise.line, rules, book, now):
            continue
        dialling = _dialling(each, name, rules, book.plan)
        if dialling is not None:
            found.append(dialling)
            left[name] = left.get(name, 0) - 1
            ringing[name], up[name] = ringing.get(name, 0) + 1, up.get(name, 0) + 1
            allowance[name] -= 1
    return tuple(found)


def _is_next(candidate: Candidate, turn: Turn | None, rules: Callbacks, taken: int) -> bool:
    """Whether an operator is free for whoever keeps this place once they have been reached.

    Where an operator is rung first, a place may stand in the queue and wait for its turn by itself. Where
    nothing gives notice of an operator, whoever is next is rung while somebody who came later waits and would
    be served first: one at a time, who then waits live and stands before them.
    """
    if turn is None or not candidate.keeps_place:
        return False
    before = sum(joined <= candidate.joined_at for joined in turn.waiting)
    if rules.operator_first:
        return before + taken < turn.serving
    overtaken = len(turn.waiting) > before and turn.serving > 0 and not turn.notice
    return before + taken < max(turn.soon, int(overtaken))


def kept_places(
    candidates: Iterable[Candidate], book: Rulebook, now: datetime
) -> dict[str, tuple[datetime, ...]]:
    """By queue, the moments (aware) from which those wait who are to be rung and keep a place."""
    found: dict[str, list[datetime]] = {}
    rules_of = policies(book.plan)
    for each in candidates:
        name = queue_of(each.promise, book.plan)
        rules = rules_of.get(name)
        if rules is None or not each.keeps_place or not may_ring(each.rings, rules, book.plan):
            continue
        if wanted(each, rules, now) and rings_now(each.promise.line, rules, book, now):
            found.setdefault(name, []).append(each.joined_at)
    return {name: tuple(sorted(places)) for name, places in found.items()}


def policies(plan: Plan) -> dict[str, Callbacks]:
    """The rules of each queue that calls back."""
    return {name: queue.callbacks for name, queue in plan.queues.items() if queue.callbacks is not None}


def queue_of(promise: Promise, plan: Plan) -> str:
    """Who owes the call: the queue that was waited in or that promised, else that of the line."""
    if promise.queue:
        return promise.queue
    line = plan.lines.get(promise.line)
    return line.queue if line is not None else ""


def wanted(candidate: Candidate, rules: Callbacks, now: datetime) -> bool:
    """Whether this person is to be rung, and again already."""
    promise = candidate.promise
    if not promise.is_open or not set(promise.reasons) & set(rules.reasons):
        return False
    rung = candidate.attempts - candidate.not_rung
    if rung >= rules.attempts or now >= promise.last_at + timedelta(seconds=rules.expires):
        return False
    spacing_s = min(rules.spacing, AGAIN_S) if candidate.last_not_rung else rules.spacing
    return candidate.tried_at is None or now >= candidate.tried_at + timedelta(seconds=spacing_s)


def rings_now(line_id: str, rules: Callbacks, book: Rulebook, now: datetime) -> bool:
    """Whether people of this line are rung at this hour."""
    line = book.plan.lines.get(line_id)
    if line is None:
        return False
    if rules.hours is not None:
        return holds(rules.hours, now, ZoneInfo(line.time_zone))
    return book.situation(line_id, now).open


def _dialling(candidate: Candidate, queue: str, rules: Callbacks, plan: Plan) -> Dialling | None:
    """None where no carrier takes the call, or the number may not be rung."""
    promise, line = candidate.promise, plan.lines[candidate.promise.line]
    named = {rules.trunk: plan.trunks[rules.trunk]} if rules.trunk in plan.trunks else plan.trunks
    ways = [(name, trunk.outbound) for name, trunk in sorted(named.items()) if trunk.outbound is not None]
    if not ways or not may_ring(candidate.rings, rules, plan):
        return None
    number, country = candidate.attempts + 1, plan.organisation.country
    return Dialling(
        id=f"{promise.id}-{number}",
        promise_node=promise.node,
        promise_id=promise.id,
        number=number,
        person=candidate.person,
        rings=candidate.rings,
        queue=queue,
        line=promise.line,
        line_number=line.numbers[0],
        carrier=ways[0][0],
        host=ways[0][1],
        ring=rules.ring,
        language=line.language,
        prompt=rules.prompt,
        press_within=rules.press_within,
        press_tries=rules.press_tries,
        longest=HOLDS_S if rules.operator_first else rules.max_wait,
        sorry=line.sorry_message,
        joined_at=candidate.joined_at,
        admitted_s=admissions(plan, queue),
        told=(rules.operator_prompt, *spoken_number(candidate.rings, country))
        if rules.operator_first
        else (),
    )

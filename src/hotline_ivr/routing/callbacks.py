"""Whom the service rings now: those a queue owes a call, while somebody there is free for it.

A number is only ever rung because it rang us. What may be rung at all is bounded by the queue's `allowed`,
and how often by `attempts`, `spacing` and `a_day`, since callers choose the number that they show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import phonenumbers

from hotline_ivr.config.callbacks import Callbacks
from hotline_ivr.config.models import Plan
from hotline_ivr.config.outside import is_allowed
from hotline_ivr.routing.centres import holds
from hotline_ivr.routing.promises import Promise
from hotline_ivr.routing.rulebook import Rulebook

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


class Candidate(NamedTuple):
    """An open promise that nobody is ringing now. Times are aware."""

    promise: Promise
    person: str
    # Since when they have waited: they keep the place.
    joined_at: datetime
    attempts: int
    # When the latest attempt ended, or began.
    tried_at: datetime | None


@dataclass(frozen=True, slots=True)
class Dialling:
    """One attempt, with all that Asterisk has to know. Durations are seconds."""

    id: str
    promise_node: str
    promise_id: str
    number: int
    person: str
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


def due(
    candidates: Iterable[Candidate],
    book: Rulebook,
    *,
    free: Mapping[str, int],
    dialled: Mapping[str, int],
    now: datetime,
) -> tuple[Dialling, ...]:
    """The attempts to make now, who waits longest first.

    `free` is operators by queue for whom nobody waits; `dialled` is attempts by queue in the last 24 hours.
    """
    left = dict(free)
    allowance = {name: rules.a_day - dialled.get(name, 0) for name, rules in policies(book.plan).items()}
    found = []
    for each in sorted(candidates, key=lambda candidate: (candidate.joined_at, candidate.promise.id)):
        name = queue_of(each.promise, book.plan)
        rules = policies(book.plan).get(name)
        if rules is None or left.get(name, 0) <= 0 or allowance[name] <= 0:
            continue
        if not wanted(each, rules, now) or not rings_now(each.promise.line, rules, book, now):
            continue
        dialling = _dialling(each, name, rules, book.plan)
        if dialling is not None:
            found.append(dialling)
            left[name] -= 1
            allowance[name] -= 1
    return tuple(found)


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
    if candidate.attempts >= rules.attempts or now >= promise.last_at + timedelta(seconds=rules.expires):
        return False
    return candidate.tried_at is None or now >= candidate.tried_at + timedelta(seconds=rules.spacing)


def rings_now(line_id: str, rules: Callbacks, book: Rulebook, now: datetime) -> bool:
    """Whether people of this line are rung at this hour."""
    line = book.plan.lines.get(line_id)
    if line is None:
        return False
    if rules.hours is not None:
        return holds(rules.hours, now, ZoneInfo(line.time_zone))
    return book.situation(line_id, now).open


def may_ring(person: str, rules: Callbacks, plan: Plan) -> bool:
    """Whether this is a number that exists, is no number of our own, and may cost what it costs."""
    if not _E164.fullmatch(person) or any(person in line.numbers for line in plan.lines.values()):
        return False
    try:
        real = phonenumbers.is_valid_number(phonenumbers.parse(person))
    except phonenumbers.NumberParseException:
        return False
    return real and is_allowed(person, rules.allowed, plan.organisation.country)


def _dialling(candidate: Candidate, queue: str, rules: Callbacks, plan: Plan) -> Dialling | None:
    """None where no carrier takes the call, or the number may not be rung."""
    promise, line = candidate.promise, plan.lines[candidate.promise.line]
    named = {rules.trunk: plan.trunks[rules.trunk]} if rules.trunk in plan.trunks else plan.trunks
    ways = [(name, trunk.outbound) for name, trunk in sorted(named.items()) if trunk.outbound is not None]
    if not ways or not may_ring(candidate.person, rules, plan):
        return None
    number = candidate.attempts + 1
    return Dialling(
        id=f"{promise.id}-{number}",
        promise_node=promise.node,
        promise_id=promise.id,
        number=number,
        person=candidate.person,
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
        longest=rules.max_wait,
        sorry=line.sorry_message,
        joined_at=candidate.joined_at,
    )

"""What a look at the promises asks for: of each queue that calls back, those who may be rung now.

Thousands of promises may be open, and a look comes every two seconds: the database leaves out whom nobody
would ring, and hands over no more than are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline_ivr.routing.callbacks import AGAIN_S, Candidate, policies, queue_of, rings_now, wanted
from hotline_ivr.routing.ringing import may_ring
from hotline_ivr.routing.rulebook import Rulebook

MOST_SEEN = 500
"""Of a queue so many are looked at, who waits longest first: more than are ever rung at once."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom one queue would ring now. Moments are aware."""

    queue: str
    # Lines whose people are rung at this hour; of these, those whose promises of no queue are this one's.
    lines: tuple[str, ...]
    own_lines: tuple[str, ...]
    reasons: tuple[str, ...]
    attempts: int
    # The latest call that is owed for came after this.
    since: datetime
    # The latest attempt was no later; the second where that one ended before the person was rung.
    tried_before: datetime
    not_rung_before: datetime


def wishes(book: Rulebook, now: datetime) -> tuple[Wish, ...]:
    """Of each queue that rings anybody at this hour."""
    found = []
    for name, rules in policies(book.plan).items():
        lines = tuple(line for line in book.plan.lines if rings_now(line, rules, book, now))
        if lines:
            found.append(
                Wish(
                    queue=name,
                    lines=lines,
                    own_lines=tuple(line for line in lines if book.plan.lines[line].queue == name),
                    reasons=tuple(rules.reasons),
                    attempts=rules.attempts,
                    since=now - timedelta(seconds=rules.expires),
                    tried_before=now - timedelta(seconds=rules.spacing),
                    not_rung_before=now - timedelta(seconds=min(rules.spacing, AGAIN_S)),
                )
            )
    return tuple(found)


def suits(candidate: Candidate, book: Rulebook, now: datetime) -> bool:
    """Whether this person may be rung now: the whole rule; a wish is what a database can look for."""
    rules = policies(book.plan).get(queue_of(candidate.promise, book.plan))
    return (
        rules is not None
        and wanted(candidate, rules, now)
        and rings_now(candidate.promise.line, rules, book, now)
        and may_ring(candidate.rings, rules, book.plan)
    )

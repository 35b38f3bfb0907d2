"""Which rule sends a caller elsewhere, and how long is left until a line is done for the day.

A rule applies when every condition that is written holds. What is not known never holds: a rule about the
floor while nobody looks at it, and one about hours or a share of the callers in what is written down ahead.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from hotline_ivr.config.line import Line
from hotline_ivr.config.overflow import OverflowRule
from hotline_ivr.routing.centres import draw, holds
from hotline_ivr.routing.surroundings import QueueSeen, expected_wait
from hotline_ivr.routing.wall import zone_of

if TYPE_CHECKING:
    from hotline_ivr.routing.menus import Visit

SPENT = 9
"""In a state: this caller has been sent on by a rule that is not asked again. More than there are rules."""


def timed(line: Line) -> list[OverflowRule]:
    """Rules for callers who have waited for a while, in the order in which their time comes."""
    return sorted(
        (rule for rule in line.overflow if rule.after is not None), key=lambda rule: rule.after or 0
    )


def rule_on_arrival(visit: Visit, queue: str) -> OverflowRule | None:
    """The rule that keeps a caller from joining this queue at all."""
    rules = (rule for rule in visit.line.overflow if rule.after is None)
    return next(
        (rule for rule in rules if applies(visit, rule, visit.surroundings.queue(queue), queue)), None
    )


def rule_for_refused(visit: Visit, queue: str, *, full: bool) -> OverflowRule | None:
    """The rule for a caller whom the queue does not take: it is full, or nobody is there."""
    limit = visit.plan.queues[queue].max_waiting if queue in visit.plan.queues else 0
    seen = QueueSeen(limit if full else 0, int(full), 0)
    wanted = (rule for rule in visit.line.overflow if (rule.waiting is not None if full else rule.nobody))
    # A full queue has as many waiting as any rule asks for, since no more can come.
    return next(
        (rule for rule in wanted if applies(visit, rule, None if full else seen, queue, refused=full)), None
    )


def long_wait(visit: Visit, least_s: int, queue: str) -> bool:
    """Whether a caller who joins now is known to wait so long (s)."""
    found = visit.surroundings.expected(queue, visit.in_queue_s)
    return found is not None and found.middle_s >= least_s


def applies(
    visit: Visit, rule: OverflowRule, seen: QueueSeen | None, queue: str, *, refused: bool = False
) -> bool:
    """Whether all conditions but the time waited hold. `refused`: the queue itself says that it is full."""
    if visit.route == "inside" and rule.to.centre is not None:
        return False
    if rule.waiting is not None and not refused and (seen is None or seen.waiting < rule.waiting):
        return False
    if rule.expected_wait is not None and not long_wait(visit, rule.expected_wait, queue):
        return False
    if rule.nobody and (seen is None or seen.present > 0):
        return False
    return _in_hours(visit, rule) and _of_the_share(visit, rule)


def _in_hours(visit: Visit, rule: OverflowRule) -> bool:
    if rule.hours is None or rule.hours.always:
        return True
    return not visit.surroundings.ahead and holds(rule.hours, visit.now, zone_of(visit.line.time_zone))


def _of_the_share(visit: Visit, rule: OverflowRule) -> bool:
    if rule.share is None or rule.share == 100:
        return True
    return not visit.surroundings.ahead and draw(visit.call_id, rule.name) * 100 < rule.share


def time_left(visit: Visit) -> int | None:
    """Seconds until waiting callers are no longer served; None where that never comes, or is not known.

    They are served for `closing.drain` after the line closes, whoever or whatever closes it.
    """
    closing = visit.line.closing
    if closing is None or visit.surroundings.ahead:
        return None
    drain = timedelta(seconds=closing.drain)
    if visit.book.situation(visit.line_id, visit.now).open:
        change = visit.book.next_change(visit.line_id, visit.now)
        return None if change is None else int((change.at + drain - visit.now).total_seconds())
    past = visit.book.changes(visit.line_id, visit.now - drain, 1)
    closed = [
        after.at
        for before, after in pairwise(past)
        if before.situation.open and not after.situation.open and after.at <= visit.now
    ]
    return int((closed[-1] + drain - visit.now).total_seconds()) if closed else 0


def too_late(visit: Visit, queue: str) -> bool:
    """Whether the turn of a caller who joins now would not come before the line is done for the day."""
    closing, left = visit.line.closing, time_left(visit)
    seen = visit.surroundings.queue(queue)
    if closing is None or not closing.last_call or left is None or seen is None:
        return False
    known = visit.surroundings.expected(queue, visit.in_queue_s)
    if known is not None:
        return known.middle_s > left
    expected = expected_wait(seen.waiting, seen.present, seen.free, closing.talk_time)
    return expected is not None and expected > left

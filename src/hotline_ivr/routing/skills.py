"""Who of a queue's operators is rung for whom: skills as penalties, and levels that are admitted with time.

Asterisk knows it as a penalty of each member and the greatest penalty that a caller admits, which rises while
the caller waits (queuerules.conf), so it holds without us. Penalty 0 is level 1.
"""

from __future__ import annotations

from collections.abc import Mapping

from hotline_ivr.config.models import Plan
from hotline_ivr.config.skills import BEST_LEVEL, level_of

RULES_AT_MOST = 60
SHORTEST_STEP_S = 5
"""Rules are rendered for callers who have waited for so long already, in steps: see `steps`."""


def penalties(plan: Plan, queue_id: str) -> Mapping[str, int]:
    """Each operator's penalty in a queue; greater than is ever admitted for who is never rung there."""
    queue = plan.queues[queue_id]
    levels = [BEST_LEVEL, *sorted(queue.relax)]
    found = {}
    for name in queue.operators:
        skills = plan.operators[name].skills if name in plan.operators else {}
        level = level_of(skills, queue.needs)
        if level is None or (queue.relax and level not in levels):
            found[name] = len(levels)
        else:
            found[name] = levels.index(level) if queue.relax else level - BEST_LEVEL
    return found


def admissions(plan: Plan, queue_id: str) -> tuple[int, ...]:
    """After how many seconds of waiting penalty 1, 2 and so on is admitted; nothing where all are at once."""
    relax = plan.queues[queue_id].relax
    return tuple(relax[level] for level in sorted(relax))


def step_s(admitted: tuple[int, ...]) -> int:
    """Seconds between the rules of callers who had waited elsewhere before."""
    return max(SHORTEST_STEP_S, -(-admitted[-1] // RULES_AT_MOST))


def rules(admitted: tuple[int, ...]) -> Mapping[int, tuple[tuple[int, int], ...]]:
    """By seconds waited before joining, in steps: so long after joining this penalty is admitted."""
    if not admitted:
        return {}
    return {
        before: tuple((at - before, place) for place, at in enumerate(admitted, 1) if at > before)
        for before in range(0, admitted[-1], step_s(admitted))
    }


def longest_waiting_first(plan: Plan) -> bool:
    """Whether Asterisk may keep operators of several queues for whoever came first in any of them.

    It looks at the first caller of each queue and not at whom that caller admits, so an operator who is not
    admitted yet would be kept idle for this caller, and everybody else would wait.
    """
    held_back = {
        operator
        for name in plan.queues
        if admissions(plan, name)
        for operator, penalty in penalties(plan, name).items()
        if penalty
    }
    serving = [operator for queue in plan.queues.values() for operator in queue.operators]
    return not any(serving.count(operator) > 1 for operator in held_back)

"""Which rule of recording holds for a call: a queue's own word before that of the line. Pure."""

from __future__ import annotations

from hotline_ivr.config.models import Plan
from hotline_ivr.config.recording import Recording


def rule_of(plan: Plan, line: str, queue: str) -> Recording | None:
    """The rule for callers of a line who wait in a queue; None where nothing is recorded."""
    own = plan.queues[queue].recording if queue in plan.queues else None
    rule = own or (plan.lines[line].recording if line in plan.lines else None)
    return rule if rule is not None and rule.record else None


def records_anything(plan: Plan) -> bool:
    """Whether a conversation of this plan is ever recorded."""
    rules = [place.recording for places in (plan.lines, plan.queues) for place in places.values()]
    return any(rule is not None and rule.record for rule in rules)

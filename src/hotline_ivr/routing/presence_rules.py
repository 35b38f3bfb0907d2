"""The plan's rules for operators, as the presence of one is decided by."""

from __future__ import annotations

from datetime import datetime, timedelta

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.floor import Floor
from hotline_ivr.routing.presence import (
    BY_ASTERISK,
    FoundPaused,
    PauseRule,
    Presence,
    PresenceRules,
    Standing,
    after,
)
from hotline_ivr.routing.refusals import DO_NOT_DISTURB


def rules_of(plan: Plan) -> PresenceRules:
    """What holds for all operators of this plan."""
    floor = plan.floor
    kinds = {
        name: PauseRule(timedelta(seconds=kind.length), returns=kind.returns)
        for name, kind in plan.break_kinds.items()
    }
    return PresenceRules(
        # A break of the shift plan is a reason like any other; its own rule goes before its kind's.
        reasons=kinds
        # No limit: whoever set it lifts it.
        | {DO_NOT_DISTURB: PauseRule()}
        | {
            name: PauseRule(
                None if reason.limit is None else timedelta(seconds=reason.limit), returns=reason.returns
            )
            for name, reason in floor.pause_reasons.items()
        },
        wrap_up={name: timedelta(seconds=queue.wrap_up) for name, queue in plan.queues.items()},
        unanswered_limit=floor.unanswered_rings,
        unanswered_pause=timedelta(seconds=floor.unanswered_pause),
    )


def first_presence(plan: Plan, operator: str, floor: Floor, now: datetime) -> Presence:
    """Of an operator of whom nothing is known: as Asterisk has it, else as the plan says."""
    seen = floor.of_operator(operator)
    if seen and all(each.paused for each in seen):
        ready = Presence(Standing.READY, now, BY_ASTERISK)
        return after(ready, FoundPaused(seen[0].reason), now, rules_of(plan))
    if seen or plan.operators[operator].sign_in == "always":
        return Presence(Standing.READY, now)
    return Presence(Standing.SIGNED_OUT, now)

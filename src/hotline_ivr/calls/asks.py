"""Answering asks: the plan a call began with, the clock, and `decide`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.decide import decide
from hotline_ivr.routing.steps import Call, Decision, Event

# Plans kept for calls that began under them. A call lives minutes; an admin saves a few times an hour.
KEPT_PLANS = 50


class Asks:
    """Decides for live calls. The plan is swapped whole; a call under way keeps the one it began with."""

    def __init__(self, plan: Plan, clock: Callable[[], datetime]) -> None:
        self._plans: OrderedDict[str, Plan] = OrderedDict({plan.version: plan})
        self._clock = clock
        # The plan for calls that arrive from now on.
        self.plan = plan

    def use(self, plan: Plan) -> None:
        """From now on new calls go by this plan."""
        self._plans[plan.version] = plan
        self._plans.move_to_end(plan.version)
        while len(self._plans) > KEPT_PLANS:
            self._plans.popitem(last=False)
        self.plan = plan

    def answer(self, call: Call, event: Event) -> tuple[Decision, str]:
        """The next steps, and the version of the plan that gave them.

        A call whose plan is not known here (an old one, or one of before a restart) goes by the present plan:
        it has been told nothing that the present plan could take back except a queue, which is checked.
        """
        plan = self._plans.get(call.plan_version, self.plan)
        return decide(plan, call, event, self._clock()), plan.version

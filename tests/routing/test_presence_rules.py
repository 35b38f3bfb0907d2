"""What the plan says about operators."""

from __future__ import annotations

from datetime import timedelta

from hotline_ivr.routing.presence import PauseRule
from hotline_ivr.routing.presence_rules import rules_of
from tests.plans import a_plan


def test_a_plan_that_says_nothing_has_one_reason_and_leaves_a_silent_phone_in_peace_for_a_minute() -> None:
    rules = rules_of(a_plan())
    assert rules.reasons == {"break": PauseRule(), "do-not-disturb": PauseRule()}
    assert (rules.unanswered_limit, rules.unanswered_pause) == (1, timedelta(minutes=1))


def test_kinds_of_breaks_are_reasons_and_a_reason_of_the_same_id_goes_before() -> None:
    rules = rules_of(
        a_plan(
            sections={
                "break_kinds": {
                    "lunch": {"name": "Lunch", "length": "30m"},
                    "training": {"name": "Training", "length": "2h", "returns": "no"},
                    "short": {"name": "Short break", "length": "15m"},
                },
                "floor": {
                    "pause_reasons": {"short": {"name": "Short break", "limit": "10m", "returns": "yes"}}
                },
            }
        )
    )
    assert rules.reasons == {
        "do-not-disturb": PauseRule(),
        "lunch": PauseRule(timedelta(minutes=30), returns=True),
        "training": PauseRule(timedelta(hours=2)),
        "short": PauseRule(timedelta(minutes=10), returns=True),
    }


def test_wrap_up_is_of_the_queue() -> None:
    rules = rules_of(a_plan(queues={"main": {"operators": ["anna", "bjorn"], "wrap_up": "20s"}}))
    assert rules.wrap_up == {"main": timedelta(seconds=20)}

"""Who is rung for whom: levels of skill, and how they are admitted while a caller waits."""

from __future__ import annotations

from typing import Any

import pytest

from hotline_ivr.asterisk.render.queues import queue_rules_conf, queues_conf
from hotline_ivr.asterisk.secrets import Secrets
from hotline_ivr.config.models import Plan
from hotline_ivr.config.skills import level_of
from hotline_ivr.routing.skills import (
    RULES_AT_MOST,
    admissions,
    longest_waiting_first,
    penalties,
    rules,
    step_s,
)
from tests.plans import a_plan

OPERATORS = {
    "anna": {"name": "Anna", "skills": {"billing": 1, "english": 3}},
    "bo": {"name": "Bo", "skills": {"billing": 2, "english": 1}},
    "cleo": {"name": "Cleo", "skills": ["english"]},
    "dag": {"name": "Dag"},
}
RELAX = {"2": "30s", "3": "2m"}


def the_plan(main: dict[str, Any], **queues: Any) -> Plan:
    return a_plan(queues={"main": main, **queues}, sections={"operators": OPERATORS})


@pytest.mark.parametrize(
    ("needs", "level"),
    [(["billing"], 2), (["english"], 1), (["billing", "english"], 2), (["sales"], None), ([], 1)],
)
def test_the_worst_of_the_skills_that_are_needed_counts(needs: list[str], level: int | None) -> None:
    assert level_of({"billing": 2, "english": 1}, needs) == level


def test_a_queue_that_only_says_what_it_needs_is_served_by_all_who_have_it() -> None:
    plan = the_plan({"needs": ["billing"]})
    assert plan.queues["main"].operators == ("anna", "bo")
    assert penalties(plan, "main") == {"anna": 0, "bo": 1}
    assert admissions(plan, "main") == ()


def test_levels_that_are_left_out_never_serve() -> None:
    plan = the_plan({"needs": ["english"], "relax": {"2": "30s"}})
    assert plan.queues["main"].operators == ("bo", "cleo")
    listed = the_plan({"operators": ["anna", "bo"], "needs": ["english"], "relax": {"2": "30s"}})
    assert penalties(listed, "main") == {"anna": 2, "bo": 0}


def test_levels_are_admitted_one_after_the_other() -> None:
    plan = the_plan({"needs": ["english"], "relax": RELAX})
    assert penalties(plan, "main") == {"anna": 2, "bo": 0, "cleo": 0}
    assert admissions(plan, "main") == (30, 120)


def test_who_had_waited_elsewhere_is_admitted_so_much_sooner() -> None:
    assert rules((30, 120))[0] == ((30, 1), (120, 2))
    assert rules((30, 120))[25] == ((5, 1), (95, 2))
    assert rules((30, 120))[35] == ((85, 2),)
    assert 120 not in rules((30, 120)), "everybody is admitted by then"
    assert rules(()) == {}


@pytest.mark.parametrize("last", [1, 4, 30, 299, 300, 301, 3600])
def test_there_is_a_rule_for_each_wait_and_not_too_many(last: int) -> None:
    found = rules((last,))
    assert len(found) <= RULES_AT_MOST
    for waited in range(last):
        before = waited - waited % step_s((last,))
        assert found[before] == ((last - before, 1),)


def test_the_rules_are_rendered_for_asterisk() -> None:
    plan = the_plan({"needs": ["english"], "relax": RELAX})
    text = queue_rules_conf(plan)
    assert "[main.0]\npenaltychange => 30,1\npenaltychange => 120,2\n" in text
    assert "[main.115]\npenaltychange => 5,2\n" in text
    assert queue_rules_conf(a_plan()) == ""


@pytest.mark.parametrize(
    ("main", "second", "kept"),
    [
        ({"operators": ["anna"]}, {"operators": ["anna"]}, True),
        ({"needs": ["english"]}, {"needs": ["billing"]}, True),
        ({"needs": ["english"], "relax": RELAX}, {"operators": ["dag"]}, True),
        ({"needs": ["english"], "relax": RELAX}, {"operators": ["bo", "cleo"]}, True),
        # Anna may not be rung for the first caller of main, and would be kept from those of second.
        ({"needs": ["english"], "relax": RELAX}, {"operators": ["anna"]}, False),
    ],
)
def test_no_operator_is_kept_for_a_caller_who_does_not_admit_it_yet(
    main: dict[str, Any], second: dict[str, Any], *, kept: bool
) -> None:
    plan = the_plan(main, second=second)
    assert longest_waiting_first(plan) is kept
    assert f"force_longest_waiting_caller={'prio' if kept else 'no'}" in queues_conf(plan, Secrets("", {}))

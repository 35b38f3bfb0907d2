"""What happens next to a call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.routing.decide import decide
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import (
    Answer,
    Arrived,
    Call,
    Decision,
    Event,
    HangUp,
    LeftQueue,
    Mark,
    Outcome,
    Play,
    QueueStatus,
    Stage,
    Wait,
)
from tests.plans import a_plan

MONDAY_TEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # 10:00 in Oslo
MONDAY_NIGHT = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
OFFICE_HOURS = {"mon-fri": "08:00-16:00"}


def a_call(line: str = "info") -> Call:
    return Call(line, "+4722851234", "+4798765432", "0123456789ab")


def decided(event: Event, now: datetime = MONDAY_TEN, call: Call | None = None, **line: Any) -> Decision:
    decision = decide(Rulebook(a_plan(OFFICE_HOURS, **line)), call or a_call(), event, now)
    assert isinstance(decision, Decision)
    return decision


def test_an_open_line_answers_greets_and_lets_the_caller_wait() -> None:
    decision = decided(Arrived(), max_wait="90s")
    assert decision.steps == (Answer(), Play("nb", "greeting", Stage.GREETING), Wait("main", 90))
    assert decision.reason == "open:hours"


def test_a_line_that_never_closes_says_so_in_the_reason() -> None:
    always = Rulebook(a_plan("always"))
    decision = decide(always, a_call(), Arrived(), MONDAY_NIGHT)
    assert isinstance(decision, Decision)
    assert decision.reason == "open:always"


def test_a_closed_line_settles_the_outcome_before_the_caller_can_hang_up() -> None:
    decision = decided(Arrived(), now=MONDAY_NIGHT)
    assert decision.steps == (Mark(Outcome.CLOSED), Answer(), Play("nb", "closed", Stage.MESSAGE), HangUp())


def test_a_line_has_its_own_language_and_prompts() -> None:
    decision = decided(Arrived(), language="en", greeting="sorry")
    assert Play("en", "sorry", Stage.GREETING) in decision.steps


@pytest.mark.parametrize(
    ("status", "outcome", "prompt"),
    [
        (QueueStatus.TIMEOUT, Outcome.TIMED_OUT, "sorry"),
        (QueueStatus.FULL, Outcome.FULL, "sorry"),
        (QueueStatus.JOIN_EMPTY, Outcome.NO_OPERATOR, "sorry"),
        (QueueStatus.LEAVE_EMPTY, Outcome.NO_OPERATOR, "sorry"),
        (QueueStatus.UNKNOWN, Outcome.TECHNICAL, "technical"),
        (QueueStatus.WITHDRAWN, Outcome.TECHNICAL, "technical"),
        (QueueStatus.CONTINUE, Outcome.TECHNICAL, "technical"),
    ],
)
def test_a_caller_whom_no_operator_took_is_told_so(
    status: QueueStatus, outcome: Outcome, prompt: str
) -> None:
    assert decided(LeftQueue(status)).steps == (Mark(outcome), Play("nb", prompt, Stage.MESSAGE), HangUp())


def test_a_caller_who_has_waited_past_closing_time_still_hears_the_last_word() -> None:
    assert decided(LeftQueue(QueueStatus.TIMEOUT), now=MONDAY_NIGHT).steps[0] == Mark(Outcome.TIMED_OUT)


@pytest.mark.parametrize("event", [Arrived(), *(LeftQueue(status) for status in QueueStatus)])
def test_a_call_to_a_line_that_is_gone_from_the_plan_hears_something(event: Event) -> None:
    decision = decided(event, call=a_call("gone"))
    assert decision.steps[0] == Mark(Outcome.TECHNICAL)
    assert any(isinstance(step, Play) for step in decision.steps)
    assert decision.steps[-1] == HangUp()

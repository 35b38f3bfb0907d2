"""An explanation says what callers meet, what decided it, and when that ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.routing.explain import Explanation, explain
from hotline_ivr.routing.floor_state import FloorState
from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import Call, Mark, Outcome, Play
from tests.plans import a_plan

WEEK = {"mon-fri": "08:00-16:00"}
# Wednesday in Oslo: 14:30 and 18:30.
AFTERNOON = datetime(2026, 9, 30, 12, 30, tzinfo=UTC)
EVENING = datetime(2026, 9, 30, 16, 30, tzinfo=UTC)


def explained(
    at: datetime = AFTERNOON,
    floor: FloorState = FloorState.STAFFED,
    *,
    overrides: tuple[Override, ...] = (),
    language: str = "",
    **line: Any,
) -> Explanation:
    plan = a_plan(WEEK, **line)
    call = Call("info", "+4722851234", "+4790000000", plan.version)
    return explain(Rulebook(plan, overrides), call, at, floor, language=language)


def outcomes(found: Explanation) -> list[Outcome]:
    return [step.outcome for part in found.parts for step in part.decision.steps if isinstance(step, Mark)]


def test_an_open_line_greets_and_queues_until_it_closes() -> None:
    found = explained()
    assert found.situation.open
    assert [part.because for part in found.parts] == ["the call arrives"]
    assert found.next_change is not None
    assert found.next_change.at == datetime(2026, 9, 30, 14, tzinfo=UTC)
    assert not found.next_change.situation.open
    assert [each.rule.name for each in found.trace if each.won] == [found.situation.rule.name]


def test_a_closed_line_says_so_until_it_opens() -> None:
    found = explained(EVENING)
    assert outcomes(found) == [Outcome.CLOSED]
    assert found.next_change is not None
    assert found.next_change.at == datetime(2026, 10, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("floor", "queue", "outcome", "because"),
    [
        (FloorState.EMPTY, {}, Outcome.NO_OPERATOR, "no operator of queue main can be reached"),
        (
            FloorState.EMPTY,
            {"join_when_empty": "yes"},
            Outcome.TIMED_OUT,
            "takes callers when nobody is there",
        ),
        (FloorState.FULL, {"max_waiting": "5"}, Outcome.FULL, "5 callers wait in queue main already"),
        (FloorState.FULL, {}, Outcome.TIMED_OUT, "has no limit, so it is never full"),
        (FloorState.ALL_PAUSED, {}, Outcome.TIMED_OUT, "on a break; nobody answers within 300 s"),
    ],
)
def test_what_becomes_of_a_caller_whom_nobody_can_answer(
    floor: FloorState, queue: dict[str, str], outcome: Outcome, because: str
) -> None:
    found = explained(floor=floor, queues={"main": {"operators": ["anna", "bjorn"], **queue}})
    assert outcomes(found) == [outcome]
    assert because in found.parts[1].because


def test_a_line_closed_by_hand_says_by_whom_and_what_it_beat() -> None:
    closing = Override("abc234", "info", OverrideKind.CLOSE, AFTERNOON, EVENING, "kari", "storm")
    found = explained(overrides=(closing,))
    assert not found.situation.open
    first, *others = found.trace
    assert first.won
    assert "kari" in first.why
    assert any(each.applies and not each.won for each in others)
    prompts = [step.prompt for part in found.parts for step in part.decision.steps if isinstance(step, Play)]
    assert prompts == ["storm"]


def test_a_caller_who_has_chosen_a_language_hears_it() -> None:
    found = explained(language="en", languages=["en"])
    played = [step for part in found.parts for step in part.decision.steps if isinstance(step, Play)]
    assert {step.language for step in played} == {"en"}

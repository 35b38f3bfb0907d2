"""Who is turned away in a flood, who never is, and what is told of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from hotline_ivr.calls.asks import Answered, Asks
from hotline_ivr.calls.gatekeeper import Gatekeeper
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import (
    Answer,
    Arrived,
    Call,
    Decision,
    HangUp,
    LeftQueue,
    Mark,
    Outcome,
    QueueStatus,
)
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
ANNOYING = "+4799999999"


class Door:
    """A gatekeeper whose clock stands until it is moved."""

    def __init__(self, guard: dict[str, Any] | None = None, **line: Any) -> None:
        self.book = Rulebook(a_plan(sections={"guard": guard or {}}, **line))
        self.now = 0.0
        self.counted: list[str] = []
        self.keeper = Gatekeeper(lambda: self.now, self.counted.append)

    def arrives(self, caller: str = ANNOYING, trunk: str = "carrier") -> Decision | None:
        call = Call("info", "+4722851234", caller, "0123456789ab", id="main-1.1", trunk=trunk)
        return self.keeper.look(self.book, call, NOON)


def flood(**limits: Any) -> dict[str, Any]:
    return {"flood": limits}


THREE = {"per_caller": {"calls": 3, "within": "10s"}}


def test_without_a_word_in_the_yaml_thirty_calls_of_one_caller_get_in_within_a_minute() -> None:
    door = Door()
    assert [door.arrives() for _ in range(30)] == [None] * 30
    refused = door.arrives()
    assert refused is not None
    assert refused.steps == (Mark(Outcome.BLOCKED), HangUp(17))
    assert refused.reason == "flood:caller"
    door.now = 60
    assert door.arrives() is None


def test_one_number_counts_as_one_however_it_is_written() -> None:
    door = Door(flood(**THREE))
    assert [door.arrives(caller) for caller in ("+4799999999", "99999999", "004799999999")] == [None] * 3
    assert door.arrives("4799999999") is not None
    assert door.arrives("+4799999998") is None


def test_a_carrier_takes_so_many_whoever_calls() -> None:
    door = Door(flood(per_trunk={"calls": 5, "within": "10s"}, away={"message": "all-busy"}))
    assert [door.arrives(f"+479000000{n}") for n in range(5)] == [None] * 5
    refused = door.arrives("+4790000009")
    assert refused is not None
    assert refused.reason == "flood:trunk:carrier"
    assert Answer() in refused.steps
    assert door.arrives("+4790000009", trunk="other") is None
    assert door.arrives("+4790000009", trunk="") is None


def test_who_is_turned_away_by_the_carriers_limit_has_not_called() -> None:
    door = Door(flood(per_trunk={"calls": 1, "within": "10s"}, **THREE))
    door.arrives("+4790000001")
    assert [door.arrives() is None for _ in range(5)] == [False] * 5
    door.now = 10
    assert door.arrives() is None


@pytest.mark.parametrize(
    ("caller", "line"),
    [
        (ANNOYING, {"emergency": "yes"}),
        (ANNOYING, {"emergency_numbers": ["+4722851234"]}),
        ("+4722850000", {}),
        ("", {}),
    ],
)
def test_priority_the_allow_list_and_withheld_numbers_are_never_counted(
    caller: str, line: dict[str, Any]
) -> None:
    door = Door({**flood(**THREE), "allow": [{"numbers": ["+4722850000"]}]}, **line)
    assert [door.arrives(caller) for _ in range(20)] == [None] * 20


def test_no_limit_is_no_limit() -> None:
    door = Door(flood(per_caller={"calls": 0}))
    assert [door.arrives() for _ in range(500)] == [None] * 500


def test_each_is_counted_and_the_log_tells_once_a_minute() -> None:
    door = Door(flood(**THREE))
    with structlog.testing.capture_logs() as told:
        for _ in range(10):
            door.arrives()
        door.now = 60
        for _ in range(4):
            door.arrives()
    assert door.counted == ["caller"] * 8
    assert [entry["turned_away"] for entry in told] == [1, 7]
    assert told[0]["caller"] == "+47 •••• 999"


def test_a_fault_of_the_guard_lets_the_call_go_on() -> None:
    def broken() -> float:
        raise OSError("no clock")

    door = Door(flood(**THREE))
    door.keeper = Gatekeeper(broken)
    with structlog.testing.capture_logs() as told:
        assert door.arrives() is None
    assert told[0]["event"] == "the guard against floods failed; the call goes on"


def test_asks_turn_away_who_arrives_and_never_who_is_among_us() -> None:
    door = Door(flood(per_caller={"calls": 1, "within": "10s"}))
    asks = Asks(door.book, lambda _: NOON, turned_away=door.keeper.look)
    call = Call("info", "+4722851234", ANNOYING, "0123456789ab")
    outcomes = []
    for event in (Arrived(), Arrived(), LeftQueue(QueueStatus.TIMEOUT)):
        answered = asks.answer(call, event)
        assert isinstance(answered, Answered)
        outcomes.append([step.outcome for step in answered.decision.steps if isinstance(step, Mark)])
    assert outcomes == [[], [Outcome.BLOCKED], [Outcome.TIMED_OUT]]

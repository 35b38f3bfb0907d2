"""A line with overflow rules, and what is decided for a call at some moment of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.decide import decide
from hotline_ivr.routing.explain import supposed_floor
from hotline_ivr.routing.floor_state import FloorState
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import (
    Call,
    CentreLeft,
    CentreStatus,
    Decision,
    Event,
    LeftQueue,
    QueueStatus,
    State,
)
from hotline_ivr.routing.surroundings import NOTHING_SEEN, Surroundings
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
NIGHT = {"centre": "night"}
SECTIONS: dict[str, Any] = {
    "queues": {"main": {"operators": ["anna"]}, "sales": {"operators": ["bjorn"], "max_waiting": 3}},
    "trunks": {"carrier": {"hosts": ["127.0.0.1"], "outbound": "127.0.0.1:5070"}},
    "centres": {
        "night": {
            "name": "Night centre",
            "targets": {"desk": {"number": "+47 22 85 00 00"}, "lena": {"number": "+47 90 00 00 01"}},
            "minutes_a_day": 60,
        }
    },
    "voicemails": {"box": {"prompt": "after-the-tone"}},
}
TIMEOUT = LeftQueue(QueueStatus.TIMEOUT)
NOBODY = CentreLeft(CentreStatus.NOBODY)


def the_plan(*rules: dict[str, Any], hours: Any = "always", **line: Any) -> Plan:
    named = [{"name": f"rule{place}", **rule} for place, rule in enumerate(rules)]
    return a_plan(hours, sections=SECTIONS, overflow=named, **line)


def a_call(state: State | None = None, **more: Any) -> Call:
    return replace(Call("info", "+4722851234", "+4790000001", "0123456789ab"), state=state or State(), **more)


def decided(
    plan: Plan | Rulebook,
    event: Event,
    state: State | None = None,
    seen: Surroundings = NOTHING_SEEN,
    at: datetime = NOON,
    **call: Any,
) -> Decision:
    book = plan if isinstance(plan, Rulebook) else Rulebook(plan)
    decision = decide(book, a_call(state, **call), event, at, seen)
    assert isinstance(decision, Decision)
    return decision


def of(plan: Plan, state: FloorState) -> Surroundings:
    return Surroundings(supposed_floor(plan, "info", state))


def kinds(decision: Decision) -> list[str]:
    return [type(step).__name__ for step in decision.steps]

"""What happens to a call to this line at this moment from this caller, and why.

By the same `decide` as live calls, so that it cannot say anything else than what callers meet. It follows a
call until somebody has to act: the caller in a menu, an operator, a party outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from hotline_ivr.config.models import Plan, Queue
from hotline_ivr.config.recording import Consent
from hotline_ivr.routing.call_prices import MinutePrice, minute_prices
from hotline_ivr.routing.decide import decide
from hotline_ivr.routing.floor import CallerJoined, DeviceState, Floor, MemberSeen
from hotline_ivr.routing.floor_state import FloorState
from hotline_ivr.routing.head_start import NO_HEAD_START, HeadStart, head_start
from hotline_ivr.routing.recording_rules import rule_of
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.situation import Change, Considered, Situation
from hotline_ivr.routing.steps import (
    Arrived,
    Call,
    Decision,
    Event,
    LeftQueue,
    LookUp,
    QueueStatus,
    State,
    Transfer,
    Wait,
)
from hotline_ivr.routing.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Part:
    """A straight stretch of what happens; `because` says what led there."""

    because: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole answer. `at` is aware; `next_change` is when the line next opens or closes by itself."""

    line: str
    number: str
    at: datetime
    situation: Situation
    trace: tuple[Considered, ...]
    parts: tuple[Part, ...]
    next_change: Change | None
    prices: tuple[MinutePrice, ...] = ()
    #: What prefers the caller in queues, before anything is chosen in a menu.
    head_start: HeadStart = NO_HEAD_START
    #: Queues that are met and whose conversations are recorded, and by which consent.
    recorded: tuple[tuple[str, Consent], ...] = ()


def explain(
    book: Rulebook,
    call: Call,
    at: datetime,
    floor: FloorState = FloorState.STAFFED,
    *,
    language: str = "",
) -> Explanation:
    """Explain `call`, arriving `at`. Raises KeyError for a line that is not in the plan."""
    parts = list(_parts(book, replace(call, state=State(language)), at, floor))
    return Explanation(
        line=call.line,
        number=call.number,
        at=at,
        situation=book.situation(call.line, at),
        trace=book.trace(call.line, at),
        parts=tuple(parts),
        next_change=book.next_change(call.line, at),
        prices=minute_prices(book.plan, call.number, _dialled(parts), at),
        head_start=head_start(book.plan, book.known_callers, call),
        recorded=tuple(_recorded(book.plan, call.line, parts)),
    )


def _recorded(plan: Plan, line: str, parts: list[Part]) -> Iterator[tuple[str, Consent]]:
    queues = dict.fromkeys(
        step.queue for part in parts for step in part.decision.steps if isinstance(step, Wait)
    )
    for queue in queues:
        if (rule := rule_of(plan, line, queue)) is not None:
            yield queue, rule.consent


def _dialled(parts: list[Part]) -> list[tuple[str, str]]:
    """Trunk and number of every transfer outside that is met."""
    steps = (step for part in parts for step in part.decision.steps)
    return [(step.trunk, step.number) for step in steps if isinstance(step, Transfer)]


def _parts(book: Rulebook, call: Call, at: datetime, floor: FloorState) -> list[Part]:
    parts: list[Part] = []
    event: Event | None = Arrived()
    because = "the call arrives"
    seen = Surroundings(supposed_floor(book.plan, call.line, floor))
    while event is not None:
        decision = decide(book, replace(call, asked=len(parts)), event, at, seen)
        if isinstance(decision, LookUp):
            raise TypeError("nothing has been asked of the caller")
        parts.append(Part(because, decision))
        call = replace(call, state=decision.state)
        event, because = _supposed(book.plan, decision, floor)
    return parts


def supposed_floor(plan: Plan, line_id: str, state: FloorState) -> Floor:
    """Queues of that state: as many waiting as a full queue holds, and as many as a rule asks for."""
    devices = {FloorState.EMPTY: DeviceState.UNAVAILABLE, FloorState.FULL: DeviceState.IN_USE}
    device, paused = devices.get(state, DeviceState.NOT_IN_USE), state is FloorState.ALL_PAUSED
    members = {
        (queue_id, operator): MemberSeen(queue_id, operator, f"PJSIP/{operator}", device, paused)
        for queue_id, queue in plan.queues.items()
        for operator in queue.operators
    }
    if state is not FloorState.FULL:
        return Floor(members)
    asked_for = max([0, *(rule.waiting or 0 for rule in plan.lines[line_id].overflow)])
    waiting = {
        (call := f"{queue_id}-{number}"): CallerJoined(queue_id, call)
        for queue_id, queue in plan.queues.items()
        for number in range(max(queue.max_waiting, asked_for))
    }
    return Floor(members, waiting)


def _supposed(plan: Plan, decision: Decision, floor: FloorState) -> tuple[Event | None, str]:
    """What comes of waiting in a queue of that state; nothing where somebody else has to act."""
    waits = [step for step in decision.steps if isinstance(step, Wait)]
    if not waits or floor is FloorState.STAFFED:
        return None, ""
    status, why = _comes_back(plan.queues[waits[-1].queue], waits[-1], floor)
    return LeftQueue(status), why


def _comes_back(queue: Queue, wait: Wait, floor: FloorState) -> tuple[QueueStatus, str]:
    waited = f"nobody answers within {wait.max_wait_s} s"
    match floor:
        case FloorState.FULL if queue.max_waiting:
            return QueueStatus.FULL, f"{queue.max_waiting} callers wait in queue {wait.queue} already"
        case FloorState.FULL:
            return QueueStatus.TIMEOUT, f"queue {wait.queue} has no limit, so it is never full; {waited}"
        case FloorState.EMPTY if not queue.join_when_empty:
            return QueueStatus.JOIN_EMPTY, f"no operator of queue {wait.queue} can be reached"
        case FloorState.EMPTY:
            return (
                QueueStatus.TIMEOUT,
                f"queue {wait.queue} takes callers when nobody is there; {waited}",
            )
        case _:
            return QueueStatus.TIMEOUT, f"all operators of queue {wait.queue} are on a break; {waited}"

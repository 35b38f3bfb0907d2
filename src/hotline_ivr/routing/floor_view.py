"""The floor as people look at it: who stands where, and every reason why an operator is not rung now.

Pure: a floor, the operators' presences and the plan go in, a value comes out. Moments are aware (UTC).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.devices import is_there
from hotline_ivr.routing.floor import DeviceState, Floor, MemberSeen, OperatorState, state_of
from hotline_ivr.routing.presence import DROPPED, Presence, Standing, wanted
from hotline_ivr.routing.refusals import DECLINED, DO_NOT_DISTURB, NO_ANSWER


class Why(StrEnum):
    """Why an operator would not be rung for the next caller."""

    LINK_LOST = "link-lost"
    SIGNED_OUT = "signed-out"
    PAUSED = "paused"
    WRAP_UP = "wrap-up"
    PAUSE_ASKED = "pause-asked"
    SIGN_OUT_ASKED = "sign-out-asked"
    NO_QUEUE = "no-queue"
    NO_PLACE = "no-place"
    UNREACHABLE = "unreachable"
    IN_CALL = "in-call"
    RINGING = "ringing"
    PAUSED_IN_ASTERISK = "paused-in-asterisk"


@dataclass(frozen=True, slots=True)
class WhyNot:
    """One reason; `reason` is that of a pause."""

    why: Why
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One of several telephones of an operator."""

    id: str
    name: str
    #: Whether it can be rung; None where Asterisk does not tell.
    there: bool | None
    #: Whether calls come to this one.
    rung: bool


@dataclass(frozen=True, slots=True)
class OperatorView:
    """An operator; `presence` is None until the service has first spoken with Asterisk."""

    id: str
    name: str
    presence: Presence | None
    #: What the phone does; None where Asterisk does not tell.
    phone: OperatorState | None
    queues: tuple[str, ...]
    why_not_rung: tuple[WhyNot, ...]
    #: Empty where there is one telephone.
    devices: tuple[DeviceView, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue: who waits, since when the first of them, and where its operators are."""

    id: str
    waiting: int
    waiting_since: datetime | None
    ready: int
    ringing: int
    talking: int
    paused: int
    #: Signed out, without a reachable phone, or unknown.
    away: int


@dataclass(frozen=True, slots=True)
class FloorView:
    """All queues and all operators of a plan."""

    linked: bool
    queues: tuple[QueueView, ...]
    operators: tuple[OperatorView, ...]


def floor_view(plan: Plan, floor: Floor, presences: Mapping[str, Presence], *, linked: bool) -> FloorView:
    """The floor as it is; `linked` tells whether Asterisk can be heard now."""
    # Gathered once: there may be a thousand operators.
    queues_of: defaultdict[str, list[str]] = defaultdict(list)
    for name, queue in plan.queues.items():
        for operator in dict.fromkeys(queue.operators):
            queues_of[operator].append(name)
    operators = tuple(
        operator_view(
            plan,
            operator,
            tuple(queues_of[operator]),
            floor.of_operator(operator) if linked else [],
            presences.get(operator),
            states=floor.devices if linked else {},
            linked=linked,
        )
        for operator in plan.operators
    )
    by_id = {each.id: each for each in operators}
    waiting, since = floor.waiting_by_queue(), floor.waiting_since()
    queues = tuple(
        _queue(name, [by_id[operator] for operator in queue.operators], waiting.get(name, 0), since.get(name))
        for name, queue in plan.queues.items()
    )
    return FloorView(linked, queues, operators)


def operator_view(
    plan: Plan,
    operator: str,
    queues: tuple[str, ...],
    seen: Sequence[MemberSeen],
    presence: Presence | None,
    *,
    states: Mapping[str, DeviceState] | None = None,
    linked: bool,
) -> OperatorView:
    """One operator of these queues, whose memberships are `seen`; `linked` as for floor_view.

    `states` are those of telephones, by telephone.
    """
    if not linked:
        found = [WhyNot(Why.LINK_LOST), *_own_reasons(presence, queues)]
    else:
        found = [*_own_reasons(presence, queues), *_reasons_seen(presence, queues, seen)]
    return OperatorView(
        operator,
        plan.operators[operator].name,
        presence,
        _phone(seen) if seen else None,
        queues,
        tuple(found),
        tuple(_devices(plan, operator, seen, states or {})),
    )


def _devices(
    plan: Plan, operator: str, seen: Sequence[MemberSeen], states: Mapping[str, DeviceState]
) -> Iterator[DeviceView]:
    for name, device in plan.operators[operator].devices.items():
        phone = f"{operator}.{name}"
        there = is_there(states[phone]) if phone in states else None
        # The account is the telephone's name and a few letters more.
        rung = any(each.interface.startswith(f"PJSIP/{phone}.") for each in seen)
        yield DeviceView(name, device.name, there, rung)


def _own_reasons(presence: Presence | None, queues: Sequence[str]) -> Iterator[WhyNot]:
    """What we know without Asterisk."""
    if not queues:
        yield WhyNot(Why.NO_QUEUE)
    if presence is None:
        return
    match presence.standing:
        case Standing.SIGNED_OUT:
            yield WhyNot(Why.SIGNED_OUT, since=presence.since)
        case Standing.PAUSED:
            yield WhyNot(Why.PAUSED, presence.reason, presence.since, presence.until)
        case Standing.WRAP_UP:
            yield WhyNot(Why.WRAP_UP, since=presence.since, until=presence.until)
        case Standing.READY:
            pass
    if presence.asked is not None:
        leaves = presence.asked.standing is Standing.SIGNED_OUT
        yield WhyNot(Why.SIGN_OUT_ASKED if leaves else Why.PAUSE_ASKED, presence.asked.reason)


def _reasons_seen(
    presence: Presence | None, queues: Sequence[str], seen: Sequence[MemberSeen]
) -> Iterator[WhyNot]:
    """What Asterisk tells of the phone."""
    if not seen:
        if queues and (presence is None or wanted(presence).member):
            yield WhyNot(Why.NO_PLACE)
        return
    match _phone(seen):
        case OperatorState.UNREACHABLE:
            yield WhyNot(Why.UNREACHABLE)
        case OperatorState.TALKING:
            yield WhyNot(Why.IN_CALL)
        case OperatorState.RINGING:
            yield WhyNot(Why.RINGING)
        case OperatorState.FREE | OperatorState.PAUSED:
            pass
    paused = [each for each in seen if each.paused]
    if len(paused) == len(seen) and (presence is None or not wanted(presence).paused):
        yield WhyNot(Why.PAUSED_IN_ASTERISK, paused[0].reason)


def _phone(seen: Sequence[MemberSeen]) -> OperatorState:
    """What the phone does, of which each queue tells the same; free where one lets it ring."""
    states = [state_of(each) for each in seen]
    return next((state for state in states if state is not OperatorState.PAUSED), OperatorState.PAUSED)


def _queue(name: str, staff: Sequence[OperatorView], waiting: int, since: datetime | None) -> QueueView:
    places = [_place(each) for each in staff]
    return QueueView(
        name,
        waiting,
        since,
        **{place: places.count(place) for place in ("ready", "ringing", "talking", "paused", "away")},
    )


def _place(operator: OperatorView) -> str:
    """Where one is counted: each operator once, and what the phone does before a pause."""
    reasons = {each.why for each in operator.why_not_rung}
    if not reasons:
        return "ready"
    if Why.IN_CALL in reasons:
        return "talking"
    if Why.RINGING in reasons:
        return "ringing"
    if reasons & {Why.LINK_LOST, Why.SIGNED_OUT, Why.UNREACHABLE, Why.NO_PLACE}:
        return "away"
    return "paused"


_WORDS = {
    Why.LINK_LOST: "the link to Asterisk is lost",
    Why.SIGNED_OUT: "signed out",
    Why.PAUSED: "on a pause",
    Why.WRAP_UP: "in wrap-up",
    Why.PAUSE_ASKED: "asked for a pause after this call",
    Why.SIGN_OUT_ASKED: "signs out after this call",
    Why.NO_QUEUE: "serves no queue",
    Why.NO_PLACE: "Asterisk has not put the phone into the queue yet",
    Why.UNREACHABLE: "no phone is registered, or it cannot be reached",
    Why.IN_CALL: "in a call",
    Why.RINGING: "the phone rings already",
    Why.PAUSED_IN_ASTERISK: "somebody has paused the phone in Asterisk",
}


_OWN_REASONS = {
    NO_ANSWER: "the phone rang and nobody answered (no-answer)",
    DECLINED: "the call was declined (declined)",
    DO_NOT_DISTURB: "do not disturb, or the phone refuses calls at once (do-not-disturb)",
    DROPPED: "the phone took a call up and was gone (dropped)",
}
"""Reasons of which nobody has written a name."""


def why_in_words(found: WhyNot) -> str:
    """The reason as people say it, without its times."""
    text = _WORDS[found.why]
    reason = _OWN_REASONS.get(found.reason, found.reason) if found.why is Why.PAUSED else found.reason
    return f"{text}: {reason}" if reason else text


def standings(operators: Sequence[str], presences: Mapping[str, Presence]) -> Mapping[str, int]:
    """How many of these operators stand how; those of whom nothing is known yet are signed out."""
    found = [presences[each].standing if each in presences else Standing.SIGNED_OUT for each in operators]
    return {standing.value: found.count(standing) for standing in Standing}

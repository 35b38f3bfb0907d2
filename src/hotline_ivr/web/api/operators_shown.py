"""Operators as clients see them."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from hotline_ivr.routing.floor_view import OperatorView, Why, WhyNot, why_in_words
from hotline_ivr.routing.presence import Standing
from hotline_ivr.web.api.floor_desk import FloorDesk
from hotline_ivr.web.api.route import Shown


class WhyShown(Shown):
    """One reason why an operator is not rung."""

    code: Why
    text: str = Field(description="The reason in words.")
    reason: str = Field(description="Of a pause; else empty.")
    since: datetime | None
    until: datetime | None


class BreakShown(Shown):
    """The next break of an operator."""

    kind: str
    asked: bool = Field(description="Whether it was asked for, or is planned; else it floats.")
    begins: datetime = Field(description="When it is forecast to begin.")
    minutes: int = Field(description="Whole minutes until then, rounded up.")
    place: int = Field(description="Place among those who wait for a break; 0: not waiting.")
    forced: bool = Field(description="Whether it begins then though too few are left.")


class DeviceShown(Shown):
    """One of several telephones of an operator."""

    id: str
    name: str
    there: bool | None = Field(description="Whether it can be rung; null: not known.")
    rung: bool = Field(description="Whether calls come to this one.")


class OperatorShown(Shown):
    """An operator now."""

    id: str
    name: str
    standing: Standing | None = Field(description="Null until the service has first reached Asterisk.")
    reason: str = Field(description="Of the pause; else empty.")
    since: datetime | None
    by: str = Field(description="Who brought it about: a person, a token, hotline, or asterisk.")
    until: datetime | None = Field(description="When it ends by itself, or has lasted too long.")
    returns: bool = Field(description="Whether it ends by itself at `until`.")
    over_limit: bool = Field(description="Whether a pause has lasted too long.")
    asked: str = Field(description="What begins after the call that is under way: a reason, or signing-out.")
    next_break: BreakShown | None = Field(description="Null: none is in sight.")
    phone: str | None = Field(
        description="What the phone does: free, ringing, talking, paused, unreachable; null: not known."
    )
    devices: tuple[DeviceShown, ...] = Field(description="Of who has several telephones; else empty.")
    queues: tuple[str, ...]
    why_not_rung: tuple[WhyShown, ...] = Field(description="Empty: would be rung for the next caller.")


class OperatorsShown(Shown):
    """All operators of the plan."""

    at: datetime
    linked: bool = Field(description="Whether the service hears Asterisk.")
    operators: tuple[OperatorShown, ...]


def operator_shown(desk: FloorDesk, view: OperatorView, now: datetime) -> OperatorShown:
    """An operator as clients see it."""
    presence = view.presence
    asked = "" if presence is None or presence.asked is None else presence.asked.reason or "signing-out"
    return OperatorShown(
        id=view.id,
        name=view.name,
        standing=presence.standing if presence else None,
        reason=presence.reason if presence else "",
        since=presence.since if presence else None,
        by=presence.by if presence else "",
        until=presence.until if presence else None,
        returns=presence.returns if presence else False,
        over_limit=presence.lasts_too_long_at(now) if presence else False,
        asked=asked,
        next_break=_next_break(desk, view.id, now),
        phone=view.phone.value if view.phone else None,
        devices=tuple(
            DeviceShown(id=each.id, name=each.name, there=each.there, rung=each.rung) for each in view.devices
        ),
        queues=view.queues,
        why_not_rung=tuple(_why(each) for each in view.why_not_rung),
    )


def _next_break(desk: FloorDesk, operator: str, now: datetime) -> BreakShown | None:
    found = desk.breaks.ahead().get(operator)
    if found is None:
        return None
    return BreakShown(
        kind=desk.breaks.kind_of(found),
        asked=found.wish.asked,
        begins=datetime.fromtimestamp(found.begins, UTC),
        minutes=found.minutes(int(now.timestamp())),
        place=found.place,
        forced=found.forced,
    )


def _why(found: WhyNot) -> WhyShown:
    return WhyShown(
        code=found.why,
        text=why_in_words(found),
        reason=found.reason,
        since=found.since,
        until=found.until,
    )

"""Closing, opening and informing by hand: the same as `hotline close`, `open`, `surge` and `clear`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Self

from pydantic import Field, model_validator

from hotline_ivr.control.deciding import LONGEST, HandControl, Wish
from hotline_ivr.control.overrides_file import KeptOverride
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import OverridesFileError
from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.web.api.by_hand import KeptByHand
from hotline_ivr.web.api.lines import Books, LinePath, require_line
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import ID, Moment, OverrideId


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes of overrides need. All but `changed` are called in a thread: they read and write files.

    `changed` is called in the event loop after each change, before the answer is sent.
    """

    books: Books
    kept: Callable[[], tuple[KeptOverride, ...]]
    hands: Callable[[], HandControl]
    changed: Callable[[], object]

    @property
    def by_hand(self) -> KeptByHand:
        return KeptByHand("overrides", OverridesFileError, self.changed)


class OverridePath(Given):
    """Which override."""

    id: OverrideId


class OverridesQuery(Given):
    """Which overrides."""

    line: str | None = Field(None, pattern=ID, description="Of this line.", examples=["admission"])
    all: bool = Field(False, description="Also those that have ended, for 90 days.")


class NewOverride(Given):
    """What shall hold for a line. At most one end is given; without one it holds until it is cleared."""

    kind: OverrideKind = Field(description="`surge` is an information up front.")
    until: str | None = Field(
        None,
        max_length=40,
        description="End on the line's own clock: 16:00, tomorrow 08:00, sat 12:00, 2026-12-24 14:00.",
        examples=["16:00"],
    )
    ends_at: Moment | None = Field(None, description="End as a moment with its offset.")
    seconds: int | None = Field(
        None,
        ge=1,
        le=int(LONGEST.total_seconds()),
        description="End after so many seconds.",
        examples=[7200],
    )
    until_next_change: bool = Field(False, description="End when the calendar next opens or closes the line.")
    prompt: str | None = Field(
        None, pattern=ID, description="Prompt that callers hear; an information needs one."
    )
    must_press_to_go_on: bool = Field(
        False, description="Only with `surge`: who presses no key has been informed and goes no further."
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        ends = [self.until is not None, self.ends_at is not None, self.seconds is not None]
        if sum([*ends, self.until_next_change]) > 1:
            raise ValueError("give one end only: until, ends_at, seconds or until_next_change")
        if self.kind is OverrideKind.SURGE and self.prompt is None:
            raise ValueError("an information needs a prompt")
        if self.must_press_to_go_on and self.kind is not OverrideKind.SURGE:
            raise ValueError("must_press_to_go_on belongs to an information (surge)")
        return self


class OverrideShown(Shown):
    """One decision about one line."""

    id: str
    line: str
    kind: OverrideKind
    since: datetime
    until: datetime | None = Field(description="Null: until it is cleared.")
    by: str = Field(description="A person at a terminal or a telephone, or the name of a token.")
    prompt: str | None
    must_press_to_go_on: bool
    holds: bool = Field(description="Whether it holds now.")
    cleared_at: datetime | None = Field(description="When somebody ended it before its time.")
    cleared_by: str


class OverridesShown(Shown):
    """Decisions, oldest first."""

    overrides: tuple[OverrideShown, ...]


class Ended(Shown):
    """The decisions that have been ended."""

    ended: tuple[OverrideShown, ...]


def routes(desk: Desk) -> tuple[AnyRoute, ...]:
    """The routes of overrides."""
    return (*_looking(desk), *_deciding(desk))


def _looking(desk: Desk) -> tuple[AnyRoute, ...]:
    return (
        Route(
            method="GET",
            path="/overrides",
            role=Role.READ,
            summary="What has been closed and opened by hand",
            path_model=Nothing,
            query_model=OverridesQuery,
            body_model=Nothing,
            answer_model=OverridesShown,
            handler=partial(list_overrides, desk),
        ),
        Route(
            method="GET",
            path="/overrides/{id}",
            role=Role.READ,
            summary="One override, also one that has ended",
            path_model=OverridePath,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=OverrideShown,
            handler=partial(show_override, desk),
        ),
    )


def _deciding(desk: Desk) -> tuple[AnyRoute, ...]:
    return (
        Route(
            method="POST",
            path="/lines/{line}/overrides",
            role=Role.CONTROL,
            summary="Close or open a line by hand, or inform its callers",
            path_model=LinePath,
            query_model=Nothing,
            body_model=NewOverride,
            answer_model=OverrideShown,
            handler=partial(set_override, desk),
            status=201,
            location=lambda override: f"/overrides/{override.id}",
        ),
        Route(
            method="DELETE",
            path="/lines/{line}/overrides",
            role=Role.CONTROL,
            summary="Give a line back to its calendar",
            path_model=LinePath,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=Ended,
            handler=partial(clear_line, desk),
        ),
        Route(
            method="DELETE",
            path="/overrides/{id}",
            role=Role.CONTROL,
            summary="End one override",
            path_model=OverridePath,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=Ended,
            handler=partial(clear_one, desk),
        ),
    )


async def list_overrides(desk: Desk, asked: Asked[Nothing, OverridesQuery, Nothing]) -> OverridesShown:
    query = asked.query
    found = [
        _kept(each, asked.now)
        for each in await desk.by_hand.read(desk.kept)
        if (query.all or not each.is_over_at(asked.now)) and query.line in {None, each.override.line}
    ]
    return OverridesShown(overrides=tuple(found))


async def show_override(desk: Desk, asked: Asked[OverridePath, Nothing, Nothing]) -> OverrideShown:
    for each in await desk.by_hand.read(desk.kept):
        if each.override.id == asked.path.id:
            return _kept(each, asked.now)
    raise ApiError(Kind.NOT_FOUND, f"There is no override {asked.path.id}.")


async def set_override(desk: Desk, asked: Asked[LinePath, Nothing, NewOverride]) -> OverrideShown:
    body = asked.body
    wish = Wish(
        line=asked.path.line,
        kind=body.kind,
        by=asked.who.name,
        via=asked.who.via,
        until=body.until,
        ends_at=body.ends_at,
        seconds=body.seconds,
        until_next_change=body.until_next_change,
        prompt=body.prompt,
        must_press_to_go_on=body.must_press_to_go_on,
        request_id=asked.request_id,
    )

    def change() -> Override:
        require_line(desk.books(), wish.line)
        return desk.hands().set(wish)

    override = await desk.by_hand.change(change, Kind.INVALID)
    return _shown(override, holds=True)


async def clear_line(desk: Desk, asked: Asked[LinePath, Nothing, Nothing]) -> Ended:
    def change() -> tuple[Override, ...]:
        require_line(desk.books(), asked.path.line)
        return desk.hands().clear(
            by=asked.who.name, via=asked.who.via, line=asked.path.line, request_id=asked.request_id
        )

    return _ended(await desk.by_hand.change(change, Kind.NOT_FOUND), asked.who.name, asked.now)


async def clear_one(desk: Desk, asked: Asked[OverridePath, Nothing, Nothing]) -> Ended:
    def change() -> tuple[Override, ...]:
        return desk.hands().clear(
            by=asked.who.name, via=asked.who.via, id_=asked.path.id, request_id=asked.request_id
        )

    return _ended(await desk.by_hand.change(change, Kind.NOT_FOUND), asked.who.name, asked.now)


def _ended(overrides: tuple[Override, ...], by: str, now: datetime) -> Ended:
    return Ended(ended=tuple(_shown(each, holds=False, cleared_at=now, cleared_by=by) for each in overrides))


def _kept(kept: KeptOverride, now: datetime) -> OverrideShown:
    holds = kept.holds_at(now)
    return _shown(kept.override, holds=holds, cleared_at=kept.cleared_at, cleared_by=kept.cleared_by)


def _shown(
    override: Override, *, holds: bool, cleared_at: datetime | None = None, cleared_by: str = ""
) -> OverrideShown:
    return OverrideShown(
        id=override.id,
        line=override.line,
        kind=override.kind,
        since=override.since,
        until=override.until,
        by=override.by,
        prompt=override.prompt,
        must_press_to_go_on=override.must_press_to_go_on,
        holds=holds,
        cleared_at=cleared_at,
        cleared_by=cleared_by,
    )

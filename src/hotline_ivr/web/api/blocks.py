"""Callers who are turned away: the same as `hotline block`, `blocks` and `unblock`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Self, TypeVar

import structlog
from pydantic import Field, model_validator

from hotline_ivr.config.cause import Refusal
from hotline_ivr.control.blocking import LONGEST, MOST_REASON, BlockWish, CallerControl
from hotline_ivr.control.blocks_file import KeptBlock
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import ArgumentError, BlocksFileError
from hotline_ivr.routing.blocks import Block
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import ID, Moment

log = structlog.get_logger()

Result = TypeVar("Result")
BlockId = Annotated[
    str, Field(pattern=r"^[a-z0-9]{1,32}$", description="Id of a block.", examples=["k7m2qx"])
]


@dataclass(frozen=True, slots=True)
class BlocksDesk:
    """What the routes need. All but `changed` are called in a thread: they read and write files.

    `changed` is called in the event loop after each change, before the answer is sent.
    """

    kept: Callable[[], tuple[KeptBlock, ...]]
    hands: Callable[[], CallerControl]
    changed: Callable[[], object]


class BlockPath(Given):
    """Which block."""

    id: BlockId


class BlocksQuery(Given):
    """Which blocks."""

    all: bool = Field(False, description="Also those that have ended, for 90 days.")


class NewBlock(Given):
    """Whom to turn away. Without an end it holds until it is ended."""

    callers: str = Field(
        min_length=2,
        max_length=40,
        description="A number, a beginning of numbers with `*` behind it, or `withheld`.",
        examples=["+47 99 99 99 99"],
    )
    seconds: int | None = Field(
        None, ge=1, le=int(LONGEST.total_seconds()), description="End after so many seconds."
    )
    ends_at: Moment | None = Field(None, description="End as a moment with its offset.")
    reason: str = Field("", max_length=MOST_REASON, description="Why, for people.")
    message: str | None = Field(None, pattern=ID, description="Prompt that they hear.")
    refuse: Refusal | None = Field(None, description="What their carrier is told instead of a message.")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.seconds is not None and self.ends_at is not None:
            raise ValueError("give one end only: seconds or ends_at")
        if self.message is not None and self.refuse is not None:
            raise ValueError("give a message or a refusal, not both")
        return self


class BlockShown(Shown):
    """Somebody's decision to turn callers away."""

    id: str
    callers: str
    since: datetime
    until: datetime | None = Field(description="Null: until it is ended.")
    by: str = Field(description="A person at a terminal, or the name of a token.")
    reason: str
    message: str | None
    refuse: Refusal | None = Field(description="Null, as `message`: what `guard.blocked` says.")
    holds: bool = Field(description="Whether it holds now.")
    ended_at: datetime | None = Field(description="When somebody ended it before its time.")
    ended_by: str


class BlocksShown(Shown):
    """Blocks, oldest first."""

    blocks: tuple[BlockShown, ...]


class BlocksEnded(Shown):
    """The blocks that have been ended."""

    ended: tuple[BlockShown, ...]


def routes(desk: BlocksDesk) -> tuple[AnyRoute, ...]:
    """The routes of blocked callers."""
    return (
        Route(
            method="GET",
            path="/blocks",
            role=Role.READ,
            summary="Who is blocked by hand",
            path_model=Nothing,
            query_model=BlocksQuery,
            body_model=Nothing,
            answer_model=BlocksShown,
            handler=partial(list_blocks, desk),
        ),
        Route(
            method="POST",
            path="/blocks",
            role=Role.CONTROL,
            summary="Turn a caller away",
            path_model=Nothing,
            query_model=Nothing,
            body_model=NewBlock,
            answer_model=BlockShown,
            handler=partial(block, desk),
            status=201,
            location=lambda made: f"/blocks/{made.id}",
        ),
        Route(
            method="GET",
            path="/blocks/{id}",
            role=Role.READ,
            summary="One block, also one that has ended",
            path_model=BlockPath,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=BlockShown,
            handler=partial(show_block, desk),
        ),
        Route(
            method="DELETE",
            path="/blocks/{id}",
            role=Role.CONTROL,
            summary="Let a caller in again",
            path_model=BlockPath,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=BlocksEnded,
            handler=partial(unblock, desk),
        ),
    )


async def list_blocks(desk: BlocksDesk, asked: Asked[Nothing, BlocksQuery, Nothing]) -> BlocksShown:
    found = await _in_thread(desk.kept)
    wanted = (each for each in found if asked.query.all or not each.is_over_at(asked.now))
    return BlocksShown(blocks=tuple(_kept(each, asked.now) for each in wanted))


async def show_block(desk: BlocksDesk, asked: Asked[BlockPath, Nothing, Nothing]) -> BlockShown:
    for each in await _in_thread(desk.kept):
        if each.block.id == asked.path.id:
            return _kept(each, asked.now)
    raise ApiError(Kind.NOT_FOUND, f"There is no block {asked.path.id}.")


async def block(desk: BlocksDesk, asked: Asked[Nothing, Nothing, NewBlock]) -> BlockShown:
    body = asked.body
    wish = BlockWish(
        body.callers,
        asked.who.name,
        asked.who.via,
        seconds=body.seconds,
        ends_at=body.ends_at,
        reason=body.reason,
        message=body.message,
        refuse=body.refuse,
        request_id=asked.request_id,
    )
    made = await _changing(desk, lambda: desk.hands().block(wish), Kind.INVALID)
    return _kept(KeptBlock(made), asked.now)


async def unblock(desk: BlocksDesk, asked: Asked[BlockPath, Nothing, Nothing]) -> BlocksEnded:
    def change() -> tuple[Block, ...]:
        return desk.hands().unblock(
            asked.path.id, by=asked.who.name, via=asked.who.via, request_id=asked.request_id
        )

    ended = await _changing(desk, change, Kind.NOT_FOUND)
    shown = (_kept(KeptBlock(each, asked.now, asked.who.name), asked.now) for each in ended)
    return BlocksEnded(ended=tuple(shown))


async def _changing(desk: BlocksDesk, change: Callable[[], Result], refusal: Kind) -> Result:
    """Run a change in a thread; what it refuses is a problem of the kind `refusal`."""
    loop = asyncio.get_running_loop()

    def run() -> Result:
        try:
            return change()
        finally:
            # From here and not after the wait: the request may have been given up, the change is made.
            loop.call_soon_threadsafe(desk.changed)

    try:
        return await _in_thread(run)
    except ArgumentError as error:
        raise ApiError(refusal, str(error)) from None
    except OSError as error:
        log.error("a change could not be noted in the trail", reason=str(error))  # noqa: TRY400
        detail = "The change is made, but could not be written into the trail, or the fallback files."
        raise ApiError(Kind.UNAVAILABLE, detail) from None


async def _in_thread(work: Callable[[], Result]) -> Result:
    try:
        return await asyncio.to_thread(work)
    except BlocksFileError as error:
        log.error("blocked callers cannot be read or kept", reason=str(error))  # noqa: TRY400
        raise ApiError(Kind.UNAVAILABLE, "The blocks cannot be read or kept now; the log says why.") from None


def _kept(kept: KeptBlock, now: datetime) -> BlockShown:
    each = kept.block
    return BlockShown(
        id=each.id,
        callers=each.callers,
        since=each.since,
        until=each.until,
        by=each.by,
        reason=each.reason,
        message=each.away.message if each.away else None,
        refuse=each.away.refuse if each.away else None,
        holds=not kept.is_over_at(now),
        ended_at=kept.ended_at,
        ended_by=kept.ended_by,
    )

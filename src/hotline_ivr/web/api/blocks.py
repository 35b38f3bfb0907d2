"""Callers who are turned away: the same as `hotline block`, `blocks` and `unblock`.

Whom is personal as every caller's number: masked, unless a token of role control asks for it in full. Who
blocks somebody, or lets somebody in, is answered with what was given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from hotline_ivr.config.cause import Refusal
from hotline_ivr.control.blocking import LONGEST, MOST_REASON, BlockWish, CallerControl
from hotline_ivr.control.blocks_file import KeptBlock
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import BlocksFileError
from hotline_ivr.routing.blocks import Block, shown_to_all
from hotline_ivr.routing.caller import mask_numbers
from hotline_ivr.web.api.by_hand import KeptByHand
from hotline_ivr.web.api.numbers import Numbers, NumbersDesk
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import ID, Moment

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
    numbers: NumbersDesk = field(default_factory=NumbersDesk)

    @property
    def by_hand(self) -> KeptByHand:
        return KeptByHand("blocks", BlocksFileError, self.changed)


class BlockPath(Given):
    """Which block."""

    id: BlockId


class BlocksQuery(Numbers):
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
    callers: str = Field(description="A number is masked unless asked for.")
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
            query_model=Numbers,
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
    await desk.numbers.admit(asked, "numbers.read", "blocks")
    found = await desk.by_hand.read(desk.kept)
    wanted = (each for each in found if asked.query.all or not each.is_over_at(asked.now))
    return BlocksShown(blocks=tuple(_told(desk, each, asked) for each in wanted))


async def show_block(desk: BlocksDesk, asked: Asked[BlockPath, Numbers, Nothing]) -> BlockShown:
    await desk.numbers.admit(asked, "numbers.read", asked.path.id)
    for each in await desk.by_hand.read(desk.kept):
        if each.block.id == asked.path.id:
            return _told(desk, each, asked)
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
    made = await desk.by_hand.change(lambda: desk.hands().block(wish), Kind.INVALID)
    return _kept(KeptBlock(made), asked.now)


async def unblock(desk: BlocksDesk, asked: Asked[BlockPath, Nothing, Nothing]) -> BlocksEnded:
    def change() -> tuple[Block, ...]:
        return desk.hands().unblock(
            asked.path.id, by=asked.who.name, via=asked.who.via, request_id=asked.request_id
        )

    ended = await desk.by_hand.change(change, Kind.NOT_FOUND)
    shown = (_kept(KeptBlock(each, asked.now, asked.who.name), asked.now) for each in ended)
    return BlocksEnded(ended=tuple(shown))


def _told(desk: BlocksDesk, kept: KeptBlock, asked: Asked[Any, Any, Any]) -> BlockShown:
    """As who asks may see it."""
    shown = _kept(kept, asked.now)
    if asked.query.numbers:
        return shown
    visible = desk.numbers.visible
    masked = {
        "callers": shown_to_all(shown.callers, visible),
        "reason": mask_numbers(shown.reason, visible),
    }
    return shown.model_copy(update=masked)


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

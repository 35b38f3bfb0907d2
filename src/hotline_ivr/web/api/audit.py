"""The trail: who changed what and who saw whom, when and by which way, newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog
from pydantic import Field

from hotline_ivr.control.audit import TrailPart
from hotline_ivr.control.tokens import Role
from hotline_ivr.web.api.problems import ApiError, Kind, wrong_value
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import CURSOR, Cursor, from_cursor, to_cursor

log = structlog.get_logger()

Trail = Callable[[int, int | None], TrailPart]
"""Gives the newest so many entries that stand before a place, or before the end. Called in a thread."""


class AuditQuery(Given):
    """Which page."""

    limit: int = Field(50, ge=1, le=500, description="At most so many on a page.")
    cursor: Cursor | None = Field(None, description=CURSOR)


class EntryShown(Shown):
    """One change, or one look at what is personal."""

    at: datetime
    by: str = Field(description="A person, or the name of a token.")
    via: str = Field(description="command, rest or phone.")
    action: str = Field(examples=["override.set"])
    subject: str = Field(description="What was changed or looked at: a line, a token, a call.")
    details: dict[str, str]
    request_id: str = Field(description="Of the request that asked for it; empty for other ways.")


class TrailPage(Shown):
    """Entries, newest first."""

    entries: tuple[EntryShown, ...]
    next: str | None = Field(description="Cursor of the page after this one; null on the last one.")


def routes(trail: Trail) -> tuple[AnyRoute, ...]:
    """The route of the trail."""
    return (
        Route(
            method="GET",
            path="/audit",
            role=Role.ADMIN,
            summary="Who changed what and who saw whom, newest first",
            path_model=Nothing,
            query_model=AuditQuery,
            body_model=Nothing,
            answer_model=TrailPage,
            handler=partial(list_entries, trail),
        ),
    )


async def list_entries(trail: Trail, asked: Asked[Nothing, AuditQuery, Nothing]) -> TrailPage:
    query = asked.query
    end = None if query.cursor is None else _end(query.cursor)
    try:
        part = await asyncio.to_thread(trail, query.limit, end)
    except OSError as error:
        log.error("the trail cannot be read", reason=str(error))  # noqa: TRY400 - the message says it all
        raise ApiError(Kind.UNAVAILABLE, "The trail cannot be read now; the log says why.") from None
    return TrailPage(
        entries=tuple(EntryShown.model_validate(each, from_attributes=True) for each in part.entries),
        next=to_cursor(str(part.start)) if part.start else None,
    )


def _end(cursor: str) -> int:
    try:
        (position,) = from_cursor(cursor, 1)
        # The trail only grows at its end, so that a place in it stays what it is.
        return int(position)
    except ValueError:
        raise wrong_value("query.cursor", "This is no cursor of this list.") from None

"""Promises: who is owed a call back, and what is done about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar

import structlog
from pydantic import Field, StringConstraints

from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import ArgumentError, StoreError
from hotline_ivr.routing.caller import clean_text
from hotline_ivr.routing.promises import Act, ActKind, State
from hotline_ivr.store.columns import from_micros, to_micros
from hotline_ivr.store.promise_list import PromiseFilter
from hotline_ivr.web.api.calls import CallPath
from hotline_ivr.web.api.numbers import Numbers
from hotline_ivr.web.api.problems import ApiError, Kind, wrong_value
from hotline_ivr.web.api.promise_desk import PromiseDesk
from hotline_ivr.web.api.promises_shown import (
    PromisePage,
    PromiseShown,
    Sight,
    StoryShown,
    entry_shown,
    story_shown,
)
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route
from hotline_ivr.web.api.values import CURSOR, ID, Cursor, from_cursor, to_cursor

log = structlog.get_logger()

Result = TypeVar("Result")

MOST_PROMISES = 500
LONGEST_NOTE = 500


class PromisesQuery(Numbers):
    """Which promises."""

    state: State | None = Field(State.OPEN, description="That stand so; open unless told otherwise.")
    all: bool = Field(False, description="Whatever their state.")
    line: str | None = Field(None, pattern=ID, description="Of this line.", examples=["admission"])
    owner: str | None = Field(
        None, pattern=r"^$|" + ID, description="Taken by this operator; empty: by nobody."
    )
    limit: int = Field(50, ge=1, le=MOST_PROMISES, description="At most so many on a page.")
    cursor: Cursor | None = Field(None, description=CURSOR)


class Taking(Given):
    """Who takes it."""

    operator: str | None = Field(
        pattern=ID, description="Id of an operator; null gives it back.", examples=["anna"]
    )


Note = Annotated[str, StringConstraints(max_length=LONGEST_NOTE)]


class Noted(Given):
    """What there is to say about it."""

    note: Note = Field("", description="What was done, or why not.", examples=["will send the form"])


def routes(desk: PromiseDesk) -> tuple[AnyRoute, ...]:
    """The routes of promises."""
    listed: AnyRoute = Route(
        method="GET",
        path="/promises",
        role=Role.READ,
        summary="Who is owed a call back, the oldest first",
        path_model=Nothing,
        query_model=PromisesQuery,
        body_model=Nothing,
        answer_model=PromisePage,
        handler=partial(list_promises, desk),
        errors=(Kind.UNAVAILABLE,),
    )
    one: AnyRoute = Route(
        method="GET",
        path="/promises/{id}",
        role=Role.READ,
        summary="One promise, the calls that made it and what was done",
        path_model=CallPath,
        query_model=Numbers,
        body_model=Nothing,
        answer_model=StoryShown,
        handler=partial(show_promise, desk),
        errors=(Kind.UNAVAILABLE,),
    )
    return (listed, one, *_changing(desk))


def _changing(desk: PromiseDesk) -> tuple[AnyRoute, ...]:
    take: AnyRoute = Route(
        method="POST",
        path="/promises/{id}/take",
        role=Role.CONTROL,
        summary="Say which operator sees to it",
        path_model=CallPath,
        query_model=Nothing,
        body_model=Taking,
        answer_model=PromiseShown,
        handler=partial(take_promise, desk),
        errors=(Kind.NOT_NOW, Kind.UNAVAILABLE),
    )
    noted: tuple[tuple[str, str, ActKind], ...] = (
        ("tried", "Note that the person was rung and not reached", ActKind.TRIED),
        ("done", "Close it: the person was helped", ActKind.DONE),
        ("drop", "Close it: nobody will ring", ActKind.DROPPED),
    )
    return (
        take,
        *(
            Route(
                method="POST",
                path=f"/promises/{{id}}/{action}",
                role=Role.CONTROL,
                summary=summary,
                path_model=CallPath,
                query_model=Nothing,
                body_model=Noted,
                answer_model=PromiseShown,
                handler=partial(note_about, desk, action, kind),
                errors=(Kind.NOT_NOW, Kind.UNAVAILABLE),
            )
            for action, summary, kind in noted
        ),
    )


async def list_promises(desk: PromiseDesk, asked: Asked[Nothing, PromisesQuery, Nothing]) -> PromisePage:
    query = asked.query
    await desk.numbers.admit(asked, "numbers.read", "promises")
    state = None if query.all or query.state is None else query.state.value
    after = None if query.cursor is None else _place(query.cursor)
    # One more than is shown tells whether there is a next page.
    wanted = PromiseFilter(state, query.line, query.owner, query.limit + 1, after)
    found = await _of_database(desk.ledger.find(wanted))
    shown = found[: query.limit]
    sight = Sight.of(desk.numbers, asked.who, numbers=query.numbers)
    following = None
    if len(found) > len(shown):
        last = shown[-1].promise
        following = to_cursor(str(to_micros(last.opened_at)), last.id)
    return PromisePage(
        at=asked.now,
        promises=tuple(entry_shown(each, asked.now, sight) for each in shown),
        next=following,
    )


async def show_promise(desk: PromiseDesk, asked: Asked[CallPath, Numbers, Nothing]) -> StoryShown:
    await desk.numbers.admit(asked, "numbers.read", asked.path.id)
    found = await _of_database(desk.ledger.story(asked.path.id))
    if found is None:
        raise _unknown(asked.path.id)
    return story_shown(found, asked.now, Sight.of(desk.numbers, asked.who, numbers=asked.query.numbers))


async def take_promise(desk: PromiseDesk, asked: Asked[CallPath, Nothing, Taking]) -> PromiseShown:
    operator, known = asked.body.operator, desk.plan().operators
    if operator is None:
        return await _act(desk, asked, "give-back", Act(asked.now, ActKind.GIVEN_BACK, asked.who.name))
    if operator not in known:
        names = ", ".join(sorted(known)[:20])
        raise wrong_value("body.operator", f"There is no operator '{operator}'. Operators are: {names}.")
    return await _act(desk, asked, "take", Act(asked.now, ActKind.TAKEN, asked.who.name, operator))


async def note_about(
    desk: PromiseDesk, action: str, kind: ActKind, asked: Asked[CallPath, Nothing, Noted]
) -> PromiseShown:
    note = clean_text(asked.body.note, LONGEST_NOTE)
    return await _act(desk, asked, action, Act(asked.now, kind, asked.who.name, note=note))


async def _act(
    desk: PromiseDesk, asked: Asked[CallPath, Nothing, Any], action: str, done: Act
) -> PromiseShown:
    entry_id = asked.path.id
    try:
        after = await _of_database(desk.ledger.act(entry_id, done, asked.now))
    except ArgumentError as refused:
        raise ApiError(Kind.NOT_NOW, f"Promise {entry_id} {refused}.") from None
    if after is None:
        raise _unknown(entry_id)
    desk.changed()
    await _into_trail(desk, asked, action, done)
    found = await _of_database(desk.ledger.story(entry_id))
    if found is None:
        raise _unknown(entry_id)
    return entry_shown(found.owed, asked.now, Sight.of(desk.numbers, asked.who))


async def _into_trail(
    desk: PromiseDesk, asked: Asked[CallPath, Nothing, Any], action: str, done: Act
) -> None:
    who = asked.who
    # What was written of the person stands in the ledger, where an erasure finds it, and not here.
    details = {"operator": done.operator} if done.operator else {}
    entry = AuditEntry(
        asked.now, who.name, who.via, f"promise.{action}", asked.path.id, details, asked.request_id
    )
    try:
        await asyncio.to_thread(desk.note, entry)
    except OSError as error:
        log.error("a change could not be noted in the trail", reason=str(error))  # noqa: TRY400
        detail = "The change is made, but could not be written into the trail."
        raise ApiError(Kind.UNAVAILABLE, detail) from None


async def _of_database(answer: Awaitable[Result]) -> Result:
    try:
        return await answer
    except StoreError as error:
        log.warning("the promise ledger cannot be used", reason=str(error))
        detail = "The database cannot be used now. Calls go on, and what they owe will be in the ledger."
        raise ApiError(Kind.UNAVAILABLE, detail) from None


def _unknown(entry_id: str) -> ApiError:
    return ApiError(Kind.NOT_FOUND, f"There is no promise {entry_id}.")


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        micros, entry_id = from_cursor(cursor, 2)
        return from_micros(int(micros)), CallPath(id=entry_id).id
    except (ValueError, OverflowError):
        raise wrong_value("query.cursor", "This is no cursor of this list.") from None

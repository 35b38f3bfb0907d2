"""Calls of the record: the list, page by page, and one call's time line.

A caller's number and name are personal: numbers are masked and names left out, unless a token of role control
asks for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Literal, Protocol, TypeVar

import structlog
from pydantic import Field
from sqlalchemy import Connection

from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.caller import mask_numbers
from hotline_ivr.routing.disclosure import outside_number
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.routing.timeline import timeline
from hotline_ivr.store.columns import from_micros, to_micros
from hotline_ivr.store.queries import CallFilter, CallStory, StoredCall, call_story, find_calls
from hotline_ivr.store.register_list import entries_of_call
from hotline_ivr.web.api.entries_shown import EntryShown, Sight, entry_shown
from hotline_ivr.web.api.numbers import Numbers, NumbersDesk
from hotline_ivr.web.api.problems import ApiError, Kind, wrong_value
from hotline_ivr.web.api.register_desk import RegisterDesk
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import CURSOR, ID, Cursor, Moment, from_cursor, to_cursor

log = structlog.get_logger()

Result = TypeVar("Result")

MOST_CALLS = 500
"""Calls of a page, some 400 kB."""


class Record(Protocol):
    """Where calls are kept; see store/engine.py. Raises StoreError while the database is away."""

    async def read(self, transaction: Callable[[Connection], Result]) -> Result: ...


class CallsQuery(Numbers):
    """Which calls."""

    since: Moment | None = Field(None, description="That arrived at this moment or later.")
    until: Moment | None = Field(None, description="That arrived before this moment.")
    line: str | None = Field(None, pattern=ID, description="Of this line.", examples=["admission"])
    outcome: Outcome | None = Field(None, description="That ended like this.")
    limit: int = Field(50, ge=1, le=MOST_CALLS, description="At most so many on a page.")
    cursor: Cursor | None = Field(None, description=CURSOR)
    order: Literal["newest", "oldest"] = Field(
        "newest",
        description="Which come first. With `oldest`, calls that arrive meanwhile come on a later page.",
    )


class CallPath(Given):
    """Which call."""

    id: str = Field(
        pattern=r"^[A-Za-z0-9._-]{1,64}$", description="Id of a call.", examples=["main-1795451000.1"]
    )


class CallShown(Shown):
    """A call. Durations are milliseconds."""

    node: str = Field(description="The node that took it.")
    id: str = Field(description="Its id.")
    line: str = Field(description="Id of its line; empty if the number belongs to none.")
    number: str = Field(description="The number that was called.")
    caller: str = Field(description="The caller's number, masked unless asked for; empty when withheld.")
    caller_name: str = Field(description="The caller's name as sent, when numbers are asked for.")
    caller_kind: str = Field(description="What sort of number it is.")
    arrived_at: datetime
    picked_up_at: datetime | None
    greeting_started_at: datetime | None
    greeting_ended_at: datetime | None
    queued_at: datetime | None
    ringing_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None = Field(description="Null while it lasts.")
    last_event_at: datetime
    wait_ms: int | None = Field(description="From entering the queue to an operator, or to leaving it.")
    talk_ms: int | None = Field(description="With an operator.")
    total_ms: int | None = Field(description="From arrival to the end.")
    queue: str | None
    operator: str | None = Field(description="The first operator the caller spoke with.")
    outcome: str | None = Field(description="How it ended; null while that is open.")
    stage: str = Field(description="Where it was last.")
    ended_by: str | None
    end_cause: int | None = Field(description="ITU-T Q.850 cause.")
    queue_status: str | None = Field(description="Asterisk's own word on leaving the queue.")
    route: str | None = Field(description="Whether the service or the fallback decided.")
    plan_version: str | None
    reasons: str
    rings: int
    unanswered_rings: int
    discrepancy: str | None
    finished: bool
    centre: str | None = Field(description="The centre outside to which it was handed.")
    outside_number: str | None = Field(description="The number there that took it, or was rung last.")
    outside_ring_ms: int | None
    outside_talk_ms: int | None
    confirmation: str | None = Field(description="Whether who answered there pressed 1.")
    kind: str = Field(description="caller, or callback where the service rang somebody back.")
    attempt: str | None = Field(description="Of a call back: which attempt at which promise.")
    consent: str | None = Field(
        description="Whether it may be recorded: announced, agreed, refused, no-answer, not-told;"
        " null: nobody asked."
    )
    recorded: int | None = Field(description="Parts of its conversations that were recorded.")


class CallPage(Shown):
    """Calls, in the order that was asked for."""

    calls: tuple[CallShown, ...]
    next: str | None = Field(description="Cursor of the page after this one; null on the last one.")


class LegShown(Shown):
    """Another channel of a call, such as an operator's telephone."""

    channel: str
    channel_name: str
    operator: str | None
    device: str | None = Field(description="Which of the operator's telephones, where there are several.")
    started_at: datetime | None
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    cause: int | None = Field(description="ITU-T Q.850 cause.")
    talk_ms: int | None = Field(description="Time in one bridge with the caller.")
    result: str | None


class MomentShown(Shown):
    """Something that happened in a call."""

    at: datetime
    after_ms: float = Field(description="Milliseconds since the call arrived.")
    event: str = Field(description="Asterisk's word for it.")
    text: str
    exact: bool = Field(description="False where only the second is known.")


class StoryShown(Shown):
    """One call with all that is known of it."""

    call: CallShown
    legs: tuple[LegShown, ...]
    events: tuple[MomentShown, ...]
    entries: tuple[EntryShown, ...] = Field(description="What was written about it in the register.")


def routes(record: Record, numbers: NumbersDesk, register: RegisterDesk) -> tuple[AnyRoute, ...]:
    """The routes of calls."""
    return (
        Route(
            method="GET",
            path="/calls",
            role=Role.READ,
            summary="Calls of the record, newest first",
            path_model=Nothing,
            query_model=CallsQuery,
            body_model=Nothing,
            answer_model=CallPage,
            handler=partial(list_calls, record, numbers),
            errors=(Kind.UNAVAILABLE,),
        ),
        Route(
            method="GET",
            path="/calls/{id}",
            role=Role.READ,
            summary="One call's time line",
            path_model=CallPath,
            query_model=Numbers,
            body_model=Nothing,
            answer_model=StoryShown,
            handler=partial(show_call, record, numbers, register),
            errors=(Kind.UNAVAILABLE,),
        ),
    )


async def list_calls(
    record: Record, numbers: NumbersDesk, asked: Asked[Nothing, CallsQuery, Nothing]
) -> CallPage:
    query = asked.query
    await numbers.admit(asked, "numbers.read", "calls")
    beyond = None if query.cursor is None else _place(query.cursor)
    # One more than is shown tells whether there is a next page.
    wanted = CallFilter(
        query.since,
        query.until,
        query.line,
        query.outcome,
        limit=query.limit + 1,
        beyond=beyond,
        oldest_first=query.order == "oldest",
    )
    found = await read_record(record, lambda connection: find_calls(connection, wanted))
    shown = found[: query.limit]
    following = None
    if len(found) > len(shown):
        last = shown[-1]
        following = to_cursor(str(to_micros(last.arrived_at)), last.id)
    return CallPage(calls=tuple(_shown(call, numbers, full=query.numbers) for call in shown), next=following)


async def show_call(
    record: Record, numbers: NumbersDesk, register: RegisterDesk, asked: Asked[CallPath, Numbers, Nothing]
) -> StoryShown:
    call_id, full = asked.path.id, asked.query.numbers
    await numbers.admit(asked, "numbers.read", call_id)
    story = await read_record(record, lambda connection: call_story(connection, call_id))
    if story is None:
        raise ApiError(Kind.NOT_FOUND, f"There is no call {call_id} in the record.")
    written = await read_record(record, lambda connection: entries_of_call(connection, call_id))
    sight = Sight(register.plan(), texts=asked.who.may(Role.CONTROL), numbers=full, visible=numbers.visible)
    entries = tuple(entry_shown(each, story.call.caller, sight) for each in written)
    return _story(story, entries, numbers, full=full)


async def read_record(record: Record, query: Callable[[Connection], Result]) -> Result:
    """Read the database. Raises ApiError while it is away."""
    try:
        return await record.read(query)
    except StoreError as error:
        log.warning("the record cannot be read", reason=str(error))
        detail = "The database cannot be read now. Calls go on, and will be in the record."
        raise ApiError(Kind.UNAVAILABLE, detail) from None


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        micros, call_id = from_cursor(cursor, 2)
        # Read like any other value that came from outside.
        return from_micros(int(micros)), CallPath(id=call_id).id
    except (ValueError, OverflowError):
        raise wrong_value("query.cursor", "This is no cursor of this list.") from None


def _shown(call: StoredCall, numbers: NumbersDesk, *, full: bool) -> CallShown:
    values = asdict(call)
    if not full:
        told = partial(numbers.shown, full=False)
        values |= {"caller": told(call.caller), "caller_name": ""}
        values["outside_number"] = outside_number(call.kind, call.outside_number, told)
    return CallShown.model_validate(values)


def _story(
    story: CallStory, entries: tuple[EntryShown, ...], numbers: NumbersDesk, *, full: bool
) -> StoryShown:
    arrived = to_micros(story.call.arrived_at)
    return StoryShown(
        call=_shown(story.call, numbers, full=full),
        legs=tuple(LegShown.model_validate(asdict(leg)) for leg in story.legs),
        events=tuple(
            MomentShown(
                at=from_micros(moment.at),
                after_ms=round((moment.at - arrived) / 1000, 3),
                event=moment.kind,
                text=moment.text if full else mask_numbers(moment.text, numbers.visible),
                exact=moment.exact,
            )
            for moment in timeline(story.events, story.queue_events, partial(numbers.shown, full=full))
        ),
        entries=entries,
    )

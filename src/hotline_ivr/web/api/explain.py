"""What happens to a call and why, as `hotline explain` says it, by the rulebook that is in use."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from hotline_ivr.config.recording import Consent
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import HotlineError
from hotline_ivr.routing.asking import line_of, moment_of
from hotline_ivr.routing.explain import explain
from hotline_ivr.routing.floor_state import FloorState
from hotline_ivr.routing.steps import Call
from hotline_ivr.routing.wall import zone_of
from hotline_ivr.views.explanation import as_data
from hotline_ivr.web.api.lines import Books
from hotline_ivr.web.api.problems import wrong_value
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import ID

FARTHEST = timedelta(days=5 * 366)
"""Past and ahead: every year that is asked about is compiled, and stays with the plan."""


class ExplainQuery(Given):
    """Which call. `line` or `number` is given, one of the two."""

    line: str | None = Field(None, pattern=ID, description="Id of the line.", examples=["admission"])
    number: str | None = Field(None, max_length=40, description="Or the number that is dialled.")
    at: str | None = Field(
        None,
        max_length=40,
        description="When, on the line's own clock: 2026-12-24 17:55, today's 17:55, tomorrow 08:00 or "
        "sat 12:00; default now.",
        examples=["2026-12-24 17:55"],
    )
    caller: str = Field(
        "",
        alias="from",
        pattern=r"^[ +]?[0-9*#]{0,40}$",
        description="The caller's number; empty is withheld.",
    )
    language: str = Field("", pattern=r"^[a-z]{0,3}$", description="Language that the caller has chosen.")
    state: FloorState = Field(FloorState.STAFFED, description="How it is in the queues.")

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.line is None) == (self.number is None):
            raise ValueError("give line or number, one of the two")
        return self


class DecidingRule(Shown):
    """The rule that won."""

    kind: str
    name: str = Field(description="Its place in the configuration.")


class RuleConsidered(DecidingRule):
    """A rule that was looked at."""

    applies: bool
    open: bool | None = Field(
        description="Whether it would open the line; null where it says nothing of that."
    )
    won: bool
    why: str


class PartShown(Shown):
    """A straight stretch of what happens."""

    because: str = Field(description="What led there.")
    reason: str
    steps: tuple[dict[str, Any], ...] = Field(description="`step` is the kind; the rest belongs to it.")


class MinuteCost(Shown):
    """What a minute of this call costs the organisation. Amounts are texts, so that none is rounded."""

    outgoing: bool = Field(description="False: the caller's connection to us; true: one that we dial.")
    number: str
    contract: str | None = Field(description="Null: no contract in force has it.")
    kind: str | None = Field(alias="class", description="Class of the call in the contract.")
    currency: str | None
    per_minute: str | None
    setup_fee: str | None
    increments: str | None = Field(description="First billing step and those after it, in seconds.")
    caller_per_minute: str | None = Field(description="What the caller pays; null: as its carrier charges.")
    words: str


class QueueRecorded(Shown):
    """A queue whose conversations are recorded."""

    queue: str
    consent: Consent = Field(description="What callers are told or asked before they wait.")


class Preferred(Shown):
    """What prefers the caller in queues, before anything is chosen in a menu."""

    seconds: int = Field(description="It counts as if it had come so much earlier.")
    because: str


class NextChange(Shown):
    """When the line next opens or closes by itself."""

    at: datetime
    open: bool


class Explained(Shown):
    """The whole answer. Moments are on the line's own clock, with their offset."""

    schema_name: Literal["hotline/explain/1"] = Field(alias="schema")
    line: str
    number: str
    at: datetime
    open: bool
    rule: DecidingRule
    rules: tuple[RuleConsidered, ...] = Field(description="The strongest first.")
    parts: tuple[PartShown, ...]
    head_start: Preferred
    recorded: tuple[QueueRecorded, ...] = Field(description="Queues that are met and recorded.")
    costs: tuple[MinuteCost, ...]
    next_change: NextChange | None = Field(description="Null: not within three years.")


def routes(books: Books) -> tuple[AnyRoute, ...]:
    """The route of explaining."""
    return (
        Route(
            method="GET",
            path="/explain",
            role=Role.READ,
            summary="What happens to a call, by which rule, and which rules lost",
            path_model=Nothing,
            query_model=ExplainQuery,
            body_model=Nothing,
            answer_model=Explained,
            handler=partial(explain_call, books),
        ),
    )


async def explain_call(books: Books, asked: Asked[Nothing, ExplainQuery, Nothing]) -> Explained:
    return await asyncio.to_thread(_explained, books, asked.query, asked.now)


def _explained(books: Books, query: ExplainQuery, now: datetime) -> Explained:
    book = books()
    try:
        line, dialled = line_of(book.plan, query.line, _with_plus(query.number))
    except HotlineError as error:
        raise wrong_value("query.line" if query.line else "query.number", str(error)) from None
    zone = zone_of(book.plan.lines[line].time_zone)
    try:
        moment = moment_of(_with_offset(query.at), zone, now)
    except HotlineError as error:
        raise wrong_value("query.at", str(error)) from None
    require_near(moment, now, "query.at")
    call = Call(line, dialled, _with_plus(query.caller) or "", book.plan.version)
    found = explain(book, call, moment, query.state, language=query.language)
    return Explained.model_validate(as_data(found, zone))


def require_near(moment: datetime, now: datetime, where: str) -> None:
    """Raises ApiError for a moment that nobody plans for."""
    # Naive, because the offset of the first and the last moments of all cannot be reckoned with.
    if abs(moment.replace(tzinfo=None) - now.replace(tzinfo=None)) > FARTHEST:
        raise wrong_value(where, "Five years ahead or back, no farther.")


def _with_plus(number: str | None) -> str | None:
    # In a query string a `+` that nobody encoded arrives as a blank.
    return f"+{number[1:]}" if number is not None and number.startswith(" ") else number


def _with_offset(at: str | None) -> str | None:
    # The same of an offset; only after a `T` is a blank no blank.
    return at.strip().replace(" ", "+") if at is not None and "T" in at else at

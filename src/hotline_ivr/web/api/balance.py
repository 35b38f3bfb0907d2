"""What the nightly balance proofs have found."""

from __future__ import annotations

import json
from functools import partial

from pydantic import Field

from hotline_ivr.control.tokens import Role
from hotline_ivr.store.balance import nights
from hotline_ivr.web.api.calls import Record, read_record
from hotline_ivr.web.api.problems import Kind
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Route, Shown


class NightsQuery(Given):
    """How many."""

    limit: int = Field(30, ge=1, le=400, description="At most so many nights, the newest.")


class LineShown(Shown):
    """A line's arrivals, and what became of them."""

    line: str = Field(description="Id of the line; empty for calls to a number of none.")
    arrivals: int
    in_files: int | None = Field(description="Arrivals in Asterisk's files; null if those were not there.")
    under_way: int = Field(description="Whose outcome was still open.")
    outcomes: dict[str, int] = Field(description="How many ended how.")


class ImbalanceShown(Shown):
    """A call that breaks the balance."""

    call: str = Field(description="Its id.")
    reason: str = Field(examples=["no-row"])
    text: str


class NightShown(Shown):
    """The proof of one day of one node."""

    day: str = Field(description="On the organisation's clock.", examples=["2026-11-27"])
    node: str
    even: bool = Field(description="Whether every arrival has one outcome, and the files agree.")
    arrivals: int
    under_way: int
    callbacks: int = Field(description="Calls back by the service, which are no arrivals.")
    files_since: str | None = Field(description="From when on Asterisk's files could be compared.")
    lines: tuple[LineShown, ...]
    differences: int
    shown: tuple[ImbalanceShown, ...] = Field(description="The first of the differences.")


class NightsShown(Shown):
    """Nights, newest first."""

    nights: tuple[NightShown, ...]


def routes(record: Record) -> tuple[AnyRoute, ...]:
    """The route of the nights."""
    return (
        Route(
            method="GET",
            path="/balance",
            role=Role.READ,
            summary="What the nightly balance proofs have found, newest first",
            path_model=Nothing,
            query_model=NightsQuery,
            body_model=Nothing,
            answer_model=NightsShown,
            handler=partial(list_nights, record),
            errors=(Kind.UNAVAILABLE,),
        ),
    )


async def list_nights(record: Record, asked: Asked[Nothing, NightsQuery, Nothing]) -> NightsShown:
    found = await read_record(record, lambda connection: nights(connection, None, asked.query.limit))
    wanted = NightShown.model_fields.keys() - {"day"}
    return NightsShown(
        nights=tuple(
            NightShown.model_validate(
                {"day": night.day}
                | {name: value for name, value in json.loads(night.report).items() if name in wanted}
            )
            for night in found
        )
    )

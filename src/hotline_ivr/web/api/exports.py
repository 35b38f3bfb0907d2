"""Exports of the record: whole files, streamed while they are made.

Each is made by a process of its own at low priority: reading a million rows shares neither an interpreter nor
an event loop with the asks of callers, and a client that reads slowly holds up that process alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import structlog
from pydantic import Field

from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import ArgumentError, ExportBusy, StoreError
from hotline_ivr.web.api.numbers import Numbers, check_role
from hotline_ivr.web.api.problems import ApiError, Kind, wrong_value
from hotline_ivr.web.api.route import AnyRoute, Asked, Given, Nothing, Pieces, Route, StreamShown
from hotline_ivr.web.api.values import Moment

log = structlog.get_logger()

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

DEADLINE = 3600.0
"""Seconds until the first byte: a spreadsheet is packed when its last row is known."""


@dataclass(frozen=True, slots=True)
class ExportDesk:
    """`start` runs an export with these arguments of `hotline export`, and has its bytes.

    It raises ExportBusy if too many are under way, ArgumentError for what the command refuses, StoreError.
    `note` is called in a thread and raises OSError.
    """

    start: Callable[[Sequence[str]], Awaitable[Pieces]]
    note: Callable[[AuditEntry], None]


class ExportPath(Given):
    """Which kind of rows."""

    kind: str = Field(
        pattern=r"^[a-z]{1,20}$",
        description="calls, legs, operators, pauses, costs, promises, entries; all, as xlsx.",
        examples=["calls"],
    )


class ExportQuery(Numbers):
    """Which rows, and how they look."""

    format: Literal["csv", "xlsx", "ndjson"] = Field("csv", description="Format of the file.")
    since: Moment | None = Field(None, description="That arrived at this moment or later.")
    until: Moment | None = Field(None, description="That arrived before this moment; now, unless earlier.")
    line: str | None = Field(
        None,
        pattern=r"^[a-z][a-z0-9-]{0,30}(,[a-z][a-z0-9-]{0,30}){0,19}$",
        description="Of these lines, separated by commas.",
        examples=["admission,courses"],
    )
    zone: str | None = Field(
        None,
        pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{0,39}$",
        description="Time zone of all moments; else that of each line.",
        examples=["Europe/Oslo"],
    )
    excel: bool = Field(
        False, description="CSV for a double click: semicolons, BOM, decimal comma, plain times."
    )
    delimiter: Literal["comma", "semicolon"] | None = Field(None, description="Between the cells of CSV.")
    bom: bool = Field(False, description="CSV begins with the mark by which Excel knows UTF-8.")


def routes(desk: ExportDesk) -> tuple[AnyRoute, ...]:
    """The routes of exports."""
    return (
        Route(
            method="GET",
            path="/exports/{kind}",
            role=Role.READ,
            summary="The record as a file, streamed",
            path_model=ExportPath,
            query_model=ExportQuery,
            body_model=Nothing,
            answer_model=StreamShown,
            handler=partial(export, desk),
            errors=(Kind.UNAVAILABLE,),
            deadline=DEADLINE,
            media="text/csv",
            other_media=("application/x-ndjson", MEDIA["xlsx"]),
        ),
    )


async def export(desk: ExportDesk, asked: Asked[ExportPath, ExportQuery, Nothing]) -> StreamShown:
    query, kind = asked.query, asked.path.kind
    check_role(asked)
    # In the trail before anything leaves.
    await _note(desk, asked)
    try:
        # The process looks for that entry, and makes one of its own where there is none.
        noted = f"--noted={asked.request_id}"
        pieces = await desk.start([*arguments_of(kind, query, texts=asked.who.may(Role.CONTROL)), noted])
    except ExportBusy as busy:
        raise ApiError(Kind.BUSY, f"{busy}", headers={"Retry-After": "30"}) from None
    except ArgumentError as refused:
        raise wrong_value("path.kind", str(refused)) from None
    except StoreError as error:
        log.warning("an export failed", reason=str(error))
        raise ApiError(Kind.UNAVAILABLE, "The export cannot be made now; the log tells why.") from None
    return StreamShown(
        pieces=pieces, media=MEDIA[query.format], name=f"{kind}-{asked.now:%Y%m%dT%H%M%SZ}.{query.format}"
    )


def arguments_of(kind: str, query: ExportQuery, *, texts: bool) -> list[str]:
    """The command's words for what is asked. What people said is for role control, as in the register."""
    words = [kind, "--format", query.format, *([] if texts else ["--no-texts"])]
    for name, value in (("--since", query.since), ("--until", query.until)):
        if value is not None:
            words += [name, value.isoformat()]
    for each in (query.line or "").split(","):
        words += ["--line", each] if each else []
    words += ["--zone", query.zone] if query.zone else []
    words += ["--delimiter", query.delimiter] if query.delimiter else []
    flags = (("--excel", query.excel), ("--bom", query.bom), ("--numbers", query.numbers))
    return words + [name for name, wanted in flags if wanted]


async def _note(desk: ExportDesk, asked: Asked[ExportPath, ExportQuery, Nothing]) -> None:
    who, query = asked.who, asked.query
    details = {"format": query.format, "numbers": "full" if query.numbers else "masked"}
    details |= {"lines": query.line.replace(",", " ")} if query.line else {}
    details |= {name: value.isoformat() for name in ("since", "until") if (value := getattr(query, name))}
    entry = AuditEntry(asked.now, who.name, who.via, "export", asked.path.kind, details, asked.request_id)
    try:
        await asyncio.to_thread(desk.note, entry)
    except OSError as error:
        log.error("an export could not be noted in the trail", reason=str(error))  # noqa: TRY400
        detail = "This could not be written into the trail, and is not done."
        raise ApiError(Kind.UNAVAILABLE, detail) from None

"""Recordings of conversations: the list, one to be heard, deleting, and the pause of one under way.

A recording leaves as it is kept: encrypted, unless the configuration says otherwise. It opens where its
private key is; this machine has none. Who fetched what stands in the trail before anything is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar

import structlog
from pydantic import Field

from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import ArgumentError, AsteriskError, StoreError
from hotline_ivr.routing.recordings import PartId, Recording, Tape, TapeState
from hotline_ivr.store.recordings import RecordingFilter
from hotline_ivr.web.api.numbers import Numbers, NumbersDesk
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.recording_desk import RecordingDesk
from hotline_ivr.web.api.route import AnyRoute, Asked, FileShown, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import ID

log = structlog.get_logger()

Result = TypeVar("Result")

MOST_RECORDINGS = 500
"""Recordings that are listed at once."""

VERIFY_DEADLINE = 600.0
"""Seconds for reading every file that is kept."""

CallId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="Id of the call.",
        examples=["main-1795451000.1"],
    ),
]


class RecordingsQuery(Numbers):
    """Which recordings."""

    line: str | None = Field(None, pattern=ID, description="Of callers of this line.")
    queue: str | None = Field(None, pattern=ID, description="Of callers of this queue.")
    operator: str | None = Field(None, pattern=ID, description="Of calls that this operator took.")
    since: datetime | None = Field(None, description="That began then or later (RFC 3339).")
    until: datetime | None = Field(None, description="That began before then.")
    deleted: bool = Field(False, description="Those too whose file has been deleted.")
    limit: int = Field(50, ge=1, le=MOST_RECORDINGS, description="The newest so many.")


class VerifyQuery(Given):
    """How thoroughly."""

    thorough: bool = Field(False, description="Read every file and compare its SHA-256.")


class CallPath(Given):
    """Which call."""

    id: CallId


class DeleteQuery(Given):
    """What of a call."""

    part: int | None = Field(None, ge=1, le=9999, description="Only this part.")


class PartPath(Given):
    """Which part of a call."""

    id: CallId
    part: int = Field(ge=1, le=9999, description="Part of its recording, from 1.", examples=["1"])


class RecordingShown(Shown):
    """A part of a recording."""

    id: str = Field(description="Id of its call.")
    part: int
    recorded_at: datetime
    length_s: float
    size: int = Field(description="Bytes of the file as it is kept.")
    sha256: str
    encrypted: bool
    line: str
    queue: str
    operator: str = Field(description="Who answered the call first.")
    caller: str = Field(description="The caller's number, masked unless asked for; empty when withheld.")
    deleted_at: datetime | None
    deleted_by: str


class RecordingsShown(Shown):
    """Recordings, newest first."""

    recordings: tuple[RecordingShown, ...]


class StraysShown(Shown):
    """What does not belong together."""

    without_call: tuple[str, ...] = Field(description="Files of which no call is known.")
    without_file: tuple[str, ...] = Field(description="Parts that were begun and of which there is nothing.")
    gone: tuple[str, ...] = Field(description="Parts whose file is gone though nobody deleted it here.")
    changed: tuple[str, ...] = Field(description="Parts whose file is not the one that was kept.")
    plain: tuple[str, ...] = Field(description="Parts that are not encrypted yet, minutes after their end.")
    undeleted: tuple[str, ...] = Field(description="Parts whose file is there though it was deleted.")
    foreign: tuple[str, ...] = Field(description="What lies in the folders and is no recording.")


class DeletedShown(Shown):
    """What was deleted."""

    deleted: int = Field(description="Parts.")


class TapeShown(Shown):
    """A recording that is under way."""

    id: str = Field(description="Id of the call.")
    state: TapeState
    resumes_at: datetime | None = Field(description="When the pause ends by itself.")


def routes(desk: RecordingDesk) -> tuple[AnyRoute, ...]:
    """The routes of recordings."""
    return (
        Route(
            method="GET",
            path="/recordings",
            role=Role.READ,
            summary="Recordings of conversations, newest first",
            path_model=Nothing,
            query_model=RecordingsQuery,
            body_model=Nothing,
            answer_model=RecordingsShown,
            handler=partial(list_recordings, desk),
            errors=(Kind.UNAVAILABLE,),
        ),
        Route(
            method="GET",
            path="/recordings/strays",
            role=Role.READ,
            summary="Recordings without a call, calls without a recording, and files that were changed",
            path_model=Nothing,
            query_model=VerifyQuery,
            body_model=Nothing,
            answer_model=StraysShown,
            handler=partial(list_strays, desk),
            errors=(Kind.UNAVAILABLE,),
            deadline=VERIFY_DEADLINE,
        ),
        Route(
            method="GET",
            path="/recordings/{id}/{part}/audio",
            role=Role.CONTROL,
            summary="A part of a recording as it is kept; it counts as heard",
            path_model=PartPath,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=FileShown,
            handler=partial(fetch, desk),
            errors=(Kind.UNAVAILABLE,),
            media="application/octet-stream",
        ),
        Route(
            method="DELETE",
            path="/recordings/{id}",
            role=Role.ADMIN,
            summary="Delete the recording of a call for good; one that goes on stops",
            path_model=CallPath,
            query_model=DeleteQuery,
            body_model=Nothing,
            answer_model=DeletedShown,
            handler=partial(delete, desk),
            errors=(Kind.UNAVAILABLE,),
        ),
        *_pauses(desk),
    )


def _pauses(desk: RecordingDesk) -> tuple[AnyRoute, ...]:
    def route(does: str, summary: str) -> AnyRoute:
        return Route(
            method="POST",
            path=f"/recordings/{{id}}/{does}",
            role=Role.CONTROL,
            summary=summary,
            path_model=CallPath,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=TapeShown,
            handler=partial(change, desk, does),
            errors=(Kind.NOT_NOW, Kind.UNAVAILABLE),
        )

    return (
        route("pause", "Pause the recording of a call under way; it goes on by itself after a while"),
        route("resume", "Go on with the recording of a call under way"),
    )


async def list_recordings(
    desk: RecordingDesk, asked: Asked[Nothing, RecordingsQuery, Nothing]
) -> RecordingsShown:
    query = asked.query
    for moment in (query.since, query.until):
        if moment is not None and moment.tzinfo is None:
            raise ApiError(Kind.INVALID, "A moment needs its offset: 2026-11-27T08:00:00+01:00.")
    await desk.numbers.admit(asked, "numbers.read", "recordings")
    wanted = RecordingFilter(
        query.since, query.until, query.line, query.queue, query.operator, query.limit, query.deleted
    )
    found = await _known(desk.kept.rows.find(wanted))
    return RecordingsShown(recordings=tuple(_shown(each, desk.numbers, full=query.numbers) for each in found))


async def list_strays(desk: RecordingDesk, asked: Asked[Nothing, VerifyQuery, Nothing]) -> StraysShown:
    found = await _known(desk.strays(thorough=asked.query.thorough))
    return StraysShown(
        without_call=found.without_call,
        without_file=found.without_file,
        gone=found.gone,
        changed=found.changed,
        plain=found.plain,
        undeleted=found.undeleted,
        foreign=found.foreign,
    )


async def fetch(desk: RecordingDesk, asked: Asked[PartPath, Nothing, Nothing]) -> FileShown:
    part = PartId(asked.path.id, asked.path.part)
    if await _known(desk.kept.rows.one(part)) is None:
        raise ApiError(Kind.NOT_FOUND, f"There is no recording {part.name}.")
    path = await asyncio.to_thread(desk.kept.files.path, part)
    if path is None:
        raise ApiError(Kind.NOT_FOUND, f"The recording {part.name} has been deleted.")
    # In the trail before anything is heard.
    await _note(desk, asked, "recording.play", part.call_id, {"part": str(part.part)})
    return FileShown(path=str(path))


async def delete(desk: RecordingDesk, asked: Asked[CallPath, DeleteQuery, Nothing]) -> DeletedShown:
    call_id, part = asked.path.id, asked.query.part
    found = [each for each in await _known(desk.kept.of_call(call_id)) if part in {None, each.part}]
    if not found:
        which = "" if part is None else f" part {part} of"
        raise ApiError(Kind.NOT_FOUND, f"There is no{which} recording of call {call_id}.")
    await _note(
        desk, asked, "recording.delete", call_id, {"parts": ",".join(str(each.part) for each in found)}
    )
    deleting = desk.kept.delete_calls([call_id], asked.who.name, asked.now, part=part, lost=True)
    return DeletedShown(deleted=await _known(deleting))


async def change(desk: RecordingDesk, does: str, asked: Asked[CallPath, Nothing, Nothing]) -> TapeShown:
    call_id = asked.path.id
    how: Callable[[str], Awaitable[Tape]] = desk.pauses.pause if does == "pause" else desk.pauses.resume
    # In the trail first: what a recording lacks is told by somebody.
    await _note(desk, asked, f"recording.{does}", call_id, {})
    try:
        tape = await how(call_id)
    except ArgumentError as error:
        raise ApiError(Kind.NOT_NOW, f"{error}.") from None
    except (AsteriskError, OSError) as error:
        raise ApiError(Kind.UNAVAILABLE, f"The recording could not be told to {does}: {error}.") from None
    due = tape.due if tape.state is TapeState.PAUSED else None
    return TapeShown(id=call_id, state=tape.state, resumes_at=due)


async def _known(reading: Awaitable[Result]) -> Result:
    try:
        return await reading
    except (StoreError, OSError) as error:
        log.warning("recordings cannot be read", reason=str(error))
        detail = "The recordings cannot be read now. They are kept, and will be listed."
        raise ApiError(Kind.UNAVAILABLE, detail) from None


async def _note(
    desk: RecordingDesk, asked: Asked[Any, Any, Any], action: str, call_id: str, details: Mapping[str, str]
) -> None:
    who = asked.who
    entry = AuditEntry(asked.now, who.name, who.via, action, call_id, details, asked.request_id)
    try:
        await asyncio.to_thread(desk.note, entry)
    except OSError as error:
        log.error("what is done with a recording could not be noted", reason=str(error))  # noqa: TRY400
        raise ApiError(
            Kind.UNAVAILABLE, "This could not be written into the trail, and is not done."
        ) from None


def _shown(each: Recording, numbers: NumbersDesk, *, full: bool) -> RecordingShown:
    return RecordingShown(
        id=each.call_id,
        part=each.part,
        recorded_at=each.recorded_at,
        length_s=round(each.length_ms / 1000, 1),
        size=each.size,
        sha256=each.sha256,
        encrypted=each.encrypted,
        line=each.line,
        queue=each.queue,
        operator=each.operator,
        caller=numbers.shown(each.caller, full=full),
        deleted_at=each.removed_at,
        deleted_by=each.removed_by,
    )

"""Messages of callers: the list, one to be heard, and that it has been dealt with.

A voice and a number are personal. The list masks numbers unless a token of role control asks for them;
hearing a message takes that role, and stands in the trail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

import structlog
from pydantic import Field

from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import StoreError
from hotline_ivr.routing.caller import VISIBLE
from hotline_ivr.routing.messages import Message, MessageState, Strays
from hotline_ivr.store.messages import MessageFilter
from hotline_ivr.web.api.numbers import Numbers, NumbersDesk
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.route import AnyRoute, Asked, FileShown, Given, Nothing, Route, Shown
from hotline_ivr.web.api.values import ID

log = structlog.get_logger()

Result = TypeVar("Result")

MOST_MESSAGES = 500
"""Messages that are listed at once."""


class Messages(Protocol):
    """What is known of messages; see store/messages.py. Raises StoreError."""

    async def find(self, wanted: MessageFilter) -> Sequence[Message]: ...

    async def one(self, call_id: str) -> Message | None: ...

    async def heard(self, call_id: str, by: str, at: datetime) -> None: ...

    async def done(self, call_id: str, by: str, at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class VoicemailDesk:
    """What the routes of messages need. `path` gives the place of a box's recording; `note` runs in a thread.

    `strays` raises StoreError and OSError, `note` OSError.
    """

    messages: Messages
    path: Callable[[str, str], Path]
    strays: Callable[[], Awaitable[Strays]]
    note: Callable[[AuditEntry], None]
    visible: int = VISIBLE

    @property
    def numbers(self) -> NumbersDesk:
        return NumbersDesk(self.note, self.visible)


class MessagesQuery(Numbers):
    """Which messages."""

    box: str | None = Field(None, pattern=ID, description="Of this box.", examples=["main"])
    state: MessageState | None = Field(None, description="That stand like this.")
    limit: int = Field(50, ge=1, le=MOST_MESSAGES, description="The newest so many.")


class MessagePath(Given):
    """Which message."""

    id: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
            description="Id of the call that left it.",
            examples=["main-1795451000.1"],
        ),
    ]


class MessageShown(Shown):
    """A message."""

    id: str = Field(description="Id of the call that left it.")
    box: str
    state: MessageState
    recorded_at: datetime
    length_s: float
    line: str
    caller: str = Field(description="The caller's number, masked unless asked for; empty when withheld.")
    caller_name: str = Field(description="The caller's name as sent, when numbers are asked for.")
    heard_at: datetime | None
    heard_by: str
    done_at: datetime | None
    done_by: str
    notified_at: datetime | None = Field(description="When mails and web hooks were told; null: not yet.")
    deleted_at: datetime | None = Field(description="When its recording was deleted.")


class MessagesShown(Shown):
    """Messages, newest first."""

    messages: tuple[MessageShown, ...]


class StrayFile(Shown):
    """A recording of which no message is known."""

    box: str
    id: str
    size: int
    at: datetime


class StraysShown(Shown):
    """What does not belong together."""

    files: tuple[StrayFile, ...] = Field(description="Recordings that no call has left as a message.")
    calls: tuple[str, ...] = Field(description="Calls that left a message without a recording.")
    messages: tuple[str, ...] = Field(description="Messages whose recording somebody else has deleted.")


def routes(desk: VoicemailDesk) -> tuple[AnyRoute, ...]:
    """The routes of messages."""
    return (
        Route(
            method="GET",
            path="/voicemail",
            role=Role.READ,
            summary="Messages of callers, newest first",
            path_model=Nothing,
            query_model=MessagesQuery,
            body_model=Nothing,
            answer_model=MessagesShown,
            handler=partial(list_messages, desk),
            errors=(Kind.UNAVAILABLE,),
        ),
        Route(
            method="GET",
            path="/voicemail/strays",
            role=Role.READ,
            summary="Recordings without a call, and calls without a recording",
            path_model=Nothing,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=StraysShown,
            handler=partial(list_strays, desk),
            errors=(Kind.UNAVAILABLE,),
        ),
        Route(
            method="GET",
            path="/voicemail/{id}/audio",
            role=Role.CONTROL,
            summary="The recording of a message, which counts as heard then",
            path_model=MessagePath,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=FileShown,
            handler=partial(hear, desk),
            errors=(Kind.UNAVAILABLE,),
            media="audio/wav",
        ),
        Route(
            method="POST",
            path="/voicemail/{id}/done",
            role=Role.CONTROL,
            summary="Say that a message has been dealt with",
            path_model=MessagePath,
            query_model=Nothing,
            body_model=Nothing,
            answer_model=MessageShown,
            handler=partial(finish, desk),
            errors=(Kind.UNAVAILABLE,),
        ),
    )


async def list_messages(desk: VoicemailDesk, asked: Asked[Nothing, MessagesQuery, Nothing]) -> MessagesShown:
    query = asked.query
    await desk.numbers.admit(asked, "numbers.read", "voicemail")
    wanted = MessageFilter(query.box, query.state, query.limit)
    found = await _of_record(desk.messages.find(wanted))
    return MessagesShown(messages=tuple(_shown(each, desk.numbers, full=query.numbers) for each in found))


async def list_strays(desk: VoicemailDesk, _asked: Asked[Nothing, Nothing, Nothing]) -> StraysShown:
    found = await _of_record(desk.strays())
    return StraysShown(
        files=tuple(
            StrayFile(box=each.box, id=each.call_id, size=each.size, at=each.at) for each in found.files
        ),
        calls=found.calls,
        messages=found.messages,
    )


async def hear(desk: VoicemailDesk, asked: Asked[MessagePath, Nothing, Nothing]) -> FileShown:
    message = await _require(desk, asked.path.id)
    path = desk.path(message.box, message.call_id)
    if message.removed_at is not None or not await asyncio.to_thread(path.is_file):
        raise ApiError(Kind.NOT_FOUND, f"The recording of {message.call_id} has been deleted.")
    # In the trail before anything is heard.
    await _note(desk, asked, "voicemail.play", message)
    await _of_record(desk.messages.heard(message.call_id, asked.who.name, asked.now))
    return FileShown(path=str(path))


async def finish(desk: VoicemailDesk, asked: Asked[MessagePath, Nothing, Nothing]) -> MessageShown:
    message = await _require(desk, asked.path.id)
    if message.state is not MessageState.DONE:
        await _of_record(desk.messages.done(message.call_id, asked.who.name, asked.now))
        await _note(desk, asked, "voicemail.done", message)
    return _shown(await _require(desk, asked.path.id), desk.numbers, full=False)


async def _require(desk: VoicemailDesk, call_id: str) -> Message:
    message = await _of_record(desk.messages.one(call_id))
    if message is None:
        raise ApiError(Kind.NOT_FOUND, f"Call {call_id} has left no message here.")
    return message


async def _of_record(reading: Awaitable[Result]) -> Result:
    try:
        return await reading
    except (StoreError, OSError) as error:
        log.warning("messages cannot be read", reason=str(error))
        detail = "The messages cannot be read now. They are kept, and will be listed."
        raise ApiError(Kind.UNAVAILABLE, detail) from None


async def _note(
    desk: VoicemailDesk, asked: Asked[MessagePath, Any, Any], action: str, message: Message
) -> None:
    who = asked.who
    details = {"box": message.box}
    entry = AuditEntry(asked.now, who.name, who.via, action, message.call_id, details, asked.request_id)
    try:
        await asyncio.to_thread(desk.note, entry)
    except OSError as error:
        log.error("what is done with a message could not be noted", reason=str(error))  # noqa: TRY400
        raise ApiError(
            Kind.UNAVAILABLE, "This could not be written into the trail, and is not done."
        ) from None


def _shown(message: Message, numbers: NumbersDesk, *, full: bool) -> MessageShown:
    return MessageShown(
        id=message.call_id,
        box=message.box,
        state=message.state,
        recorded_at=message.recorded_at,
        length_s=round(message.length_ms / 1000, 1),
        line=message.line,
        caller=numbers.shown(message.caller, full=full),
        caller_name=message.caller_name if full else "",
        heard_at=message.heard_at,
        heard_by=message.heard_by,
        done_at=message.done_at,
        done_by=message.done_by,
        notified_at=message.notified_at,
        deleted_at=message.removed_at,
    )

"""Messages of callers in the database: what is known of each, and what people did with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, insert, select, update

from hotline_ivr.routing.messages import CallOfRecording, Message, MessageState
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.store.engine import Store
from hotline_ivr.store.tables import call, voicemail_message

# Values in one statement: SQLite takes 999 parameters in old versions.
_AT_ONCE = 400

_own = voicemail_message.c


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages; what is None does not matter. Deleted ones only where `removed`."""

    box: str | None = None
    state: MessageState | None = None
    limit: int = 50
    removed: bool = False


class DatabaseMessages:
    """The messages of one node. Methods raise StoreError if the database cannot be used."""

    def __init__(self, store: Store, node: str) -> None:
        self._store, self._node = store, node

    async def known(self) -> frozenset[str]:
        """Calls whose message is known, deleted or not."""
        query = select(_own.call_id).where(_own.node == self._node)
        return await self._store.read(lambda connection: frozenset(connection.execute(query).scalars()))

    async def add(self, messages: Sequence[Message]) -> None:
        """Keep messages that are not known yet; of others nothing changes."""

        def write(connection: Connection) -> None:
            for each in messages:
                same = (_own.node == self._node, _own.call_id == each.call_id)
                if connection.execute(select(_own.call_id).where(*same)).first() is None:
                    connection.execute(insert(voicemail_message).values(_row(each)))

        await self._store.write(write)

    async def find(self, wanted: MessageFilter) -> list[Message]:
        """These messages, newest first."""
        query = self._messages().order_by(_own.recorded_at.desc(), _own.call_id.desc()).limit(wanted.limit)
        if not wanted.removed:
            query = query.where(_own.removed_at.is_(None))
        if wanted.box is not None:
            query = query.where(_own.box == wanted.box)
        match wanted.state:
            case MessageState.NEW:
                query = query.where(_own.heard_at.is_(None), _own.done_at.is_(None))
            case MessageState.HEARD:
                query = query.where(_own.heard_at.is_not(None), _own.done_at.is_(None))
            case MessageState.DONE:
                query = query.where(_own.done_at.is_not(None))
            case None:
                pass
        return await self._read(query)

    async def one(self, call_id: str) -> Message | None:
        """The message of a call, deleted or not."""
        found = await self._read(self._messages().where(_own.call_id == call_id))
        return found[0] if found else None

    async def untold(self, limit: int) -> list[Message]:
        """Messages that somebody is yet to be told of, oldest first."""
        query = self._messages().where(_own.notified_at.is_(None), _own.removed_at.is_(None))
        return await self._read(query.order_by(_own.recorded_at).limit(limit))

    async def heard(self, call_id: str, by: str, at: datetime) -> None:
        """Somebody has heard it; the first who did stays."""
        await self._change(call_id, {"heard_at": at, "heard_by": by}, _own.heard_at.is_(None))

    async def done(self, call_id: str, by: str, at: datetime) -> None:
        """Somebody has dealt with it; the first who did stays."""
        await self._change(call_id, {"done_at": at, "done_by": by}, _own.done_at.is_(None))

    async def notified(self, call_id: str, at: datetime) -> None:
        """Whoever is to be told is told."""
        await self._change(call_id, {"notified_at": at}, _own.notified_at.is_(None))

    async def removed(self, call_ids: Collection[str], at: datetime) -> None:
        """Their files are deleted."""
        for call_id in call_ids:
            await self._change(call_id, {"removed_at": at}, _own.removed_at.is_(None))

    async def calls_of(self, call_ids: Sequence[str]) -> list[CallOfRecording]:
        """What the record says of these calls, as far as it knows them."""

        def read(connection: Connection) -> list[CallOfRecording]:
            found: list[CallOfRecording] = []
            for first in range(0, len(call_ids), _AT_ONCE):
                query = select(call.c.id, call.c.finished, call.c.outcome).where(
                    call.c.node == self._node, call.c.id.in_(call_ids[first : first + _AT_ONCE])
                )
                for call_id, over, outcome in connection.execute(query):
                    found.append(CallOfRecording(call_id, over, outcome == Outcome.VOICEMAIL))
            return found

        return await self._store.read(read)

    async def with_file(self) -> list[str]:
        """Calls whose message should have a file."""
        query = select(_own.call_id).where(_own.node == self._node, _own.removed_at.is_(None))
        return await self._store.read(lambda connection: list(connection.execute(query).scalars()))

    async def calls_without_message(self, before: datetime) -> list[str]:
        """Calls that ended before this moment with a message of which nothing is known, oldest first."""
        query = (
            select(call.c.id)
            .outerjoin(voicemail_message, and_(_own.node == call.c.node, _own.call_id == call.c.id))
            .where(
                call.c.node == self._node,
                call.c.outcome == Outcome.VOICEMAIL.value,
                call.c.finished,
                call.c.ended_at < before,
                _own.call_id.is_(None),
            )
            .order_by(call.c.arrived_at)
        )
        return await self._store.read(lambda connection: list(connection.execute(query).scalars()))

    def _messages(self) -> Select[Any]:
        return (
            select(*voicemail_message.columns, call.c.line, call.c.caller, call.c.caller_name)
            .outerjoin(call, and_(_own.node == call.c.node, _own.call_id == call.c.id))
            .where(_own.node == self._node)
        )

    async def _read(self, query: Select[Any]) -> list[Message]:
        rows = await self._store.read(lambda connection: list(connection.execute(query)))
        return [Message(*row[:-3], *(text or "" for text in row[-3:])) for row in rows]

    async def _change(self, call_id: str, values: dict[str, object], unless: Any) -> None:
        statement = (
            update(voicemail_message)
            .where(_own.node == self._node, _own.call_id == call_id, unless)
            .values(values)
        )
        await self._store.write(lambda connection: connection.execute(statement))


def _row(message: Message) -> dict[str, object]:
    return {column.name: getattr(message, column.name) for column in voicemail_message.columns}

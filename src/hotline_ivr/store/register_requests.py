"""Requests for entries by the key that whoever asked gave them: a second try finds the entry of the first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ColumnElement

from hotline_ivr.store.register_tables import register_request

KEPT = timedelta(days=7)
"""How long a key is known: whoever has not tried again by then asks for a new entry."""

_COLUMNS = register_request.c


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A key, and whose it is: one's keys are none of another's."""

    by: str
    key: str


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """The entry that a request has made, and whether the trail has it."""

    entry_id: str
    noted: bool


def known_request(connection: Connection, key: RequestKey) -> KnownRequest | None:
    """What a request of this key has made; None if there was none."""
    query = select(_COLUMNS.entry_id, _COLUMNS.noted).where(_its(key))
    row = connection.execute(query).first()
    return None if row is None else KnownRequest(row.entry_id, row.noted)


def take_request(connection: Connection, key: RequestKey, node: str, entry_id: str, at: datetime) -> bool:
    """Keep that this request makes this entry; False if one of the same key has made another before.

    Of two at the same time the second waits for the first.
    """
    connection.execute(delete(register_request).where(_COLUMNS.at < at - KEPT))
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {"by": key.by, "key": key.key, "node": node, "entry_id": entry_id, "at": at, "noted": False}
    taken = connection.execute(insert(register_request).values(**row).on_conflict_do_nothing())
    return taken.rowcount == 1


def note_request(connection: Connection, key: RequestKey) -> None:
    """Keep that the trail has the entry of this request."""
    connection.execute(update(register_request).where(_its(key)).values(noted=True))


def _its(key: RequestKey) -> ColumnElement[bool]:
    return and_(_COLUMNS.by == key.by, _COLUMNS.key == key.key)

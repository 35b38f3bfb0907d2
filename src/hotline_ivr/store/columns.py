"""Column types that are the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A moment: whole microseconds since 1970 UTC in the database, an aware datetime (UTC) in Python.

    SQLite has no type for time, and stores what a driver makes of one as text: slow to compare, and without
    its zone. A whole number is the same on every database, sorts, subtracts, and is what Asterisk writes.
    Rows that are written by the thousand go past this type, as the numbers they are.
    """

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Raises ValueError for a datetime without a zone: whose clock it was can't be known."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value}")
        return (value - _EPOCH) // _MICROSECOND

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        del dialect
        try:
            return None if value is None else from_micros(value)
        except OverflowError:
            # Half of a time before a whole one was once taken for one: no such row may stop who reads it.
            return _LATEST


def from_micros(value: int) -> datetime:
    """Microseconds since 1970 UTC as an aware datetime."""
    return _EPOCH + value * _MICROSECOND


def to_micros(value: datetime) -> int:
    """An aware datetime as microseconds since 1970 UTC."""
    return (value - _EPOCH) // _MICROSECOND

"""Times in the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from hotline_ivr.store.columns import Instant, from_micros, to_micros


@given(st.integers(0, 4_102_444_800_000_000))
def test_a_moment_survives_to_the_microsecond(micros: int) -> None:
    assert to_micros(from_micros(micros)) == micros


def test_moments_of_any_zone_are_stored_as_the_same_number_and_come_back_in_utc() -> None:
    table = Table("t", MetaData(), Column("at", Instant))
    engine = create_engine("sqlite://")
    noon = datetime(2026, 8, 1, 12, 0, 0, 123_456, tzinfo=UTC)
    oslo = noon.astimezone(timezone(timedelta(hours=2)))
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"at": noon}, {"at": oslo}, {"at": None}])
        raw = connection.exec_driver_sql("SELECT at FROM t").scalars().all()
        assert raw == [1_785_585_600_123_456, 1_785_585_600_123_456, None]
        assert connection.execute(select(table)).scalars().all() == [noon, noon, None]
        assert connection.execute(select(table).where(table.c.at > oslo - timedelta(seconds=1))).all()
        with pytest.raises(StatementError, match="without a zone"):
            connection.execute(insert(table), {"at": datetime(2026, 8, 1)})  # noqa: DTZ001
    engine.dispose()

"""PostgreSQL's files without what was: rows as they were before a change, and what it noted of columns.

A change leaves the row of before in the table's file until VACUUM. VACUUM gives its place back and moves
other rows there; the last bytes of a page may stay. Only writing a table anew leaves none, and nobody reads
or writes the table meanwhile: so that is done to small ones, and the others are named.
"""

from __future__ import annotations

from typing import Any

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy.engine import make_url

from hotline_ivr.store import schema
from hotline_ivr.store.engine import postgres_engine, translated_errors
from hotline_ivr.store.register_tables import INDEX_TABLE

MOST_REWRITTEN = 64 << 20
"""Bytes of a table, with its indexes, that is written anew beside the service: about a second."""

# Seconds for which others' reading and writing is waited for, and for which one table may take.
PATIENCE = 5
LONGEST = 6 * 3600.0

_SIZES = """
SELECT relname, pg_total_relation_size(oid) AS size FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname = ANY($1) ORDER BY relname
"""


async def tidy(url: str, most: int = MOST_REWRITTEN) -> tuple[str, ...]:
    """Vacuum every table of ours; names of those that were not written anew. Raises StoreError."""
    parsed = make_url(url).set(drivername="postgresql+asyncpg")
    engine = postgres_engine(parsed)
    try:
        with translated_errors(parsed.render_as_string(hide_password=True)):
            async with engine.connect() as connection:
                # Its own words: SQLAlchemy begins a transaction, in which nothing is vacuumed.
                raw = (await connection.get_raw_connection()).driver_connection
                return await _tidy(raw, most)
    finally:
        await engine.dispose()


async def _tidy(raw: Any, most: int) -> tuple[str, ...]:
    await raw.execute(f"SET lock_timeout = '{PATIENCE}s'")
    tables = [*(table.name for table in schema.metadata.sorted_tables), INDEX_TABLE]
    left = []
    for name, size in await raw.fetch(_SIZES, tables):
        # Statistics hold values of columns as they were; ANALYZE puts those of now in their place.
        if size > most or not await _vacuumed(raw, "FULL, ANALYZE", name):
            await raw.execute(f'VACUUM (ANALYZE) "{name}"', timeout=LONGEST)
            left.append(name)
    if not await _vacuumed(raw, "FULL", "pg_statistic"):
        left.append("pg_statistic")
    return tuple(left)


async def _vacuumed(raw: Any, how: str, name: str) -> bool:
    """False where somebody else uses the table for longer than is waited for, or it is not ours to write."""
    try:
        await raw.execute(f'VACUUM ({how}) "{name}"', timeout=LONGEST)
    except (asyncpg.LockNotAvailableError, asyncpg.InsufficientPrivilegeError):
        return False
    return True

"""Reading the record once, from outside the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from hotline_ivr.store.engine import open_store
from hotline_ivr.store.migrate import check_schema, require_file

Result = TypeVar("Result")


async def read_once(url: str, transaction: Callable[[Connection], Result]) -> Result:
    """Open the database, read, and close it. Raises StoreError if it is not there or of another version."""
    require_file(url)
    store = open_store(url)
    try:
        await check_schema(store)
        return await store.read(transaction)
    finally:
        await store.close()

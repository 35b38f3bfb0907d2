"""Every table of the database, whichever module describes it."""

from __future__ import annotations

from hotline_ivr.store import lease_tables, register_tables, tables, webhook_tables

__all__ = ["is_described", "lease_tables", "metadata", "register_tables", "tables", "webhook_tables"]

metadata = tables.metadata


def is_described(name: str | None, kind: str, _parents: object = None) -> bool:
    """Whether a table found in a database should be in the metadata: for comparing the two."""
    return not (kind == "table" and name is not None and name.startswith(register_tables.INDEX_TABLE))

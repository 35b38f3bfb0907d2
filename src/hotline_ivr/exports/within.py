"""Which rows of a table are wanted: those of a time, and of some lines."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, func, select
from sqlalchemy.sql import ColumnElement

from hotline_ivr.exports.columns import Source, Wanted
from hotline_ivr.store.columns import to_micros
from hotline_ivr.store.streaming import raw


def within(
    statement: Select[Any], wanted: Wanted, table: Table, at: str, *conditions: ColumnElement[bool]
) -> Select[Any]:
    """Only rows that are wanted; `at` names the column of their moment, whose index is used."""
    moment = raw(table.c[at])
    if wanted.since is not None:
        statement = statement.where(moment >= to_micros(wanted.since))
    if wanted.lines:
        statement = statement.where(table.c.line.in_(wanted.lines))
    return statement.where(moment < to_micros(wanted.until), *conditions)


def count_within(
    source: Source, wanted: Wanted, table: Table, at: str, *conditions: ColumnElement[bool]
) -> int:
    """How many there will be."""
    statement = within(select(func.count()).select_from(table), wanted, table, at, *conditions)
    return source.connection.scalar(statement) or 0

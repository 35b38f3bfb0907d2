"""What a kind of rows consists of: columns with their types. The formats make cells of them.

A row is a tuple, one value a column: text and telephone numbers are strings, moments are microseconds since
1970 UTC, durations milliseconds, counts whole numbers, amounts `Money`. None is an empty cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from sqlalchemy import Connection

from hotline_ivr.config.models import Plan

Row = Sequence[Any]


class Cell(Enum):
    """The type of a column."""

    TEXT = "text"
    #: A telephone number, which is no number to reckon with.
    NUMBER = "number"
    MOMENT = "moment"
    DURATION = "duration"
    COUNT = "count"
    MONEY = "money"
    FLAG = "flag"


class Personal(Enum):
    """What of a caller a column tells; see routing/disclosure.py."""

    NUMBER = "number"
    NAME = "name"
    #: A number outside: a person's where the row's `kind` is a call back.
    OUTSIDE = "outside"
    #: What somebody said, as it was written down.
    TEXT = "text"


class Column(NamedTuple):
    """One column. `width` is in characters."""

    name: str
    cell: Cell
    about: str
    width: int = 12
    personal: Personal | None = None

    @property
    def heading(self) -> str:
        """As a person reads it."""
        return self.name.replace("_", " ").capitalize()

    @property
    def exact_name(self) -> str:
        """Its name where durations are told in milliseconds."""
        return f"{self.name}_ms" if self.cell is Cell.DURATION else self.name


class Money(NamedTuple):
    """An exact amount and the ISO 4217 code of its currency."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: of the time from `since` to before `until` (aware), of these lines; none are all."""

    since: datetime | None
    until: datetime
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from. Without a plan there are no prices, and days are those of UTC."""

    connection: Connection
    plan: Plan | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of rows: a sheet, a file."""

    name: str
    title: str
    about: str
    columns: tuple[Column, ...]
    #: Column that holds the id of a line, whose time zone the row goes by.
    line_at: int | None
    #: In the order of time, in pages that fit into memory.
    pages: Callable[[Source, Wanted], Iterator[Sequence[Row]]]
    #: How many rows there will be, for a progress bar; None where counting costs as much as reading.
    count: Callable[[Source, Wanted], int] | None = None


def text(name: str, about: str, width: int = 12) -> Column:
    return Column(name, Cell.TEXT, about, width)


def number(name: str, about: str, personal: Personal | None = None) -> Column:
    return Column(name, Cell.NUMBER, about, 16, personal)


def said(name: str, about: str) -> Column:
    """What somebody said, or wrote down of a person."""
    return Column(name, Cell.TEXT, about, 40, Personal.TEXT)


def moment(name: str, about: str) -> Column:
    return Column(name, Cell.MOMENT, about, 20)


def duration(name: str, about: str) -> Column:
    return Column(name, Cell.DURATION, about, 10)


def count(name: str, about: str) -> Column:
    return Column(name, Cell.COUNT, about, 10)


def money(name: str, about: str) -> Column:
    return Column(name, Cell.MONEY, about, 14)


def flag(name: str, about: str) -> Column:
    return Column(name, Cell.FLAG, about, 9)


def place_of(columns: Sequence[Column]) -> Mapping[str, int]:
    """Where each column stands."""
    return {column.name: place for place, column in enumerate(columns)}

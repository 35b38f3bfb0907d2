"""An export from the database to its last byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import ArgumentError, OutputError
from hotline_ivr.exports.columns import Column, Kind, Personal, Row, Source, Wanted, place_of
from hotline_ivr.exports.formats import PLAIN, CsvStyle, CsvWriter, NdjsonWriter, Writer, Zones
from hotline_ivr.exports.kinds import kinds_named
from hotline_ivr.routing.disclosure import Disclosure, Full, Masked, outside_number
from hotline_ivr.routing.shifts import shift_zone

Format = Literal["csv", "xlsx", "ndjson", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "ndjson", "parquet")

Told = Callable[[str, int, int | None], object]
"""Is told of a kind's title, rows done, and all of them where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An export that somebody asks for. `zone` None is the wall clock of each line."""

    kind: str
    format: Format
    wanted: Wanted
    style: CsvStyle = PLAIN
    zone: ZoneInfo | None = None
    disclosure: Disclosure = Masked()  # noqa: RUF009  it holds nothing
    #: Whether what people said is told; numbers and names are another question.
    texts: bool = False

    def kinds(self) -> tuple[Kind, ...]:
        """Raises ArgumentError if there is no such kind, or the format cannot hold it."""
        found = kinds_named(self.kind)
        if len(found) > 1 and self.format != "xlsx":
            raise ArgumentError(
                f"{self.format} holds one kind: export `{self.kind}` as xlsx, a sheet for each"
            )
        return found


def export(
    order: Order, connection: Connection, plan: Plan | None, file: BinaryIO, *, folder: Path, told: Told
) -> int:
    """Write all of it to `file`; how many rows. `folder` is for what is needed on the way.

    Raises ArgumentError, OutputError, and what the database raises.
    """
    kinds = order.kinds()
    writer = _writer(order, zones_of(plan, order.zone), file, folder)
    source, rows = Source(connection, plan), 0
    for kind in kinds:
        with output():
            writer.begin(kind)
        rows += _kind(kind, source, order, writer, told)
    with output():
        writer.finish()
    return rows


@contextmanager
def output() -> Iterator[None]:
    """A disk that is full, or a pipe that nobody reads, is no trouble of the database."""
    try:
        yield
    except OSError as error:
        raise OutputError(error) from error


def _kind(kind: Kind, source: Source, order: Order, writer: Writer, told: Told) -> int:
    total = kind.count(source, order.wanted) if kind.count is not None else None
    disclosed, done = _discloser(kind.columns, order), 0
    told(kind.title, done, total)
    for page in kind.pages(source, order.wanted):
        with output():
            writer.write(disclosed(page))
        done += len(page)
        told(kind.title, done, total)
    return done


def _discloser(columns: Sequence[Column], order: Order) -> Callable[[Iterable[Row]], Sequence[Row]]:
    """Whatever is of a caller goes through here."""
    disclosure = order.disclosure
    said = (Full() if order.texts else Masked()).text
    ways = {Personal.NUMBER: disclosure.number, Personal.NAME: disclosure.name, Personal.TEXT: said}
    personal = [
        (place, ways[column.personal]) for place, column in enumerate(columns) if column.personal in ways
    ]
    outside = [place for place, column in enumerate(columns) if column.personal is Personal.OUTSIDE]
    kind_at = place_of(columns)["kind"] if outside else 0

    def disclosed(rows: Iterable[Row]) -> Sequence[Row]:
        if not personal and not outside:
            return list(rows)
        shown = []
        for row in rows:
            values = list(row)
            for place, told in personal:
                if values[place]:
                    values[place] = told(values[place])
            for place in outside:
                values[place] = outside_number(values[kind_at], values[place], disclosure.number)
            shown.append(values)
        return shown

    return disclosed


def zones_of(plan: Plan | None, zone: ZoneInfo | None) -> Zones:
    """The chosen zone for everything, or each line's own, and for the rest the organisation's."""
    if zone is not None:
        return Zones(zone)
    if plan is None:
        return Zones(ZoneInfo("UTC"))
    by_line = {name: ZoneInfo(line.time_zone) for name, line in plan.lines.items()}
    return Zones(ZoneInfo(shift_zone(plan)), by_line)


def _writer(order: Order, zones: Zones, file: BinaryIO, folder: Path) -> Writer:
    match order.format:
        case "csv":
            return CsvWriter(file, zones, order.style)
        case "ndjson":
            return NdjsonWriter(file, zones)
        case "xlsx":
            from hotline_ivr.exports.xlsx import XlsxWriter  # noqa: PLC0415  takes a while to load

            return XlsxWriter(file, zones, folder)
        case "parquet":
            from hotline_ivr.exports.parquet import ParquetWriter  # noqa: PLC0415  an extra

            return ParquetWriter(file)

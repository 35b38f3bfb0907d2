"""`hotline export KIND`: the record as a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotline_ivr.cli.stopping import stopped_as_by_hand

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hotline_ivr.exports.writing import Format, Order, Told
    from hotline_ivr.settings import Settings

EXIT_FINDINGS = 1


class FormatName(StrEnum):
    """Formats of a file."""

    CSV = "csv"
    XLSX = "xlsx"
    NDJSON = "ndjson"
    PARQUET = "parquet"


class Delimiter(StrEnum):
    """What stands between the cells of a CSV file."""

    COMMA = "comma"
    SEMICOLON = "semicolon"


def export(
    kind: Annotated[
        str,
        typer.Argument(
            help="calls, legs, operators, pauses, costs, promises, entries; all (xlsx: a sheet for each)."
        ),
    ],
    *,
    format_: Annotated[
        FormatName | None, typer.Option("--format", help="Default: by the name of FILE, else csv.")
    ] = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="File that is made; - is standard output.")
    ] = "-",
    since: Annotated[
        str | None, typer.Option(help="From this time on: 2026-08-01 or 2026-08-01T09:30[+02:00].")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Before this time; default is now.")] = None,
    line: Annotated[
        list[str] | None, typer.Option(help="Only of this line; may be given several times.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="Time zone of all moments; default is that of each line.")
    ] = None,
    excel: Annotated[
        bool,
        typer.Option("--excel", help="CSV for a double click: semicolons, BOM, decimal comma, plain times."),
    ] = False,
    delimiter: Annotated[Delimiter | None, typer.Option(help="Between the cells of CSV.")] = None,
    bom: Annotated[
        bool, typer.Option("--bom", help="CSV begins with the mark by which Excel knows UTF-8.")
    ] = False,
    numbers: Annotated[
        bool, typer.Option("--numbers", help="Callers' numbers in full, and their names.")
    ] = False,
    texts: Annotated[
        bool, typer.Option("--texts/--no-texts", help="What people said, in entries and notes.")
    ] = True,
    noted: Annotated[
        str | None, typer.Option("--noted", hidden=True, help="Id of the request that the trail names.")
    ] = None,
) -> None:
    """Export the record: streamed, so that a million calls need no more memory than a hundred."""
    from hotline_ivr.cli.noted import stands_in_trail
    from hotline_ivr.exports.kinds import kinds_named
    from hotline_ivr.launch.exporting import export_to_file, export_to_stream
    from hotline_ivr.settings import Settings

    settings = Settings.from_environment()
    kinds_named(kind)
    order = _order(
        settings,
        kind,
        format_.value if format_ is not None else _by_name(output),
        (since, until, tuple(line or ()), zone),
        (excel, delimiter, bom),
        numbers=numbers,
        texts=texts,
    )
    order.kinds()
    if output == "-" and order.format in {"xlsx", "parquet"} and sys.stdout.isatty():
        raise typer.BadParameter("this is no format for a terminal: name a file with -o")
    if noted is not None:
        # Beside a service: callers come first.
        os.nice(10)
    shown = {"numbers": "full" if numbers else "masked"}
    if noted is None or not stands_in_trail(settings, noted, "export", order.kind, shown):
        _note(settings, order, output, numbers=numbers)
    with stopped_as_by_hand(), _progress() as told:
        if output != "-":
            rows = export_to_file(settings, order, Path(output), told)
        else:
            rows = _to_stdout(lambda: export_to_stream(settings, order, sys.stdout.buffer, told))
    if output != "-":
        typer.echo(f"{output}: {rows} rows", err=True)


def _to_stdout(work: Callable[[], int]) -> int:
    from hotline_ivr.errors import OutputError

    try:
        return work()
    except (BrokenPipeError, OutputError) as error:
        if isinstance(error, OutputError) and not isinstance(error.cause, BrokenPipeError):
            raise
        # Whoever read has seen enough; nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(EXIT_FINDINGS) from None


def _by_name(output: str) -> Format:
    from hotline_ivr.exports.writing import FORMATS

    ending = Path(output).suffix.lstrip(".").lower()
    return next((each for each in FORMATS if each == ending), "csv")


def _order(
    settings: Settings,
    kind: str,
    format_: Format,
    which: tuple[str | None, str | None, tuple[str, ...], str | None],
    looks: tuple[bool, Delimiter | None, bool],
    *,
    numbers: bool,
    texts: bool,
) -> Order:
    from dataclasses import replace

    from hotline_ivr.cli.calls_view import moment_of, zones_of
    from hotline_ivr.exports.columns import Wanted
    from hotline_ivr.exports.formats import SPREADSHEET, CsvStyle
    from hotline_ivr.exports.writing import Order
    from hotline_ivr.routing.disclosure import disclosure

    since, until, lines, zone_name = which
    excel, delimiter, bom = looks
    zones = zones_of(settings)
    if zones and (unknown := [each for each in lines if each not in zones]):
        # A line that was taken out of the configuration has its calls still.
        typer.echo(f"the configuration has no line {unknown[0][:40]}; its calls are exported", err=True)
    zone = _zone(zone_name)
    spoken = zone or (zones.get(lines[0]) if len(lines) == 1 else None)
    style = SPREADSHEET if excel else CsvStyle()
    if delimiter is not None:
        style = replace(style, delimiter="," if delimiter is Delimiter.COMMA else ";")
    if bom:
        style = replace(style, bom=True)
    now = datetime.now(UTC)
    end = min(moment_of(until, spoken) or now, now)
    return Order(
        kind=kind,
        format=format_,
        wanted=Wanted(moment_of(since, spoken), end, lines),
        style=style,
        zone=zone,
        disclosure=disclosure(numbers=numbers, visible=settings.visible_digits),
        texts=texts,
    )


def _zone(name: str | None) -> ZoneInfo | None:
    from zoneinfo import ZoneInfo

    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise typer.BadParameter(f"'{name[:40]}' is no time zone: write Europe/Oslo, or UTC") from None


def _note(settings: Settings, order: Order, output: str, *, numbers: bool) -> None:
    """Who took what out of the house stands in the trail, before it is taken."""
    from hotline_ivr.cli.person import person
    from hotline_ivr.control.audit import AuditEntry, AuditTrail

    details = {"format": order.format, "numbers": "full" if numbers else "masked"}
    if output != "-":
        details["file"] = str(Path(output).absolute())
    if order.wanted.lines:
        details["lines"] = " ".join(order.wanted.lines)
    AuditTrail(settings.audit_file).note(
        AuditEntry(datetime.now(UTC), person(), "command", "export", order.kind, details)
    )


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, object] = {}

        def told(title: str, done: int, total: int | None) -> None:
            if title not in tasks:
                tasks[title] = bar.add_task(title, total=total)
            bar.update(tasks[title], completed=done)  # type: ignore[arg-type]

        yield told

"""`hotline calls repeat`: how many callers had to call again."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Annotated

import typer

from hotline_ivr.settings import Settings

if TYPE_CHECKING:
    from hotline_ivr.launch.repeats import Repeated
    from hotline_ivr.routing.repeats import LineRepeats

MOST_DAYS = 30


def repeat(
    *,
    since: Annotated[str | None, typer.Option(help="Calls from this time on; else of four weeks.")] = None,
    until: Annotated[str | None, typer.Option(help="Calls before this time.")] = None,
    line: Annotated[str | None, typer.Option(help="Id of a line.")] = None,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_DAYS, help="A call within so many days repeats a call; else 7."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Machine-readable output on standard output.")
    ] = False,
) -> None:
    """Show how many callers called the same line again, by line: also those whose number was erased since.

    Calls of the last --days are left out: they may yet be repeated.
    """
    from datetime import UTC, datetime

    from hotline_ivr.cli import calls_view as view
    from hotline_ivr.launch.repeats import count_repeats
    from hotline_ivr.routing.repeats import WINDOW_DAYS, RepeatWish

    settings = Settings.from_environment()
    zone = view.zones_of(settings).get(line or "")
    wish = RepeatWish(view.moment_of(since, zone), view.moment_of(until, zone), line, days or WINDOW_DAYS)
    # It reads the whole record of weeks, beside a service that answers calls.
    os.nice(10)
    found = count_repeats(settings, wish, datetime.now(UTC))
    typer.echo(json.dumps(found.as_json()) if as_json else _in_words(found))


def _in_words(found: Repeated) -> str:
    since, until = (f"{each.astimezone():%Y-%m-%d %H:%M}" for each in (found.since, found.until))
    heading = f"Calls from {since} to {until}, and who called the same line again within {found.days} days:"
    told = [line for each in found.lines for line in _of_line(each)]
    return "\n".join([heading, *(told or ["no calls"])])


def _of_line(each: LineRepeats) -> list[str]:
    from hotline_ivr.routing.caller import clean_text

    return [
        f"{clean_text(each.line, 40)}: {_share(each.persons_again, each.persons)} callers called again",
        f"  15 minutes or more after a conversation: {_share(each.answered_again, each.answered)} calls",
        f"  after a call without one: {_share(each.unanswered_again, each.unanswered)} calls",
        *([f"  calls without a number, not counted: {each.withheld}"] if each.withheld else []),
    ]


def _share(part: int, whole: int) -> str:
    """`3 of 12 (25.0 %)`."""
    return f"{part} of {whole}" + (f" ({100 * part / whole:.1f} %)" if whole else "")

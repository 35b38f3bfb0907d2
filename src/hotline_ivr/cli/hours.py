"""`hotline hours`: arguments in. What is shown stands in hotline_ivr.views."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from hotline_ivr.settings import Settings

EXIT_USAGE = 2
MOST_DAYS = 731
"""Two years: more is a mistyped number."""

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]


def hours(
    line: Annotated[str | None, typer.Argument(help="Id of a line; without it all lines.")] = None,
    *,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="So many days.")] = 14,
    first: Annotated[str | None, typer.Option("--from", help="First day, such as 2026-12-24.")] = None,
    as_json: Json = False,
    svg: Annotated[Path | None, typer.Option(help="Write a picture of the weeks.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a piece of HTML for a web site.")] = None,
    ical: Annotated[Path | None, typer.Option(help="Write an iCalendar file.")] = None,
) -> None:
    """Show when lines are open on the days to come. A file needs one line."""
    from zoneinfo import ZoneInfo

    from hotline_ivr.control.overrides_file import OverridesFile
    from hotline_ivr.launch.plans import plan_on_disk
    from hotline_ivr.routing.asking import line_of
    from hotline_ivr.routing.rulebook import Rulebook
    from hotline_ivr.views import hours_html, hours_svg, hours_text
    from hotline_ivr.views.week import line_hours

    settings = Settings.from_environment()
    plan = plan_on_disk(settings)
    if line is not None:
        line_of(plan, line, None)
    files = [path for path in (svg, html, ical) if path is not None]
    if files and line is None and len(plan.lines) > 1:
        raise typer.BadParameter("a file holds one line: name it")
    now = datetime.now(UTC)
    # What was closed and opened by hand is so here too, as on the public pages.
    book = Rulebook(plan, OverridesFile(settings.overrides_file).standing(now))
    chosen = [line] if line is not None else list(plan.lines)
    found = []
    for each in chosen:
        start = _day(first) or now.astimezone(ZoneInfo(plan.lines[each].time_zone)).date()
        found.append(line_hours(book, each, start, days))
    if svg is not None:
        svg.write_text(hours_svg.svg(found[0]), encoding="utf-8")
    if html is not None:
        html.write_text(hours_html.html(found[0]), encoding="utf-8")
    if ical is not None:
        ical.write_text(hours_text.ical(found[0], now), encoding="utf-8", newline="")
    if as_json:
        shown = [hours_text.as_json(each) for each in found]
        typer.echo(json.dumps(shown[0] if line else {"schema": hours_text.SCHEMA, "lines": shown}))
    elif files:
        typer.echo("written: " + ", ".join(map(str, files)))
    else:
        typer.echo("\n\n".join(hours_text.table(each) for each in found))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day; write 2026-12-24", param_hint="--from") from None

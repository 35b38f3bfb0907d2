"""`hotline calls` and `hotline calls show ID`: arguments in. What is shown stands in cli_calls_view.

The view brings the database's libraries along, which take a second to load: it is imported when it is used,
since every other command goes through this file too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from hotline_ivr.cli.repeats import repeat
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.settings import Settings

if TYPE_CHECKING:
    from hotline_ivr.store.queries import CallStory

EXIT_FINDINGS = 1
MOST_CALLS = 100_000

app = typer.Typer(help="Calls in the record, newest first.", invoke_without_command=True)
app.command()(repeat)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
Numbers = Annotated[bool, typer.Option("--numbers", help="Show callers' numbers in full, and their names.")]
Since = Annotated[str | None, typer.Option(help="From this time on: 2026-08-01 or 2026-08-01T09:30[+02:00].")]
Until = Annotated[str | None, typer.Option(help="Before this time.")]


@app.callback()
def calls(
    context: typer.Context,
    *,
    since: Since = None,
    until: Until = None,
    line: Annotated[str | None, typer.Option(help="Id of a line.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="How the call ended.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_CALLS, help="At most so many calls.")] = 50,
    numbers: Numbers = False,
    as_json: Json = False,
) -> None:
    """List calls, newest first. A time without a zone is in the line's zone if --line is given, else here."""
    if context.invoked_subcommand is not None:
        return
    from hotline_ivr.cli import calls_view as view
    from hotline_ivr.store.queries import CallFilter, find_calls

    settings = Settings.from_environment()
    if numbers:
        view.note_numbers(
            settings, "calls", since=since, until=until, line=line, outcome=outcome, limit=limit
        )
    zones = view.zones_of(settings)
    zone = zones.get(line or "")
    wanted = CallFilter(view.moment_of(since, zone), view.moment_of(until, zone), line, outcome, limit)
    found = view.read_store(settings, lambda connection: find_calls(connection, wanted))
    if as_json:
        shown = [view.call_as_json(call, numbers=numbers) for call in found]
        typer.echo(json.dumps({"schema": "hotline/calls/1", "calls": shown}))
    else:
        view.print_shown(view.calls_table(found, zones, numbers=numbers))


@app.command()
def show(
    call_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the call, as in the list.")],
    *,
    numbers: Numbers = False,
    as_json: Json = False,
    table: Annotated[bool, typer.Option("--table", help="As a table, for a test of the record.")] = False,
) -> None:
    """Show what happened in one call, event by event."""
    from rich.text import Text

    from hotline_ivr.cli import calls_view as view
    from hotline_ivr.routing.caller import clean_text
    from hotline_ivr.routing.timeline import timeline
    from hotline_ivr.store.columns import to_micros
    from hotline_ivr.store.queries import call_story
    from hotline_ivr.store.register_list import entries_of_call

    settings = Settings.from_environment()
    if numbers:
        view.note_numbers(settings, clean_text(call_id, view.WIDEST))
    story, entries = view.read_store(
        settings, lambda on: (call_story(on, call_id), entries_of_call(on, call_id))
    )
    if story is None:
        typer.echo(f"no call {clean_text(call_id, view.WIDEST)} in the record", err=True)
        raise typer.Exit(EXIT_FINDINGS)
    if table:
        _show_table(story, numbers=numbers)
        return
    moments = timeline(story.events, story.queue_events, str if numbers else view.masked)
    if as_json:
        shown = view.story_as_json(story, moments, numbers=numbers)
        typer.echo(json.dumps({**shown, "entries": [view.entry_as_json(each) for each in entries]}))
    else:
        zone = view.zones_of(settings).get(story.call.line)
        told = view.talks(sorted(story.legs, key=lambda leg: leg.connected_at or story.call.arrived_at))
        heading = view.heading(story.call, zone, numbers=numbers)
        view.print_shown(Text("\n".join(part for part in (heading, told) if part)))
        view.print_shown(view.timeline_table(moments, to_micros(story.call.arrived_at)))
        if entries:
            view.print_shown(Text(f"\n{view.entries_text(entries)}"))


def _show_table(story: CallStory, *, numbers: bool) -> None:
    """What Asterisk wrote, and the row that the present fold makes of it."""
    from hotline_ivr.routing.event_table import event_table
    from hotline_ivr.routing.fold import fold

    record = fold(story.events, story.queue_events, node=story.call.node)
    if record is None:
        typer.echo("nothing that is kept of this call makes a row", err=True)
        raise typer.Exit(EXIT_FINDINGS)
    title = f"Recorded: a call that ended as {record.outcome}."
    typer.echo(event_table(title, story.events, story.queue_events, record, numbers=numbers), nl=False)

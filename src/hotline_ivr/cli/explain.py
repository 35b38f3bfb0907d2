"""`hotline explain`: arguments in. What is shown stands in explain_view, which brings all rules along."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from hotline_ivr.cli.overrides import Json
from hotline_ivr.routing.floor_state import FloorState


def explain(
    *,
    line: Annotated[str | None, typer.Option(help="Id of the line.")] = None,
    number: Annotated[str | None, typer.Option(help="Or the number that is dialled.")] = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="When, on the line's clock: 2026-12-24 17:55, today's 17:55, tomorrow 08:00 or sat 12:00; "
            "default now."
        ),
    ] = None,
    caller: Annotated[str, typer.Option("--from", help="The caller's number; empty is withheld.")] = "",
    language: Annotated[str, typer.Option(help="Language that the caller has chosen.")] = "",
    state: Annotated[FloorState, typer.Option(help="How it is in the queues.")] = FloorState.STAFFED,
    on_disk: Annotated[
        bool, typer.Option("--on-disk", help="By the configuration on disk instead of the one in use.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what happens to a call, by which rule, which rules lost and why, and when this next changes."""
    from hotline_ivr.control.blocks_file import BlocksFile
    from hotline_ivr.control.overrides_file import OverridesFile
    from hotline_ivr.launch.plans import plan_on_disk, running_plan
    from hotline_ivr.routing.asking import line_of, moment_of
    from hotline_ivr.routing.explain import explain as explain_call
    from hotline_ivr.routing.rulebook import Rulebook
    from hotline_ivr.routing.steps import Call
    from hotline_ivr.routing.wall import zone_of
    from hotline_ivr.settings import Settings

    if (line is None) == (number is None):
        raise typer.BadParameter("give --line or --number, one of the two")
    settings = Settings.from_environment()
    plan = plan_on_disk(settings) if on_disk else running_plan(settings)
    line_id, dialled = line_of(plan, line, number)
    zone = zone_of(plan.lines[line_id].time_zone)
    now = datetime.now(UTC)
    moment = moment_of(at, zone, now)
    book = Rulebook(
        plan,
        OverridesFile(settings.overrides_file).standing(now),
        BlocksFile(settings.blocks_file).standing(now),
    )
    call = Call(line_id, dialled, caller, plan.version)
    found = explain_call(book, call, moment, state, language=language)
    if as_json:
        from hotline_ivr.views.explanation import as_data

        typer.echo(json.dumps(as_data(found, zone), ensure_ascii=False))
    else:
        from hotline_ivr.cli.explain_view import in_words

        typer.echo(in_words(found, zone, book))

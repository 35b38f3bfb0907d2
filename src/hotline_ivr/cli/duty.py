"""`hotline duty`: who is on duty by the rota, now and in the weeks to come. Needs no service."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

EXIT_FINDINGS = 1


def duty(
    *,
    at: Annotated[
        str | None, typer.Option(help="Another moment: `16:00`, `sat 12:00`, `2026-12-24 14:00`.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=370, help="Turns of so many days from then on.")] = 28,
    as_json: Annotated[
        bool, typer.Option("--json", help="Machine-readable output on standard output.")
    ] = False,
) -> None:
    """Show who is on duty, and who will be. Exit code 1 if nobody is."""
    from hotline_ivr.control.moments import moment_to_come
    from hotline_ivr.launch.plans import running_plan
    from hotline_ivr.routing.on_duty import on_duty, turns
    from hotline_ivr.routing.shifts import shift_zone
    from hotline_ivr.routing.wall import zone_of
    from hotline_ivr.settings import Settings

    plan = running_plan(Settings.from_environment())
    zone, now = shift_zone(plan), datetime.now(UTC)
    moment = now if at is None else moment_to_come(at, zone_of(zone), now)
    person = on_duty(plan.duty, zone, moment)
    ahead = () if plan.duty is None else tuple(turns(plan.duty, zone, moment, days))
    if as_json:
        shown = None
        if person is not None:
            until = person.until.isoformat() if person.until else None
            shown = {"id": person.id, "name": person.name, "mail": person.mail, "number": person.number}
            shown["until"] = until
        listed = [
            {"begins": each.start.isoformat(), "ends": each.end.isoformat(), "who": each.who}
            for each in ahead
        ]
        typer.echo(json.dumps({"schema": "hotline/duty/1", "now": shown, "turns": listed}))
    else:
        typer.echo(f"on duty: {person.text}" if person else "nobody is on duty")
        for each in ahead:
            begins, ends = (
                f"{end.astimezone(zone_of(zone)):%a %Y-%m-%d %H:%M}" for end in (each.start, each.end)
            )
            typer.echo(f"  {begins} to {ends}  {each.who or 'nobody'}")
    if person is None:
        raise typer.Exit(EXIT_FINDINGS)

"""`hotline route`: who takes a line's calls for a while, own people, the centre, or both."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from hotline_ivr.cli.overrides import By, For, Json, NextChange, Until, set_by_hand
from hotline_ivr.routing.overrides import ROUTES, OverrideKind


class RouteChoice(StrEnum):
    """Who takes the calls."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    BOTH = "both"


def route(
    line: Annotated[str | None, typer.Argument(metavar="[LINE]", help="Id of the line.")] = None,
    who: Annotated[
        RouteChoice | None,
        typer.Argument(
            metavar="[WHO]", help="inside: own people only; outside: the centre; both: the rules."
        ),
    ] = None,
    *,
    until: Until = None,
    for_: For = None,
    until_next_change: NextChange = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Say who takes a line's calls, or list it. It ends by itself, or by `hotline clear`."""
    if line is not None and who is not None:
        end = (until, for_, until_next_change)
        set_by_hand(OverrideKind(who.value), line, end, None, by=by, as_json=as_json)
    elif until or for_ or until_next_change or by:
        raise typer.BadParameter("say who takes the calls: inside, outside or both")
    else:
        _list(line, as_json=as_json)


def _list(line: str | None, *, as_json: bool) -> None:
    from hotline_ivr.control.overrides_file import OverridesFile
    from hotline_ivr.errors import OverrideError
    from hotline_ivr.launch.plans import running_plan
    from hotline_ivr.settings import Settings

    settings, now = Settings.from_environment(), datetime.now(UTC)
    plan = running_plan(settings)
    if line is not None and line not in plan.lines:
        raise OverrideError(f"there is no line '{line[:60]}'. Lines are: {', '.join(sorted(plan.lines))}")
    standing = OverridesFile(settings.overrides_file).standing(now)
    routes = {each.line: each for each in standing if each.kind in ROUTES and each.holds_at(now)}
    shown = []
    for line_id, written in sorted(plan.lines.items()):
        if line not in {None, line_id}:
            continue
        by_hand = routes.get(line_id)
        shown.append(
            {
                "line": line_id,
                "route": by_hand.kind.value if by_hand else written.route,
                "centre": written.centre,
                "by": by_hand.by if by_hand else None,
                "until": by_hand.until.isoformat() if by_hand and by_hand.until else None,
            }
        )
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/routes/1", "routes": shown}))
        return
    for each in shown:
        why = f"by {each['by']}, until {each['until'] or 'it is cleared'}" if each["by"] else "by the plan"
        typer.echo(f"{each['line']}: {each['route']}, {why}; centre {each['centre'] or 'none'}")

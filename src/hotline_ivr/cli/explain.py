"""`hotline explain`: arguments in, the explanation out. What it says comes from routing/explain."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hotline_ivr.cli.overrides import Json
from hotline_ivr.routing.explain import Explanation, FloorState
from hotline_ivr.routing.limits import limits_in_words
from hotline_ivr.routing.situation import Change
from hotline_ivr.views.step_words import step_in_words

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hotline_ivr.routing.rulebook import Rulebook


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
        typer.echo(in_words(found, zone, book))


_CONSENT = {
    "key": "callers are asked before they wait, and recorded if they press 1",
    "announce": "callers are told before they wait that they are recorded",
    "none": "callers are recorded, and not told",
}


def in_words(found: Explanation, zone: ZoneInfo, book: Rulebook) -> str:
    """The explanation for people."""
    name = book.plan.lines[found.line].name
    lines = [
        f"{name} ({found.line}, {found.number}) at {found.at.astimezone(zone):%A %Y-%m-%d %H:%M %Z}",
        "",
        f"{'open' if found.situation.open else 'closed'}, by {found.situation.rule.name}",
    ]
    for each in found.trace:
        mark = "won " if each.won else "lost" if each.applies else "  - "
        lines.append(f"  {mark} {each.rule.kind.value:<12} {each.rule.name}: {each.why}")
    if found.head_start.seconds:
        lines += ["", f"preferred in queues by {found.head_start.seconds} s: {found.head_start.because}"]
    for part in found.parts:
        lines += ["", f"{part.because} ({part.decision.reason}):"]
        lines += [f"  {number}. {step_in_words(step)}" for number, step in enumerate(part.decision.steps, 1)]
    told = [f"in queue {queue} {_CONSENT[consent]}" for queue, consent in found.recorded]
    lines += ["", *told] if told else []
    if limits := limits_in_words(book.plan, found.line, found.number):
        lines += ["", "limits:", *(f"  {each}" for each in limits)]
    change = found.next_change
    lines += ["", "cost:", *(f"  {price.words}" for price in found.prices)]
    lines += [
        "",
        "this does not change by itself within three years" if change is None else _next(change, zone),
    ]
    return "\n".join(lines)


def _next(change: Change, zone: ZoneInfo) -> str:
    what = "opens" if change.situation.open else "closes"
    return (
        f"next change: {change.at.astimezone(zone):%A %Y-%m-%d %H:%M}, {what} by {change.situation.rule.name}"
    )

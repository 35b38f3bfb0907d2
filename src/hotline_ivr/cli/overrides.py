"""`hotline close | open | surge | overrides | clear`: arguments in. What they mean stands in control/."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hotline_ivr.cli.person import person
from hotline_ivr.routing.overrides import Override, OverrideKind

if TYPE_CHECKING:
    from hotline_ivr.config.models import Plan
    from hotline_ivr.control.overrides_file import KeptOverride

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
LineId = Annotated[str, typer.Argument(metavar="LINE", help="Id of the line.")]
Until = Annotated[
    str | None,
    typer.Option(help="End: 16:00, tomorrow 08:00, sat 12:00 or 2026-12-24 14:00, on the line's clock."),
]
For = Annotated[str | None, typer.Option("--for", help="Length: 30m, 2h, 1h30m.")]
NextChange = Annotated[
    bool, typer.Option("--until-next-change", help="End when the calendar next opens or closes the line.")
]
Message = Annotated[str | None, typer.Option("--message", metavar="PROMPT", help="Prompt that callers hear.")]
By = Annotated[str | None, typer.Option(help="Who decides this; default is the user at the terminal.")]

_CLOSE = "Close a line by hand, over whatever its calendar says. It ends by itself, or by `hotline clear`."
_OPEN = "Open a line by hand, over whatever its calendar says. --message takes the place of the greeting."


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command(name="close", help=_CLOSE)(_by_hand(OverrideKind.CLOSE))
    app.command(name="open", help=_OPEN)(_by_hand(OverrideKind.OPEN))
    app.command()(surge)
    app.command()(overrides)
    app.command()(clear)


def _by_hand(kind: OverrideKind) -> Callable[..., None]:
    """A verb that closes or opens: both take the same words."""

    def decide(
        line: LineId,
        *,
        until: Until = None,
        for_: For = None,
        until_next_change: NextChange = False,
        message: Message = None,
        by: By = None,
        as_json: Json = False,
    ) -> None:
        set_by_hand(kind, line, (until, for_, until_next_change), message, by=by, as_json=as_json)

    return decide


def surge(
    line: LineId,
    message: Annotated[str, typer.Option("--message", metavar="PROMPT", help="The information up front.")],
    *,
    until: Until = None,
    for_: For = None,
    until_next_change: NextChange = False,
    must_press: Annotated[
        bool, typer.Option("--must-press", help="Only who presses a key goes on; others have been informed.")
    ] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Play an information before all else, while an incident keeps people ringing.

    Who hangs up after it counts as informed, not as lost.
    """
    end = (until, for_, until_next_change)
    set_by_hand(OverrideKind.SURGE, line, end, message, by=by, as_json=as_json, must_press=must_press)


def overrides(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that have ended, for 90 days.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List what has been closed and opened by hand, by whom, and until when."""
    from datetime import UTC

    from hotline_ivr.control.overrides_file import OverridesFile
    from hotline_ivr.launch.plans import running_plan
    from hotline_ivr.settings import Settings

    settings = Settings.from_environment()
    now = datetime.now(UTC)
    kept = [
        each
        for each in OverridesFile(settings.overrides_file).all()
        if everything or not each.is_over_at(now)
    ]
    if as_json:
        shown = [_as_json(each.override, each) for each in kept]
        typer.echo(json.dumps({"schema": "hotline/overrides/1", "overrides": shown}))
    elif not kept:
        typer.echo("no overrides: the calendars decide")
    else:
        plan = running_plan(settings)
        for each in kept:
            typer.echo(_in_words(each.override, plan, now, each))


def clear(
    line: Annotated[str | None, typer.Argument(metavar="[LINE]", help="Id of the line.")] = None,
    *,
    override_id: Annotated[str | None, typer.Option("--id", help="Only the override of this id.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Those of all lines.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """End overrides, so that the calendar decides again."""
    from hotline_ivr.errors import OverrideError
    from hotline_ivr.launch.overriding import hand_control
    from hotline_ivr.launch.plans import running_plan
    from hotline_ivr.settings import Settings

    if (line is None) and override_id is None and not everything:
        raise OverrideError("say which: a line, --id, or --all")
    settings = Settings.from_environment()
    control = hand_control(settings, running_plan(settings))
    ended = control.clear(by=by or person(), via="command", line=line, id_=override_id)
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/overrides/1", "ended": [_as_json(each) for each in ended]}))
    else:
        for each in ended:
            typer.echo(f"{each.line}: {_KINDS[each.kind]} has ended; its calendar decides again")


_KINDS = {
    OverrideKind.CLOSE: "closed by hand",
    OverrideKind.OPEN: "opened by hand",
    OverrideKind.SURGE: "information up front",
    OverrideKind.INSIDE: "calls to own people only",
    OverrideKind.OUTSIDE: "calls to the centre",
    OverrideKind.BOTH: "calls as the overflow rules say",
}


def set_by_hand(
    kind: OverrideKind,
    line: str,
    end: tuple[str | None, str | None, bool],
    message: str | None,
    *,
    by: str | None,
    as_json: bool,
    must_press: bool = False,
) -> None:
    from datetime import UTC

    from hotline_ivr.control.deciding import Wish
    from hotline_ivr.launch.overriding import hand_control
    from hotline_ivr.launch.plans import running_plan
    from hotline_ivr.settings import Settings

    settings = Settings.from_environment()
    plan = running_plan(settings)
    until, length, until_next_change = end
    wish = Wish(
        line=line,
        kind=kind,
        by=by or person(),
        via="command",
        until=until,
        seconds=None if length is None else _seconds(length),
        until_next_change=until_next_change,
        prompt=message,
        must_press_to_go_on=must_press,
    )
    override = hand_control(settings, plan).set(wish)
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/overrides/1", "set": _as_json(override)}))
    else:
        typer.echo(_in_words(override, plan, datetime.now(UTC)))


def _seconds(length: str) -> int:
    from hotline_ivr.config.types import duration_seconds
    from hotline_ivr.errors import OverrideError

    try:
        return duration_seconds(length.strip())
    except ValueError:
        raise OverrideError(f"--for {length[:40]!r} is no length: write 30m, 2h or 1h30m") from None


def _in_words(override: Override, plan: Plan, now: datetime, kept: KeptOverride | None = None) -> str:
    from hotline_ivr.routing.wall import zone_of

    line = plan.lines.get(override.line)
    zone = zone_of(line.time_zone) if line else now.tzinfo

    def shown(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M}"

    end = f" until {shown(override.until)}" if override.until else " until it is cleared"
    if kept is not None and kept.cleared_at is not None:
        end = f", cleared {shown(kept.cleared_at)} by {kept.cleared_by}"
    elif kept is not None and kept.is_over_at(now) and override.until:
        end = f", ended {shown(override.until)}"
    prompt = f", prompt {override.prompt}" if override.prompt else ""
    return (
        f"{override.line}: {_KINDS[override.kind]}{end}{prompt}"
        f" (set by {override.by} {shown(override.since)}, id {override.id})"
    )


def _as_json(override: Override, kept: KeptOverride | None = None) -> dict[str, object]:
    return {
        "id": override.id,
        "line": override.line,
        "kind": override.kind.value,
        "since": override.since.isoformat(),
        "until": override.until.isoformat() if override.until else None,
        "by": override.by,
        "prompt": override.prompt,
        "must_press_to_go_on": override.must_press_to_go_on,
        "cleared_at": kept.cleared_at.isoformat() if kept and kept.cleared_at else None,
        "cleared_by": kept.cleared_by if kept else "",
    }

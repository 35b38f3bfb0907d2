"""`hotline block | blocks | unblock`: callers who are turned away. What it means stands in control/."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hotline_ivr.cli.overrides import By, Json
from hotline_ivr.cli.person import person
from hotline_ivr.config.cause import Refusal

if TYPE_CHECKING:
    from hotline_ivr.config.guard import Blocked
    from hotline_ivr.control.blocks_file import KeptBlock
    from hotline_ivr.routing.blocks import Block

_DAYS = re.compile(r"(?:(\d{1,3})d)? ?(.*)", re.ASCII)


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(block)
    app.command()(blocks)
    app.command()(unblock)


def block(
    callers: Annotated[
        str,
        typer.Argument(metavar="NUMBER", help="+47 99 99 99 99, a beginning such as '+47820*', or withheld."),
    ],
    *,
    for_: Annotated[
        str | None, typer.Option("--for", help="Length: 7d, 12h, 1d 6h; without it until unblocked.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for people.")] = "",
    message: Annotated[
        str | None, typer.Option("--message", metavar="PROMPT", help="Prompt that they hear.")
    ] = None,
    refuse: Annotated[
        Refusal | None, typer.Option(help="What their carrier is told instead of a message.")
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Turn a caller away on every line but those for emergencies, with or without the service."""
    from hotline_ivr.control.blocking import BlockWish
    from hotline_ivr.launch.blocking import caller_control
    from hotline_ivr.launch.plans import running_plan
    from hotline_ivr.settings import Settings

    settings = Settings.from_environment()
    wish = BlockWish(
        callers,
        by or person(),
        "command",
        seconds=None if for_ is None else _seconds(for_),
        reason=reason,
        message=message,
        refuse=refuse,
    )
    made = caller_control(settings, running_plan(settings)).block(wish)
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/blocks/1", "set": _as_data(made)}))
    else:
        typer.echo(_in_words(made))


def blocks(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that have ended, for 90 days.")
    ] = False,
    numbers: Annotated[bool, typer.Option("--numbers", help="Show numbers in full.")] = False,
    as_json: Json = False,
) -> None:
    """List who is blocked: by hand and by the configuration, why, by whom and until when."""
    from hotline_ivr.control.blocks_file import BlocksFile
    from hotline_ivr.launch.plans import running_plan
    from hotline_ivr.settings import Settings

    settings, now = Settings.from_environment(), datetime.now(UTC)
    kept = [each for each in BlocksFile(settings.blocks_file).all() if everything or not each.is_over_at(now)]
    entries = list(running_plan(settings).guard.block)
    if numbers:
        from hotline_ivr.cli.calls_view import note_numbers

        note_numbers(settings, "blocks")
    else:
        visible = settings.visible_digits
        kept = [replace(each, block=_masked(each.block, visible)) for each in kept]
        entries = [_masked_entry(each, visible) for each in entries]
    written = [(f"guard.block.{place}", entry) for place, entry in enumerate(entries)]
    if as_json:
        shown = [_as_data(each.block, each) for each in kept]
        listed = [{"place": place, **entry.model_dump(mode="json")} for place, entry in written]
        typer.echo(json.dumps({"schema": "hotline/blocks/1", "blocks": shown, "configuration": listed}))
        return
    for each in kept:
        typer.echo(_in_words(each.block, each))
    for place, entry in written:
        whom = [*entry.numbers, *(f"{prefix}*" for prefix in entry.prefixes)]
        whom += ["withheld"] if entry.withheld else []
        until = f" until {entry.until}" if entry.until else ""
        typer.echo(f"{', '.join(whom)}: by the configuration{until} ({place})")
    if not kept and not written:
        typer.echo("nobody is blocked")


def unblock(
    which: Annotated[str, typer.Argument(metavar="NUMBER", help="As it was blocked, or the block's id.")],
    *,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Let a caller in again who was blocked by hand."""
    from hotline_ivr.launch.blocking import caller_control
    from hotline_ivr.launch.plans import running_plan
    from hotline_ivr.routing.blocks import shown_to_all
    from hotline_ivr.settings import Settings

    settings = Settings.from_environment()
    control = caller_control(settings, running_plan(settings))
    ended = control.unblock(which, by=by or person(), via="command")
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/blocks/1", "ended": [_as_data(each) for each in ended]}))
    else:
        for each in ended:
            # By its id it may be somebody whose number nobody has named here.
            whom = shown_to_all(each.callers, settings.visible_digits) if which == each.id else each.callers
            typer.echo(f"{whom}: is not blocked any more")


def _seconds(text: str) -> int:
    from hotline_ivr.config.types import duration_seconds
    from hotline_ivr.errors import BlockError

    found = _DAYS.fullmatch(text.strip())
    days, rest = found.groups() if found else (None, text)
    try:
        return int(days or 0) * 86_400 + (duration_seconds(rest) if rest or not days else 0)
    except ValueError:
        raise BlockError(f"--for {text[:40]!r} is no length: write 7d, 12h or 1d 6h") from None


def _masked(block: Block, visible: int) -> Block:
    from hotline_ivr.routing.blocks import shown_to_all
    from hotline_ivr.routing.caller import mask_numbers

    callers, reason = shown_to_all(block.callers, visible), mask_numbers(block.reason, visible)
    return replace(block, callers=callers, reason=reason)


def _masked_entry(entry: Blocked, visible: int) -> Blocked:
    from hotline_ivr.routing.caller import mask

    return entry.model_copy(update={"numbers": tuple(mask(each, visible) for each in entry.numbers)})


def _in_words(block: Block, kept: KeptBlock | None = None) -> str:
    def shown(moment: datetime) -> str:
        return f"{moment.astimezone():%a %Y-%m-%d %H:%M}"

    end = f"until {shown(block.until)}" if block.until else "until it is unblocked"
    if kept is not None and kept.ended_at is not None:
        end = f"unblocked {shown(kept.ended_at)} by {kept.ended_by}"
    why = f", {block.reason}" if block.reason else ""
    return f"{block.callers}: blocked {end}{why} (by {block.by} {shown(block.since)}, id {block.id})"


def _as_data(block: Block, kept: KeptBlock | None = None) -> dict[str, object]:
    return {
        "id": block.id,
        "callers": block.callers,
        "since": block.since.isoformat(),
        "until": block.until.isoformat() if block.until else None,
        "by": block.by,
        "reason": block.reason,
        "message": block.away.message if block.away else None,
        "refuse": block.away.refuse if block.away else None,
        "ended_at": kept.ended_at.isoformat() if kept and kept.ended_at else None,
        "ended_by": kept.ended_by if kept else "",
    }

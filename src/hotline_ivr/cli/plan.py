"""`hotline plan | apply | history | undo`: arguments in. What they do stands in launch/applying."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hotline_ivr.cli.overrides import By, Json
from hotline_ivr.cli.person import person
from hotline_ivr.settings import Settings

if TYPE_CHECKING:
    from hotline_ivr.launch.applying import Proposal

EXIT_USAGE = 2


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(plan)
    app.command()(apply)
    app.command()(history)
    app.command()(undo)


def plan(*, as_json: Json = False) -> None:
    """Say in plain words what the configuration on disk would change, and whom of last year's callers."""
    from hotline_ivr.views.proposal import as_data

    proposal = _propose()
    if as_json:
        typer.echo(json.dumps(as_data(proposal)))
    else:
        typer.echo(_in_words(proposal))


def apply(
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Have the running service take the configuration on disk. Calls under way keep their own."""
    import asyncio
    from datetime import UTC, datetime

    from hotline_ivr.launch.applying import apply as apply_plan
    from hotline_ivr.views.proposal import as_data

    proposal = _propose()
    if not as_json:
        typer.echo(_in_words(proposal))
    if not proposal.differences:
        if as_json:
            typer.echo(json.dumps(as_data(proposal) | {"applied": False}))
        return
    if not yes:
        if not sys.stdin.isatty():
            typer.echo("nobody is there to be asked: say --yes", err=True)
            raise typer.Exit(EXIT_USAGE)
        typer.confirm("Apply?", abort=True)
    typer.echo("waiting for the service, and for Asterisk to load what changed: some seconds", err=True)
    applied = asyncio.run(apply_plan(Settings.from_environment(), by or person(), datetime.now(UTC)))
    if as_json:
        typer.echo(json.dumps(as_data(proposal) | {"applied": True}))
    else:
        typer.echo(f"in use: version {applied.version}")


def history(*, as_json: Json = False) -> None:
    """List the configurations that have been in use, newest first, with the authors that git knows."""
    from hotline_ivr.launch.plans import history as plan_history

    entries = list(plan_history(Settings.from_environment()).entries())
    if as_json:
        shown = [
            {
                "version": each.version,
                "taken_at": each.taken_at.isoformat(),
                "author": each.authorship.author,
                "subject": each.authorship.subject,
                "commit": each.authorship.commit,
                "uncommitted": each.authorship.uncommitted,
            }
            for each in entries
        ]
        typer.echo(json.dumps({"schema": "hotline/history/1", "configurations": shown}))
        return
    for each in entries:
        here = each.taken_at.astimezone()
        typer.echo(f"{each.version}  {here:%a %Y-%m-%d %H:%M}  {each.authorship.words}".rstrip())
    if not entries:
        typer.echo("no configuration has been in use here yet")


def undo(
    version: Annotated[
        str | None, typer.Argument(help="Version to go back to; default is the one before the present.")
    ] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    by: By = None,
) -> None:
    """Put an earlier configuration back into the folder; `hotline apply` then puts it in use."""
    from datetime import UTC, datetime

    from hotline_ivr.launch.applying import undo as put_back
    from hotline_ivr.launch.plans import history as plan_history

    settings = Settings.from_environment()
    earlier = plan_history(settings).find(version)
    here = earlier.taken_at.astimezone()
    typer.echo(f"back to version {earlier.version}, in use from {here:%a %Y-%m-%d %H:%M}")
    if not yes:
        if not sys.stdin.isatty():
            typer.echo("nobody is there to be asked: say --yes", err=True)
            raise typer.Exit(EXIT_USAGE)
        typer.confirm(f"Replace the files in {settings.config}? Those there now are kept.", abort=True)
    put_back(settings, version, by or person(), datetime.now(UTC))
    typer.echo(f"{settings.config} is as it was then; `hotline apply` puts it in use")


def _propose() -> Proposal:
    import asyncio
    from datetime import UTC, datetime

    from hotline_ivr.launch.applying import propose

    return asyncio.run(propose(Settings.from_environment(), datetime.now(UTC)))


def _in_words(proposal: Proposal) -> str:
    if not proposal.differences:
        if not Settings.from_environment().in_use_file.exists():
            return "no configuration is in use yet: the service takes the one on disk when it starts"
        return "nothing changes: the configuration on disk is the one in use"
    lines = []
    for each, touched in zip(proposal.differences, proposal.touched, strict=True):
        callers = "" if touched is None else f"; last year {_calls(touched)} came then"
        lines.append(f"{each.subject}: {each.text}{callers}")
    return "\n".join(lines)


def _calls(count: int) -> str:
    return {0: "no call", 1: "1 call"}.get(count, f"{count} calls")

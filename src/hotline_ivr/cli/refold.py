"""`hotline refold`: rows made anew from the events of their calls, by the present rules."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from hotline_ivr.settings import Settings

EXIT_FINDINGS = 1

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]


def refold(
    *,
    since: Annotated[str | None, typer.Option(help="Calls that arrived from this time on.")] = None,
    until: Annotated[str | None, typer.Option(help="Calls that arrived before this time.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing, only tell.")] = False,
    as_json: Json = False,
) -> None:
    """Make calls' rows anew from what Asterisk wrote; tell how many change, and in which columns."""
    import asyncio

    from hotline_ivr.cli.calls_view import moment_of
    from hotline_ivr.launch.balancing import organisation_zone
    from hotline_ivr.launch.refolding import refold_record
    from hotline_ivr.routing.fold import FOLD_VERSION

    settings = Settings.from_environment()
    zone = organisation_zone(settings)
    span = (moment_of(since, zone), moment_of(until, zone))
    done = asyncio.run(refold_record(settings, span, dry_run=dry_run, progress=show_progress))
    if as_json:
        body = {
            "schema": "hotline/refold/1",
            "dry_run": dry_run,
            "fold_version": FOLD_VERSION,
            **{name: getattr(done, name) for name in type(done).__dataclass_fields__},
        }
        typer.echo(json.dumps(body))
    else:
        would = "would be " if dry_run else ""
        typer.echo(f"{done.looked_at} calls looked at, version {FOLD_VERSION} of the fold")
        typer.echo(
            f"{done.changed} rows {would}changed, {done.made} {would}made, {done.removed} {would}removed"
        )
        for name, count in done.columns.most_common():
            typer.echo(f"  {name}: {count}")
        for count, why in (
            (done.under_way, "are under way and left to the service"),
            (done.without_events, "have no events and stay as they are"),
            (len(done.busy), "were being written by the service: run it again"),
            (len(done.failed), "cannot be folded, a fault of ours; the log tells"),
        ):
            if count:
                typer.echo(f"{count} {why}")
    if done.busy or done.failed:
        raise typer.Exit(EXIT_FINDINGS)


def show_progress(done: int, total: int) -> None:
    """On a terminal alone, in one line."""
    if sys.stderr.isatty():
        end = "\n" if done >= total else ""
        print(f"\r{done} of {total}", end=end, file=sys.stderr, flush=True)

"""`hotline ingest`: old logs of Asterisk into the record."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from hotline_ivr.errors import ArgumentError
from hotline_ivr.settings import Settings

EXIT_FINDINGS = 1

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]


def ingest(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Call events or queue_log; also .gz.")
    ],
    *,
    node: Annotated[str | None, typer.Option(help="Whose files these are; default is this node.")] = None,
    as_json: Json = False,
) -> None:
    """Take old logs of Asterisk into the record; what is there already is not added again."""
    import asyncio

    from hotline_ivr.launch.ingesting import ingest_files

    settings = Settings.from_environment()
    whose = node or settings.node
    if not re.fullmatch(r"[a-z][a-z0-9]{0,15}", whose):
        raise ArgumentError(f"'{whose[:40]}' is no name of a node: small letters and digits")
    done = asyncio.run(ingest_files(settings, files, whose, _show))
    if sys.stderr.isatty():
        print(file=sys.stderr)
    rows = done.rows
    if as_json:
        body = {
            "schema": "hotline/ingest/1",
            "node": whose,
            "files": done.files,
            "read": done.read,
            "added": done.added,
            "rejected": done.rejected,
            "rows_made": rows.made,
            "rows_changed": rows.changed,
            "failed": rows.failed,
        }
        typer.echo(json.dumps(body))
    else:
        typer.echo(f"{done.files} files, {done.read} events read, {done.added} of them new to the record")
        typer.echo(f"{rows.made} calls added, {rows.changed} times a call was completed")
        if done.rejected:
            typer.echo(f"{done.rejected} lines are no records and were left out")
        if rows.failed:
            typer.echo(f"{len(rows.failed)} calls cannot be folded, a fault of ours; the log tells")
    if rows.failed:
        raise typer.Exit(EXIT_FINDINGS)


def _show(path: Path, end: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{path.name}: {end / 1_000_000:.1f} MB", end="", file=sys.stderr, flush=True)

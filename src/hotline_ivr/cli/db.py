"""`hotline db move`: the record into another database."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from hotline_ivr.settings import Settings

EXIT_FINDINGS = 1

app = typer.Typer(help="The database of the record.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]


@app.callback()
def db() -> None:
    """The database of the record."""


@app.command()
def move(
    url: Annotated[str, typer.Argument(metavar="URL", help="postgresql://... or sqlite:///..., empty.")],
    *,
    as_json: Json = False,
) -> None:
    """Copy the whole record into another database and prove that it is there; the service must be stopped."""
    import asyncio

    from hotline_ivr.launch.db_moving import move_record

    moved = asyncio.run(move_record(Settings.from_environment(), url, _show))
    well = all(each.same for each in moved)
    if as_json:
        tables = {
            each.name: {
                "source": {"rows": each.source.rows, "hash": f"{each.source.digest:064x}"},
                "target": {"rows": each.target.rows, "hash": f"{each.target.digest:064x}"},
            }
            for each in moved
        }
        typer.echo(json.dumps({"schema": "hotline/db-move/1", "same": well, "tables": tables}))
    else:
        for each in moved:
            said = "the same" if each.same else f"NOT THE SAME: {each.target.rows} rows there"
            typer.echo(f"{each.name}: {each.source.rows} rows, {said}  {each.source.digest >> 192:016x}")
        if well:
            typer.echo("All rows are there. Set HOTLINE_DATABASE_URL to this URL, then start the service.")
            typer.echo("The old database is as it was; keep it until you are sure.")
        else:
            typer.echo("The two databases differ: the old one stays in use.")
    if not well:
        raise typer.Exit(EXIT_FINDINGS)


def _show(table: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done >= total else ""
        print(f"\r{table}: {done} of {total}", end=end, file=sys.stderr, flush=True)

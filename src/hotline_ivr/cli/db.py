"""`hotline db move`: the record into another database."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hotline_ivr.settings import Settings

if TYPE_CHECKING:
    from hotline_ivr.store.moving_proof import MovedTable, UnlikeRow

EXIT_FINDINGS = 1
MOST_NAMED = 20

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
                "differing": each.differing,
            }
            for each in moved
        }
        unlike = [[row.table, row.key, row.said] for row in _unlike(moved)]
        data = {"schema": "hotline/db-move/1", "same": well, "tables": tables, "unlike": unlike}
        typer.echo(json.dumps(data, ensure_ascii=False))
    else:
        for each in moved:
            unlike_there = f"NOT THE SAME: {each.target.rows} rows there, {each.differing} differ"
            said = "the same" if each.same else unlike_there
            typer.echo(f"{each.name}: {each.source.rows} rows, {said}  {each.source.digest >> 192:016x}")
        if well:
            typer.echo("All rows are there. Set HOTLINE_DATABASE_URL to this URL, then start the service.")
            typer.echo("The old database is as it was; keep it until you are sure.")
        else:
            for row in _unlike(moved):
                typer.echo(f"  {row.table} ({row.key}) {row.said}")
            if (more := sum(each.differing for each in moved) - len(_unlike(moved))) > 0:
                typer.echo(f"  and {more} more")
            typer.echo("The two databases differ: the old one stays in use. Something wrote into one of them")
            typer.echo("meanwhile: see that no service uses either, then give the same command again.")
    if not well:
        raise typer.Exit(EXIT_FINDINGS)


def _unlike(moved: list[MovedTable]) -> list[UnlikeRow]:
    """The first rows that differ, of all tables together."""
    return [row for each in moved for row in each.unlike][:MOST_NAMED]


def _show(table: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done >= total else ""
        print(f"\r{table}: {done} of {total}", end=end, file=sys.stderr, flush=True)

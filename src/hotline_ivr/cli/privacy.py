"""`hotline privacy`: how long what is known of persons is kept, and one person's data shown and erased."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from hotline_ivr.cli.person import person
from hotline_ivr.settings import Settings

if TYPE_CHECKING:
    from hotline_ivr.launch.privacy.erasing import Erased
    from hotline_ivr.launch.privacy.place import PrivacyPlace

Result = TypeVar("Result")

EXIT_FINDINGS = 1

app = typer.Typer(help="What is known of persons.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="A telephone number: +47 90 01 23 45.")]


@app.callback()
def privacy() -> None:
    """What is known of persons."""


def _at_place(work: Callable[[PrivacyPlace], Awaitable[Result]], *, by: str) -> Result:
    import asyncio

    from hotline_ivr.launch.privacy.place import privacy_place
    from hotline_ivr.logs import configure_logging

    settings = Settings.from_environment()
    # What is logged goes to standard error, beside what is asked for.
    configure_logging(settings)

    async def run() -> Result:
        async with privacy_place(settings, by=by) as place:
            return await work(place)

    return asyncio.run(run())


@app.command()
def purge(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Not where today's is done already.")] = False,
    as_json: Json = False,
) -> None:
    """Take away what has been kept for long enough, as the service does each night."""
    from hotline_ivr.launch.privacy.purging import purge as work

    found = _at_place(
        lambda place: work(place, dry_run=dry_run, once=once), by="hotline" if once else person()
    )
    if as_json:
        kinds = {each.name: {"days": each.days, "count": each.count} for each in found}
        typer.echo(json.dumps({"schema": "hotline/purge/1", "dry_run": dry_run, "kinds": kinds}))
        return
    for each in found:
        if each.days is None:
            typer.echo(f"{each.name}: kept; write privacy.keep.{each.name} for an end")
        else:
            said = "would go" if dry_run else "gone"
            typer.echo(f"{each.name}: older than {each.days} days: {each.count} {each.what} {said}")


@app.command()
def export(
    number: Number,
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for data, text and recordings; else the text is shown."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Everything that is held about a number, for the person who asks."""
    from hotline_ivr.launch.privacy.exporting import as_text, held_about, write_out

    held = _at_place(lambda place: held_about(place, number), by=person())
    if out is not None:
        for path in write_out(held, out):
            typer.echo(str(path))
    elif as_json:
        typer.echo(json.dumps(held.data, ensure_ascii=False))
    else:
        typer.echo(as_text(held.data), nl=False)


@app.command()
def erase(number: Number, *, as_json: Json = False) -> None:
    """Take a number out of everything, then look for it everywhere: exit code 1 if it is still found."""
    from hotline_ivr.launch.privacy.erasing import erase as work

    done = _at_place(lambda place: work(place, number), by=person())
    typer.echo(json.dumps(_as_json(done)) if as_json else _as_text(done))
    if not done.proof.holds:
        raise typer.Exit(EXIT_FINDINGS)


def _as_json(done: Erased) -> dict[str, object]:
    proof = done.proof
    return {
        "schema": "hotline/erasure/1",
        "calls": done.calls,
        "lines": done.lines,
        "files": done.files,
        "promises": done.promises,
        "entries": done.entries,
        "other_nodes": done.nodes,
        "searched": {"files": proof.files, "bytes": proof.bytes},
        "found": proof.places,
        "not_readable": proof.unread,
        "not_searched": proof.unseen,
        "backups": [
            {"path": each.path, "made_at": each.made_at.isoformat(), "expires": each.expires}
            for each in proof.backups
        ],
    }


def _as_text(done: Erased) -> str:
    proof = done.proof
    lines = [
        f"Calls: {done.calls}, promises: {done.promises}, entries: {done.entries}, files: {done.files}.",
        f"Lines of logs: {done.lines}.",
        f"Looked for in every form: the database, and {proof.files} files of {proof.bytes / 1e6:.1f} MB.",
    ]
    lines += [f"STILL THERE: {each}" for each in proof.places]
    lines += [f"NOT KNOWN: {each}" for each in proof.unread]
    lines += (
        ["Found nowhere that was looked at." if proof.unseen else "Found nowhere."] if proof.holds else []
    )
    lines += [f"Not looked at: {each}." for each in proof.unseen]
    lines += [
        f"In a backup of {each.made_at:%Y-%m-%d %H:%M} UTC: {each.path}: {each.expires}."
        for each in proof.backups
    ]
    if done.nodes:
        lines.append(f"Erase it on these nodes too, for their logs and recordings: {', '.join(done.nodes)}.")
    return "\n".join(lines)

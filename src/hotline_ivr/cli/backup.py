"""`hotline backup` and `hotline restore`: a node's state in one file, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hotline_ivr.cli.person import person
from hotline_ivr.cli.stopping import stopped_as_by_hand
from hotline_ivr.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]


def add_to(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command()(backup)
    app.command()(restore)


def backup(
    where: Annotated[Path, typer.Argument(metavar="DIR|FILE", help="A folder, or the name of the file.")],
    *,
    keep: Annotated[int, typer.Option(min=0, help="So many stay in the folder; 0 deletes none.")] = 14,
    as_json: Json = False,
) -> None:
    """Copy database, logs, messages, configuration and secrets into one file, while calls go on."""
    import asyncio

    from hotline_ivr.control.audit import AuditEntry, AuditTrail
    from hotline_ivr.launch.backup.making import make_backup

    settings, kept = Settings.from_environment(), str(where.absolute())
    # Who takes everything out stands in the trail before it is taken.
    entry = AuditEntry(datetime.now(UTC), person(), "command", "backup", settings.node, {"file": kept})
    AuditTrail(settings.audit_file).note(entry)
    with stopped_as_by_hand():
        made = asyncio.run(make_backup(settings, where, keep=keep, now=datetime.now(UTC)))
    if as_json:
        deleted = [str(path) for path in made.deleted]
        shown = {"path": str(made.path), "files": made.files, "size": made.size, "deleted": deleted}
        shown["left_out"] = list(made.left_out)
        typer.echo(json.dumps({"schema": "hotline/backup-made/1", **shown}))
        return
    typer.echo(f"{made.path}: {made.files} files, {made.size / 1e6:.1f} MB, read back and whole.")
    typer.echo(
        "It holds callers' numbers, voices and the secrets of this node, and only you can read it (0600)."
    )
    for name in made.left_out:
        typer.echo(f"{name} is damaged, and is not in it: members and pauses of queues would be set anew.")
    for path in made.deleted:
        typer.echo(f"{path}: deleted, for {keep} newer ones are there.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup of this node.")],
    *,
    as_json: Json = False,
) -> None:
    """Verify a backup and put it in the place of the state, which is kept aside; nothing may run."""
    import asyncio

    from hotline_ivr.launch.backup.restoring import restore as work
    from hotline_ivr.logs import configure_logging

    settings = Settings.from_environment()
    configure_logging(settings)
    done = asyncio.run(work(settings, file, now=datetime.now(UTC), by=person()))
    if as_json:
        shown = {
            "made_at": done.backup.made_at.isoformat(),
            "aside": str(done.aside),
            "logs_stayed": done.logs_stayed,
            "config": str(done.config) if done.config else None,
            "erased_again": done.again.persons,
            "left": list(done.again.places),
        }
        typer.echo(json.dumps({"schema": "hotline/restored/1", **shown}))
        return
    typer.echo(
        f"Restored: the backup of {done.backup.made_at:%Y-%m-%d %H:%M} UTC. What was is in {done.aside}."
    )
    if done.logs_stayed:
        typer.echo(
            "Asterisk's logs reach further and stay: the service reads on from where the backup stood."
        )
    if done.config is not None:
        typer.echo(
            f"The configuration is another than the backup's, and stays; the backup's is in {done.config}."
        )
    if done.again.persons:
        typer.echo(f"Erased again, for they were erased after the backup: {done.again.persons} persons.")
    for place in done.again.places:
        typer.echo(f"A number of theirs still stands in {place}")

"""`hotline status`: lines, queues and operators as they are now, once or kept up to date."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

# Seconds between two looks of --watch. The service answers from memory; Asterisk is not asked.
EVERY = 1.0


def status(
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every second until Ctrl-C.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Machine-readable output on standard output.")
    ] = False,
) -> None:
    """Show lines, queues and operators as they are now: who waits, who talks, and why one is not rung."""
    looks = _looks(watch=watch)
    if as_json:
        for floor in looks:
            typer.echo(json.dumps({"schema": "hotline/status/1", **floor}))
        return
    from hotline_ivr.cli.floor_view import console, status_view

    screen = console()
    if not (watch and screen.is_terminal):
        for floor in looks:
            screen.print(status_view(floor))
        return
    from rich.live import Live

    with Live(console=screen, screen=True, auto_refresh=False) as live:
        for floor in looks:
            live.update(status_view(floor), refresh=True)


def _looks(*, watch: bool) -> Iterator[dict[str, Any]]:
    from hotline_ivr.errors import AsteriskUnreachable
    from hotline_ivr.launch.local_client import LocalClient
    from hotline_ivr.settings import Settings

    client = LocalClient(Settings.from_environment())
    yield client.get("/status")
    while watch:
        time.sleep(EVERY)
        try:
            yield client.get("/status")
        except AsteriskUnreachable as error:
            # A restart of the service takes some seconds, and whoever watches wants to see its end.
            typer.echo(str(error), err=True)

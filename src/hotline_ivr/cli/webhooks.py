"""`hotline webhooks`: what waits for programs that are told of calls, and trying it again."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hotline_ivr.launch.local_client import LocalClient

app = typer.Typer(help="Programs that are told of calls and entries.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]


class StateName(StrEnum):
    """How a delivery may stand."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@app.command(name="list")
def list_(
    *,
    state: Annotated[StateName | None, typer.Option(help="Only messages that stand so.")] = None,
    limit: Annotated[int, typer.Option(min=0, max=500, help="At most so many messages.")] = 20,
    as_json: Json = False,
) -> None:
    """List the web hooks, how much waits for each, and the newest messages."""
    query = {"limit": str(limit)} | ({"state": state.value} if state is not None else {})
    answer = _client().get("/webhooks", **query)
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/webhooks/1", **answer}))
        return
    if not answer["webhooks"]:
        typer.echo("nobody is told of calls: the configuration has no webhooks")
    for each in answer["webhooks"]:
        oldest = f", the oldest since {_clock(each['oldest_at'])}" if each["oldest_at"] else ""
        typer.echo(
            f"{each['id']}: {' '.join(each['events'])}; {each['waiting']} waiting{oldest},"
            f" {each['failed']} given up"
        )
    for each in answer["deliveries"]:
        typer.echo(f"  {_line(each)}")


@app.command()
def retry(hook: Annotated[str, typer.Argument(help="Id of a web hook.")], *, as_json: Json = False) -> None:
    """Try again at once what waits for a web hook or was given up."""
    from urllib.parse import quote

    answer = _client().post(f"/webhooks/{quote(hook, safe='') or '-'}/retry")
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/webhook-retry/1", **answer}))
    else:
        typer.echo(f"{answer['hook']}: {answer['messages']} messages are tried again")


def _line(each: dict[str, Any]) -> str:
    from hotline_ivr.routing.caller import clean_text

    tried = f" after {each['tries']} tries" if each["tries"] else ""
    # A server of somebody else's has a word in the reasons.
    why = f": {clean_text(each['reason'], 200)}" if each["reason"] else ""
    again = f"; again {_clock(each['next_at'])}" if each["next_at"] and each["tries"] else ""
    return f"{_clock(each['created_at'])} {each['hook']} {each['id']}: {each['state']}{tried}{why}{again}"


def _clock(text: str) -> str:
    from datetime import datetime

    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S}"


def _client() -> LocalClient:
    from hotline_ivr.launch.local_client import LocalClient
    from hotline_ivr.settings import Settings

    return LocalClient(Settings.from_environment())

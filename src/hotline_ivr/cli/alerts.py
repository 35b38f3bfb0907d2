"""`hotline alerts`: what is wrong, who has been told, and a test. The service does it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hotline_ivr.launch.local_client import LocalClient

app = typer.Typer(help="What is wrong, who has been told, and a test.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]


@app.command(name="list")
def list_(
    *,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many alerts that are done.")] = 20,
    as_json: Json = False,
) -> None:
    """List what is wrong now, alerts on their way, and the newest that are done."""
    answer = _client().get("/alerts", limit=str(limit))
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/alerts/1", **answer}))
        return
    for alarm in answer["alarms"]:
        told = f"told {_clock(alarm['raised_at'])}" if alarm["raised_at"] else "not told yet"
        typer.echo(f"ALARM {alarm['kind']} {_clean(alarm['about'])}: since {_clock(alarm['since'])}, {told}")
    if not answer["alarms"]:
        typer.echo("nothing is wrong")
    for title, alerts in (("on their way", answer["queued"]), ("done", answer["past"])):
        if alerts:
            typer.echo(f"{title}:")
        for alert in alerts:
            _show(alert)


@app.command(name="test")
def send_test(*, as_json: Json = False) -> None:
    """Send a test to everybody who is told of anything; `hotline alerts list` tells whether it arrived."""
    answer = _client().post("/alerts/test")
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/alert-sent/1", "alert": answer}))
        return
    if not answer["deliveries"]:
        typer.echo("nobody is told of anything: the configuration has no alerts.to")
        return
    _show(answer)


def _show(alert: dict[str, Any]) -> None:
    typer.echo(f"  {_clock(alert['at'])} {alert['kind']} {alert['state']}: {_clean(alert['title'])}")
    for each in alert["deliveries"]:
        tried = "" if each["tries"] == 0 else f" after {each['tries']} tries" if each["tries"] > 1 else ""
        why = f": {_clean(each['reason'])}" if each["reason"] else ""
        again = f"; again {_clock(each['next_at'])}" if each["next_at"] and each["tries"] else ""
        typer.echo(f"    {each['channel']} {_clean(each['target'])}: {each['result']}{tried}{why}{again}")


def _clean(text: str) -> str:
    from hotline_ivr.routing.caller import clean_text

    # A server of somebody else's has a word in the reasons.
    return clean_text(text, 200)


def _clock(text: str) -> str:
    from datetime import datetime

    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S}"


def _client() -> LocalClient:
    from hotline_ivr.launch.local_client import LocalClient
    from hotline_ivr.settings import Settings

    return LocalClient(Settings.from_environment())

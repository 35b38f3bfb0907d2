"""`hotline operators`: where operators stand, and sending them on a break and back. The service does it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from rich.console import RenderableType

    from hotline_ivr.launch.local_client import LocalClient

app = typer.Typer(help="Where operators stand; sign in, sign out, pause, ready.", invoke_without_command=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
OperatorId = Annotated[str, typer.Argument(metavar="OPERATOR", help="Id of the operator.")]


@app.callback()
def operators(context: typer.Context, *, as_json: Json = False) -> None:
    """List operators: where each stands, since when, and why one is not rung."""
    if context.invoked_subcommand is not None:
        return
    from hotline_ivr.cli.floor_view import operators_table

    answer = _client().get("/operators")
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/operators/1", **answer}))
    else:
        _print(operators_table(answer["operators"], answer["at"]))


@app.command(name="sign-in")
def sign_in(operator: OperatorId, *, as_json: Json = False) -> None:
    """Sign an operator in: calls are offered from now on."""
    _change(operator, "sign-in", as_json=as_json)


@app.command(name="sign-out")
def sign_out(operator: OperatorId, *, as_json: Json = False) -> None:
    """Sign an operator out; after the call, if there is one."""
    _change(operator, "sign-out", as_json=as_json)


@app.command()
def pause(
    operator: OperatorId,
    *,
    reason: Annotated[str, typer.Option(help="Id of a pause reason of the configuration.")] = "break",
    as_json: Json = False,
) -> None:
    """Send an operator on a pause; after the call and its wrap-up, if there is one."""
    _change(operator, "pause", {"reason": reason}, as_json=as_json)


@app.command()
def ready(operator: OperatorId, *, as_json: Json = False) -> None:
    """End a pause or a wrap-up: calls are offered again at once."""
    _change(operator, "ready", as_json=as_json)


@app.command(name="break")
def break_(
    operator: OperatorId,
    *,
    kind: Annotated[str, typer.Option(help="Id of a kind of break of the configuration.")] = "break",
    take_back: Annotated[bool, typer.Option("--take-back", help="Wait for it no longer.")] = False,
    as_json: Json = False,
) -> None:
    """Ask for a break: it begins now, after the call, or when enough others are there."""
    path = f"/operators/{_id(operator)}/break"
    client = _client()
    answer = client.delete(path) if take_back else client.post(path, {"kind": kind})
    _shown(answer, as_json=as_json)
    if as_json or take_back:
        return
    ahead = answer["next_break"]
    if answer["asked"] or answer["standing"] == "paused" or ahead is None:
        return
    forced = ", though too few are left then" if ahead["forced"] else ""
    typer.echo(f"{ahead['kind']} in {ahead['minutes']} minutes, place {ahead['place']}{forced}")


@app.command()
def periods(
    *,
    operator: Annotated[str | None, typer.Option(help="Only this operator.")] = None,
    day: Annotated[str | None, typer.Option(help="A day, such as 2026-12-24; default today.")] = None,
    as_json: Json = False,
) -> None:
    """Show the pause ledger of a day: who stood how, from when to when, and by whom."""
    from datetime import datetime, timedelta

    from hotline_ivr.cli.floor_view import periods_table

    client = _client()
    chosen = _day(day)
    # Midnight to midnight on this machine's clock, also on a day of 23 or 25 hours.
    start = datetime.combine(chosen, datetime.min.time()).astimezone()
    end = datetime.combine(chosen + timedelta(days=1), datetime.min.time()).astimezone()
    query = {"from": start.isoformat(), "until": end.isoformat()}
    listed = client.get("/operators")
    names = [operator] if operator else [each["id"] for each in listed["operators"]]
    found = [
        period
        for name in names
        for period in client.get(f"/operators/{_id(name)}/periods", **query)["periods"]
    ]
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/operator-periods/1", "periods": found}))
    else:
        _print(periods_table(found, listed["at"]))


def _change(
    operator: str, action: str, body: Mapping[str, object] | None = None, *, as_json: bool = False
) -> None:
    _shown(_client().post(f"/operators/{_id(operator)}/{action}", body), as_json=as_json)


def _shown(answer: Mapping[str, Any], *, as_json: bool) -> None:
    from hotline_ivr.cli.floor_view import operators_table

    if as_json:
        typer.echo(json.dumps({"schema": "hotline/operator/1", "operator": answer}))
        return
    _print(operators_table([answer], _client().get("/operators")["at"]))
    if answer["asked"]:
        typer.echo(f"{answer['asked']} begins when the call is over")


def _client() -> LocalClient:
    from hotline_ivr.launch.local_client import LocalClient
    from hotline_ivr.settings import Settings

    return LocalClient(Settings.from_environment())


def _id(operator: str) -> str:
    """The id as a part of a path: the service says what is wrong with it."""
    from urllib.parse import quote

    return quote(operator, safe="") or "-"


def _day(text: str | None) -> date:
    from datetime import date

    from hotline_ivr.errors import ArgumentError

    if text is None:
        return date.today()  # noqa: DTZ011 - the day at the terminal
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentError(f"--day {text[:40]!r} is no day: write 2026-12-24") from None


def _print(shown: RenderableType) -> None:
    from hotline_ivr.cli.floor_view import console

    console().print(shown)

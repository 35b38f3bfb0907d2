"""`hotline promises`: who is owed a call back, and what is done about it. The service does it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hotline_ivr.launch.local_client import LocalClient

app = typer.Typer(
    help="People who are owed a call back: list, show, take, tried, done, drop.", invoke_without_command=True
)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
Numbers = Annotated[bool, typer.Option("--numbers", help="Show numbers in full.")]
PromiseId = Annotated[str, typer.Argument(metavar="ID", help="Id of the promise, as in the list.")]
Note = Annotated[str, typer.Option(help="What was done, or why not.")]
Line = Annotated[str | None, typer.Option(help="Only of this line.")]
Owner = Annotated[str | None, typer.Option(help="Only what this operator has taken.")]
All = Annotated[bool, typer.Option("--all", help="Closed ones too.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="At most so many.")]


@app.callback()
def promises(context: typer.Context, *, numbers: Numbers = False, as_json: Json = False) -> None:
    """List who is owed a call back, the oldest first."""
    if context.invoked_subcommand is None:
        _listed({"limit": "50"}, numbers=numbers, as_json=as_json)


@app.command(name="list")
def list_(
    *,
    line: Line = None,
    owner: Owner = None,
    everything: All = False,
    limit: Limit = 50,
    numbers: Numbers = False,
    as_json: Json = False,
) -> None:
    """List some of them; --all shows what is closed too."""
    query = {"limit": str(limit)}
    if everything:
        query["all"] = "true"
    query |= {name: value for name, value in (("line", line), ("owner", owner)) if value is not None}
    _listed(query, numbers=numbers, as_json=as_json)


@app.command()
def show(promise_id: PromiseId, *, numbers: Numbers = False, as_json: Json = False) -> None:
    """Show one: the calls that made it, and what was done."""
    from hotline_ivr.cli.promises_view import print_shown, story_view

    query = {"numbers": "true"} if numbers else {}
    answer = _client().get(_path(promise_id), **query)
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/promise/1", **answer}))
    else:
        print_shown(story_view(answer))


@app.command()
def take(
    promise_id: PromiseId,
    operator: Annotated[str | None, typer.Argument(help="Id of the operator who sees to it.")] = None,
    *,
    back: Annotated[bool, typer.Option("--back", help="Give it back: nobody sees to it.")] = False,
    as_json: Json = False,
) -> None:
    """Say which operator sees to it."""
    from hotline_ivr.errors import ArgumentError

    if (operator is None) != back:
        raise ArgumentError("name the operator who takes it, or give it back with --back")
    _act(promise_id, "take", {"operator": operator}, as_json=as_json)


@app.command()
def tried(promise_id: PromiseId, *, note: Note = "", as_json: Json = False) -> None:
    """Note that the person was rung and not reached."""
    _act(promise_id, "tried", {"note": note}, as_json=as_json)


@app.command()
def done(promise_id: PromiseId, *, note: Note = "", as_json: Json = False) -> None:
    """Close it: the person was helped."""
    _act(promise_id, "done", {"note": note}, as_json=as_json)


@app.command()
def drop(promise_id: PromiseId, *, note: Note = "", as_json: Json = False) -> None:
    """Close it: nobody will ring."""
    _act(promise_id, "drop", {"note": note}, as_json=as_json)


def _listed(query: Mapping[str, str], *, numbers: bool, as_json: bool) -> None:
    from hotline_ivr.cli.promises_view import print_shown, promises_table

    shown = {**query, "numbers": "true"} if numbers else query
    answer = _client().get("/promises", **shown)
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/promises/1", **answer}))
        return
    print_shown(promises_table(answer["promises"]))
    if answer["next"] is not None:
        typer.echo("there are more: --limit shows up to 500", err=True)


def _act(promise_id: str, action: str, body: Mapping[str, object], *, as_json: bool) -> None:
    from hotline_ivr.cli.promises_view import print_shown, promises_table

    answer: dict[str, Any] = _client().post(f"{_path(promise_id)}/{action}", body)
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/promise/1", "promise": answer}))
    else:
        print_shown(promises_table([answer]))


def _client() -> LocalClient:
    from hotline_ivr.launch.local_client import LocalClient
    from hotline_ivr.settings import Settings

    return LocalClient(Settings.from_environment())


def _path(promise_id: str) -> str:
    """The service says what is wrong with an id."""
    from urllib.parse import quote

    return f"/promises/{quote(promise_id, safe='') or '-'}"

"""`hotline voicemail`: messages of callers, listed, played and marked as done. The service does it."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hotline_ivr.launch.local_client import LocalClient

EXIT_FINDINGS = 1

app = typer.Typer(help="Messages of callers: list, play, done.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
MessageId = Annotated[str, typer.Argument(metavar="ID", help="Id of the call that left the message.")]


class StateChoice(StrEnum):
    """How messages stand."""

    NEW = "new"
    HEARD = "heard"
    DONE = "done"


@app.command(name="list")
def list_(
    *,
    box: Annotated[str | None, typer.Option(help="Only this box.")] = None,
    state: Annotated[StateChoice | None, typer.Option(help="Only those that stand like this.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The newest so many.")] = 50,
    numbers: Annotated[bool, typer.Option("--numbers", help="Callers' numbers in full.")] = False,
    as_json: Json = False,
) -> None:
    """List messages, newest first: who left each, how long it is, and who has heard it."""
    query = {"limit": str(limit), **({"numbers": "true"} if numbers else {})}
    query |= {name: value for name, value in (("box", box), ("state", state)) if value}
    answer = _client().get("/voicemail", **query)
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/voicemail/1", **answer}))
        return
    if not answer["messages"]:
        typer.echo("no messages")
    for each in answer["messages"]:
        who = _clean(" ".join(part for part in (each["caller"] or "withheld", each["caller_name"]) if part))
        by = each["done_by"] or each["heard_by"]
        standing = each["state"] + (f" by {_clean(by)}" if by else "")
        when, length = _clock(each["recorded_at"]), _length(each["length_s"])
        typer.echo(f"{each['id']}  {each['box']}  {when}  {length}  {each['line']}  {who}  {standing}")


@app.command()
def play(
    message: MessageId,
    *,
    out: Annotated[Path | None, typer.Option(help="Write the recording into this file instead.")] = None,
) -> None:
    """Play a message, or write it into a file; it counts as heard then."""
    from tempfile import TemporaryDirectory

    from hotline_ivr.cli.player import played
    from hotline_ivr.errors import ArgumentError

    sound = _client().fetch(f"/voicemail/{_id(message)}/audio")
    if out is not None:
        try:
            out.write_bytes(sound)
        except OSError as error:
            raise ArgumentError(f"{out}: cannot be written ({error.strerror})") from None
        return
    with TemporaryDirectory(prefix="hotline-") as folder:
        file = Path(folder) / "message.wav"
        file.write_bytes(sound)
        if not played(file):
            typer.echo("this machine plays no sound: write it into a file with --out", err=True)
            raise typer.Exit(EXIT_FINDINGS)


@app.command()
def done(message: MessageId, *, as_json: Json = False) -> None:
    """Say that a message has been dealt with."""
    answer = _client().post(f"/voicemail/{_id(message)}/done")
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/voicemail-message/1", "message": answer}))
    else:
        typer.echo(f"{answer['id']}: done by {_clean(answer['done_by'])} {_clock(answer['done_at'])}")


@app.command()
def check(*, as_json: Json = False) -> None:
    """Look for recordings without a call, and calls without a recording. Exit code 1 if there are any."""
    answer = _client().get("/voicemail/strays")
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/voicemail-strays/1", **answer}))
    else:
        for each in answer["files"]:
            typer.echo(
                f"{each['box']}/{each['id']}.wav: no call has left it as a message ({each['size']} bytes)"
            )
        for call in answer["calls"]:
            typer.echo(f"{call}: left a message, and there is no recording")
        for call in answer["messages"]:
            typer.echo(f"{call}: its recording has been deleted by somebody else")
    if any(answer.values()):
        raise typer.Exit(EXIT_FINDINGS)
    if not as_json:
        typer.echo("every recording has its call, and every message its recording")


def _id(message: str) -> str:
    """The id as a part of a path: the service says what is wrong with it."""
    from urllib.parse import quote

    return quote(message, safe="") or "-"


def _clean(text: str) -> str:
    from hotline_ivr.routing.caller import clean_text

    return clean_text(text, 80)


def _clock(text: str) -> str:
    from datetime import datetime

    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _client() -> LocalClient:
    from hotline_ivr.launch.local_client import LocalClient
    from hotline_ivr.settings import Settings

    return LocalClient(Settings.from_environment())

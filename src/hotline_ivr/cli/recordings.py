"""`hotline recordings`: recordings of conversations, listed, opened with a private key, deleted, paused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hotline_ivr.launch.local_client import LocalClient

EXIT_FINDINGS = 1

app = typer.Typer(
    help="Recordings of conversations: list, play, export, verify, delete, pause.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
CallId = Annotated[str, typer.Argument(metavar="CALL", help="Id of the call.")]
Part = Annotated[
    int, typer.Option(min=1, max=9999, help="Which part: a pause or another operator begins one.")
]
Key = Annotated[
    Path | None, typer.Option(help="File with the private key; not needed where nothing is encrypted.")
]
_FINDINGS = {
    "without_call": "file of which no call is known",
    "without_file": "was recorded, and there is nothing of it",
    "gone": "its file is gone, and nobody deleted it here",
    "changed": "its file is not the one that was kept",
    "plain": "is not encrypted yet; the log of the service says why",
    "undeleted": "its file is there, and was deleted; the service removes it",
    "foreign": "is no recording; what it is, and whether it may go, is yours to say",
}


@app.command(name="list")
def list_(
    *,
    line: Annotated[str | None, typer.Option(help="Only of callers of this line.")] = None,
    queue: Annotated[str | None, typer.Option(help="Only of callers of this queue.")] = None,
    operator: Annotated[str | None, typer.Option(help="Only of calls that this operator took.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only from this moment on: 2026-11-27T08:00:00+01:00.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Only before this moment.")] = None,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Those too whose file has been deleted.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The newest so many.")] = 50,
    numbers: Annotated[bool, typer.Option("--numbers", help="Callers' numbers in full.")] = False,
    as_json: Json = False,
) -> None:
    """List recordings, newest first: of which call, how long, and whose."""
    options = (("line", line), ("queue", queue), ("operator", operator), ("since", since), ("until", until))
    query = {"limit": str(limit), **{name: value for name, value in options if value}}
    query |= {name: "true" for name, said in (("numbers", numbers), ("deleted", deleted)) if said}
    answer = _client().get("/recordings", **query)
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/recordings/1", **answer}))
        return
    if not answer["recordings"]:
        typer.echo("no recordings")
    for each in answer["recordings"]:
        typer.echo(_in_words(each))


@app.command()
def play(call: CallId, *, part: Part = 1, key: Key = None) -> None:
    """Play a part; the operator is on the left, the caller on the right. It stands in the trail."""
    from tempfile import TemporaryDirectory

    from hotline_ivr.cli.player import played

    with TemporaryDirectory(prefix="hotline-") as folder:
        file = Path(folder) / "talk.wav"
        _open(call, part, key, file)
        if not played(file):
            typer.echo("this machine plays no sound: use `hotline recordings export`", err=True)
            raise typer.Exit(EXIT_FINDINGS)


@app.command()
def export(
    call: CallId,
    *,
    out: Annotated[Path, typer.Option(help="WAV file to write; .age writes it as it is kept, encrypted.")],
    part: Part = 1,
    key: Key = None,
) -> None:
    """Write a part into a file. It stands in the trail."""
    if out.suffix == ".age":
        _client().download(_path(call, part), out)
    else:
        _open(call, part, key, out)
    typer.echo(f"{out}: {out.stat().st_size} bytes")


@app.command()
def verify(
    *,
    thorough: Annotated[bool, typer.Option("--thorough", help="Read every file too.")] = False,
    as_json: Json = False,
) -> None:
    """Look for files without a call, parts without a file, changed and foreign files. Exit code 1 for any."""
    answer = _client(900).get("/recordings/strays", **({"thorough": "true"} if thorough else {}))
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/recordings-strays/1", **answer}))
    else:
        for kind, words in _FINDINGS.items():
            for name in answer[kind]:
                typer.echo(f"{_clean(name)}: {words}")
    if any(answer.values()):
        raise typer.Exit(EXIT_FINDINGS)
    if not as_json:
        typer.echo("every recording has its call, and every recorded call its recordings")


@app.command()
def delete(
    call: CallId,
    *,
    part: Annotated[int | None, typer.Option(min=1, max=9999, help="Only this part.")] = None,
    as_json: Json = False,
) -> None:
    """Delete the recording of a call for good. Its rows stay, and say who did. One that goes on stops."""
    answer = _client().delete(f"/recordings/{_id(call)}" + ("" if part is None else f"?part={part}"))
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/recordings-deleted/1", **answer}))
    else:
        typer.echo(f"{_clean(call)}: {answer['deleted']} deleted")


@app.command()
def pause(call: CallId, *, as_json: Json = False) -> None:
    """Pause the recording of a call under way, for what nobody may keep; it goes on by itself."""
    _change(call, "pause", as_json=as_json)


@app.command()
def resume(call: CallId, *, as_json: Json = False) -> None:
    """Go on with the recording of a call under way."""
    _change(call, "resume", as_json=as_json)


@app.command()
def keygen(
    *,
    out: Annotated[Path, typer.Option(help="New file for the private key: keep it away from this machine.")],
) -> None:
    """Make a pair of keys: the private one goes into a file, the public one is shown for `public_keys`."""
    import os

    from hotline_ivr.control.recording_seal import make_key
    from hotline_ivr.errors import ArgumentError

    private, public = make_key()
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ArgumentError(f"{out}: cannot be made ({error.strerror})") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"# public key: {public}\n{private}\n")
    typer.echo(public)


def _change(call: str, does: str, *, as_json: bool) -> None:
    answer = _client().post(f"/recordings/{_id(call)}/{does}")
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/recording-tape/1", **answer}))
        return
    until = f" until {_clock(answer['resumes_at'])}" if answer["resumes_at"] else ""
    typer.echo(f"{_clean(call)}: {answer['state']}{until}")


def _open(call: str, part: int, key: Path | None, target: Path) -> None:
    """Fetch a part and decrypt it into a WAV file. What cannot be opened leaves no file behind."""
    from tempfile import TemporaryDirectory

    from hotline_ivr.control.recording_seal import open_sealed, read_private_keys
    from hotline_ivr.errors import ArgumentError

    keys = read_private_keys(key) if key is not None else []
    with TemporaryDirectory(prefix=".hotline-", dir=_folder(target)) as folder:
        sealed, opened = Path(folder) / "sealed", Path(folder) / "opened"
        _client().download(_path(call, part), sealed)
        with sealed.open("rb") as source:
            if source.read(4) == b"RIFF":
                sealed.replace(target)
                return
            source.seek(0)
            if not keys:
                raise ArgumentError(
                    f"{call}.{part} is encrypted: name the file of its private key with --key"
                )
            with opened.open("wb") as file:
                open_sealed(source, file, keys, f"{call}.{part}")
        opened.replace(target)


def _folder(target: Path) -> Path:
    from hotline_ivr.errors import ArgumentError

    if not target.parent.is_dir():
        raise ArgumentError(f"{target.parent}: there is no such folder")
    return target.parent


def _path(call: str, part: int) -> str:
    return f"/recordings/{_id(call)}/{part}/audio"


def _in_words(each: dict[str, Any]) -> str:
    minutes, rest = divmod(round(each["length_s"]), 60)
    gone = f"  deleted by {_clean(each['deleted_by'])}" if each["deleted_at"] else ""
    sealed = "" if each["encrypted"] else "  NOT ENCRYPTED"
    who = _clean(each["caller"] or "withheld")
    when, length = _clock(each["recorded_at"]), f"{minutes}:{rest:02}"
    whose = f"{each['line']}  {each['queue']}  {each['operator']}  {who}"
    return f"{each['id']}  part {each['part']}  {when}  {length}  {whose}{sealed}{gone}"


def _id(call: str) -> str:
    """The id as a part of a path: the service says what is wrong with it."""
    from urllib.parse import quote

    return quote(call, safe="") or "-"


def _clean(text: str) -> str:
    from hotline_ivr.routing.caller import clean_text

    return clean_text(text, 80)


def _clock(text: str) -> str:
    from datetime import datetime

    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S}"


def _client(deadline: float | None = None) -> LocalClient:
    from hotline_ivr.launch.local_client import LocalClient
    from hotline_ivr.settings import Settings

    settings = Settings.from_environment()
    return LocalClient(settings) if deadline is None else LocalClient(settings, deadline=deadline)

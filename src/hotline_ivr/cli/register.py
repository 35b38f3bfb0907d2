"""`hotline register`: what was asked and answered. The service does it; only an import needs none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotline_ivr.config.entry_kinds import EntryOutcome, Way

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hotline_ivr.launch.local_client import LocalClient

app = typer.Typer(
    help="What was asked and answered: list, show, search, add, change, due, done, import, imports.",
    invoke_without_command=True,
)

EXIT_FINDINGS = 1

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
Numbers = Annotated[bool, typer.Option("--numbers", help="Show numbers in full.")]
EntryId = Annotated[str, typer.Argument(metavar="ID", help="Id of the entry, as in the list.")]
Line = Annotated[str | None, typer.Option(help="Id of a line.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="At most so many.")]
Since = Annotated[
    str | None, typer.Option(help="Asked from this time on: 2026-08-01 or 2026-08-01T09:30[+02:00].")
]
Until = Annotated[str | None, typer.Option(help="Asked before this time.")]
Topic = Annotated[str | None, typer.Option(help="Id of a topic.")]
Outcome = Annotated[EntryOutcome | None, typer.Option(help="What became of the question.")]
Operator = Annotated[str | None, typer.Option(help="Id of the operator who answered.")]
Question = Annotated[str | None, typer.Option(help="What was asked.")]
Answer = Annotated[str | None, typer.Option(help="What was answered.")]
Prepared = Annotated[str | None, typer.Option(help="Id of the prepared answer that was given.")]
Variant = Annotated[str | None, typer.Option(help="Which variant of it.")]
HeardOf = Annotated[str | None, typer.Option("--heard-of", help="Advertising channel: how they heard of us.")]
Number = Annotated[str | None, typer.Option(help="A number of its own.")]
Tag = Annotated[list[str] | None, typer.Option(help="A word to find it by; several times for several.")]
Due = Annotated[str | None, typer.Option(help="Day until which something is still to be done: 2026-12-01.")]
Owner = Annotated[str | None, typer.Option(help="Operator who sees to that.")]
Note = Annotated[str, typer.Option(help="What is to be done.")]


@app.callback()
def register(context: typer.Context, *, numbers: Numbers = False, as_json: Json = False) -> None:
    """List the newest entries."""
    if context.invoked_subcommand is None:
        _listed("/entries", {"limit": "50"}, numbers=numbers, as_json=as_json)


@app.command(name="list")
def list_(
    *,
    since: Since = None,
    until: Until = None,
    line: Line = None,
    call: Annotated[str | None, typer.Option(help="About this call.")] = None,
    topic: Annotated[str | None, typer.Option(help="Of this topic, or of one below it.")] = None,
    outcome: Outcome = None,
    operator: Operator = None,
    tag: Annotated[str | None, typer.Option(help="With this tag.")] = None,
    limit: Limit = 50,
    numbers: Numbers = False,
    as_json: Json = False,
) -> None:
    """List entries, newest first. A time without a zone is on this machine's clock."""
    query = _query(line=line, call=call, topic=topic, outcome=outcome, operator=operator, tag=tag)
    query |= _query(since=_moment(since), until=_moment(until), limit=str(limit))
    _listed("/entries", query, numbers=numbers, as_json=as_json)


@app.command()
def show(entry_id: EntryId, *, numbers: Numbers = False, as_json: Json = False) -> None:
    """Show one entry, and who changed what in it."""
    from hotline_ivr.cli.register_view import print_shown, story_view

    answer = _client().get(_path(entry_id), **({"numbers": "true"} if numbers else {}))
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/entry/1", **answer}))
    else:
        print_shown(story_view(answer))


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="Words that must all be there.")],
    *,
    line: Line = None,
    topic: Topic = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many.")] = 20,
    numbers: Numbers = False,
    as_json: Json = False,
) -> None:
    """Find entries by words of question, tags and answer, the best first; beginnings of words are enough."""
    from hotline_ivr.cli.register_view import found_view, print_shown

    query = _query(q=" ".join(words), line=line, topic=topic, limit=str(limit))
    answer = _client().get("/entries/search", **query, **({"numbers": "true"} if numbers else {}))
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/entries-found/1", **answer}))
        return
    print_shown(found_view(answer["found"]))
    if answer["next"] is not None:
        typer.echo("there are more: another word narrows it, --limit shows up to 100", err=True)


@app.command()
def due(
    *,
    owner: Owner = None,
    line: Line = None,
    until: Annotated[str | None, typer.Option(help="Due by this day; today unless told otherwise.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Whenever they are due.")] = False,
    limit: Limit = 50,
    numbers: Numbers = False,
    as_json: Json = False,
) -> None:
    """List what is still to be done and due, that which is due first at the head."""
    query = _query(owner=owner, line=line, until=until, limit=str(limit))
    if everything:
        query["all"] = "true"
    _listed("/entries/follow-ups", query, numbers=numbers, as_json=as_json)


@app.command()
def add(
    *,
    outcome: Annotated[
        EntryOutcome, typer.Option(help="What became of the question.")
    ] = EntryOutcome.ANSWERED,
    call: Annotated[str | None, typer.Option(help="Id of the call it is about; it may still be up.")] = None,
    line: Line = None,
    way: Annotated[Way | None, typer.Option(help="How it came, where there was no call.")] = None,
    at: Annotated[str | None, typer.Option(help="When it was asked, where there was no call.")] = None,
    operator: Operator = None,
    topic: Topic = None,
    question: Question = None,
    answer: Answer = None,
    prepared: Prepared = None,
    variant: Variant = None,
    heard_of: HeardOf = None,
    number: Number = None,
    tag: Tag = None,
    due_day: Annotated[
        str | None, typer.Option("--due", help="Until which day something is still to be done.")
    ] = None,
    owner: Owner = None,
    note: Note = "",
    as_json: Json = False,
) -> None:
    """Write an entry, about a call or about a visit, an e-mail or a letter."""
    from hotline_ivr.errors import ArgumentError

    body: dict[str, object] = _query(outcome=outcome, call=call, line=line, way=way, at=_moment(at))
    body |= _query(operator=operator, topic=topic, question=question, answer=answer, prepared=prepared)
    body |= _query(variant=variant, heard_of=heard_of, number=number)
    if tag:
        body["tags"] = tag
    if due_day is not None:
        body["follow_up"] = {"due": due_day, "owner": owner or "", "note": note}
    elif owner or note:
        raise ArgumentError("a follow-up needs its day: --due 2026-12-01")
    _written(_client().post("/entries", body), as_json=as_json)


@app.command()
def change(
    entry_id: EntryId,
    *,
    seen: Annotated[
        int | None, typer.Option("--seen", help="The version that you saw; left out, the latest one.")
    ] = None,
    outcome: Outcome = None,
    operator: Operator = None,
    topic: Topic = None,
    question: Question = None,
    answer: Answer = None,
    prepared: Prepared = None,
    variant: Variant = None,
    heard_of: HeardOf = None,
    tag: Tag = None,
    as_json: Json = False,
) -> None:
    """Change an entry; an empty text empties a field. Each version is kept."""
    body: dict[str, object] = _query(outcome=outcome, operator=operator, topic=topic, question=question)
    body |= _query(answer=answer, prepared=prepared, variant=variant, heard_of=heard_of)
    if tag is not None:
        body["tags"] = tag
    client = _client()
    version = client.get(_path(entry_id))["entry"]["version"] if seen is None else seen
    _written(client.patch(_path(entry_id), {**body, "version": version}), as_json=as_json)


@app.command()
def done(
    entry_id: EntryId,
    *,
    note: Annotated[str | None, typer.Option(help="What was done.")] = None,
    as_json: Json = False,
) -> None:
    """Say that what was still to be done is done."""
    from hotline_ivr.errors import ArgumentError

    client = _client()
    entry = client.get(_path(entry_id))["entry"]
    todo = entry["follow_up"]
    if todo is None:
        raise ArgumentError(f"entry {entry['id']} has nothing that is still to be done")
    kept = {"due": todo["due"], "owner": todo["owner"], "note": note or todo["note"], "done": True}
    _written(client.patch(_path(entry_id), {"version": entry["version"], "follow_up": kept}), as_json=as_json)


@app.command(name="import")
def import_(
    file: Annotated[
        Path | None, typer.Argument(help="Spreadsheet that was kept before: CSV or XLSX.")
    ] = None,
    *,
    line: Line = None,
    sheet: Annotated[str | None, typer.Option(help="Name of the sheet, where there are several.")] = None,
    mapped: Annotated[
        list[str] | None,
        typer.Option("--map", help="COLUMN=FIELD: what a column holds; COLUMN=- leaves it out."),
    ] = None,
    dates: Annotated[
        str, typer.Option(help="How 03/04/2026 is meant: dmy, mdy, or auto, which looks at all of them.")
    ] = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be imported.")] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Import the good rows without the bad ones.")
    ] = False,
    due: Annotated[
        str | None,
        typer.Option(help="Day of follow-ups that stand in their row without one: 2026-12-01."),
    ] = None,
    shorten: Annotated[
        bool, typer.Option("--shorten", help="Cut texts and tags that are too long, and say where.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Write what was changed in the sheet since it was imported.")
    ] = False,
    undo: Annotated[
        str | None,
        typer.Option(metavar="BATCH", help="Take an import back instead: its id, as `imports` lists it."),
    ] = None,
    changed_too: Annotated[
        bool, typer.Option("--changed-too", help="With --undo: also entries that were changed since.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take a spreadsheet into the register: all rows or none, and each row once. Or take that back."""
    import asyncio

    if undo is not None or file is None:
        _take_back(undo, file, changed_too=changed_too, dry_run=dry_run, as_json=as_json)
        return

    from hotline_ivr.cli.person import person
    from hotline_ivr.cli.register_view import import_view
    from hotline_ivr.launch.register_import import import_sheet
    from hotline_ivr.launch.register_sheet import Wanted
    from hotline_ivr.settings import Settings

    given = tuple(mapped or ())
    options = {"dry_run": dry_run, "skip_bad": skip_bad, "shorten": shorten, "update": update}
    wanted = Wanted(file, line, sheet, given, dates, person(), due=due, **options)
    found = asyncio.run(import_sheet(Settings.from_environment(), wanted, datetime.now(UTC)))
    if as_json:
        typer.echo(json.dumps(found.as_json()))
    else:
        import_view(found)
    if found.refused:
        raise typer.Exit(EXIT_FINDINGS)


def _take_back(
    batch: str | None, file: Path | None, *, changed_too: bool, dry_run: bool, as_json: bool
) -> None:
    import asyncio

    from hotline_ivr.cli.person import person
    from hotline_ivr.errors import ArgumentError
    from hotline_ivr.launch.register_undo import take_back
    from hotline_ivr.settings import Settings

    if batch is None or file is not None:
        raise ArgumentError("name a spreadsheet, or with --undo the import that is to be taken back")
    settings, now = Settings.from_environment(), datetime.now(UTC)
    done = asyncio.run(take_back(settings, batch, person(), now, changed_too=changed_too, dry_run=dry_run))
    typer.echo(json.dumps(done.as_json()) if as_json else done.summary)
    if done.stays:
        raise typer.Exit(EXIT_FINDINGS)


@app.command()
def imports(*, limit: Limit = 50, as_json: Json = False) -> None:
    """List the imports of spreadsheets, newest first, with the ids by which they are taken back."""
    import asyncio

    from hotline_ivr.cli.register_view import batches_as_json, batches_view, print_shown
    from hotline_ivr.launch.register_undo import list_batches
    from hotline_ivr.settings import Settings

    found = asyncio.run(list_batches(Settings.from_environment(), limit))
    if as_json:
        typer.echo(json.dumps(batches_as_json(found)))
    else:
        print_shown(batches_view(found))


def _listed(path: str, query: Mapping[str, str], *, numbers: bool, as_json: bool) -> None:
    from hotline_ivr.cli.register_view import entries_table, print_shown

    answer = _client().get(path, **({**query, "numbers": "true"} if numbers else query))
    if as_json:
        typer.echo(json.dumps({"schema": "hotline/entries/1", **answer}))
        return
    print_shown(entries_table(answer["entries"]))
    if answer["next"] is not None:
        typer.echo("there are more: --limit shows up to 500", err=True)


def _written(entry: dict[str, Any], *, as_json: bool) -> None:
    from hotline_ivr.cli.register_view import entries_table, print_shown

    if as_json:
        typer.echo(json.dumps({"schema": "hotline/entry/1", "entry": entry}))
    else:
        print_shown(entries_table([entry]))


def _query(**values: str | None) -> dict[str, Any]:
    return {name: str(value) for name, value in values.items() if value is not None}


def _moment(text: str | None) -> str | None:
    """A time of the command line as the service reads it."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time: write 2026-08-01 or 2026-08-01T09:30") from None
    return moment.astimezone().isoformat()


def _client() -> LocalClient:
    from hotline_ivr.launch.local_client import LocalClient
    from hotline_ivr.settings import Settings

    return LocalClient(Settings.from_environment())


def _path(entry_id: str) -> str:
    """The service says what is wrong with an id."""
    from urllib.parse import quote

    return f"/entries/{quote(entry_id, safe='') or '-'}"

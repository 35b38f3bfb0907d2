"""How the register looks on a terminal, from what the service answered. Times are on this machine's clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hotline_ivr.cli.floor_view import console
from hotline_ivr.routing.caller import clean_text

if TYPE_CHECKING:
    from hotline_ivr.launch.register_import import Imported
    from hotline_ivr.store.register_batches import Batch

_WIDEST = 200
_SHOWN_ROWS = 10
_SHOWN_REFUSED = 50

Answer = Mapping[str, Any]


def print_shown(shown: RenderableType) -> None:
    console().print(shown)


def entries_table(entries: Sequence[Answer]) -> RenderableType:
    """What was asked when, about what, and what became of it."""
    if not entries:
        return Text("no entries")
    table = _table("id", "asked", "line", "by", "topic", "outcome", "question", "follow-up")
    for each in entries:
        table.add_row(
            each["id"],
            _moment(each["at"]),
            each["line"],
            _text(each["operator"] or each["created_by"]),
            _text(each["topic_words"] or each["topic"]),
            each["outcome"],
            _text(_question(each)),
            _text(_follow_up(each)),
        )
    return table


def found_view(found: Sequence[Answer]) -> RenderableType:
    """Each hit with the place in which the words stand."""
    if not found:
        return Text("nothing was found")
    table = _table("id", "asked", "topic", "outcome", "where", "")
    for each in found:
        entry, snippet = each["entry"], each["snippet"]
        table.add_row(
            entry["id"],
            _moment(entry["at"]),
            _text(entry["topic_words"]),
            entry["outcome"],
            snippet["field"],
            _marked(snippet),
        )
    return table


def story_view(answer: Answer) -> RenderableType:
    """One entry with everything, and its history."""
    entry = answer["entry"]
    facts = Table(box=None, pad_edge=False, show_header=False)
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _facts(entry):
        if value:
            facts.add_row(name, _text(value, lines=True))
    history = _table("version", "at", "by", "via", "changed")
    for each in answer["versions"]:
        changed = "; ".join(_change(change) for change in each["changes"]) or "written"
        history.add_row(
            str(each["version"]), _moment(each["at"]), _text(each["by"]), each["via"], _text(changed)
        )
    return Group(facts, Text(), history)


def import_view(done: Imported) -> None:
    """What an import did, or would do, and what was refused where."""
    screen = console()
    for column, field in done.columns:
        screen.print(_text(f"column {column}: {field or 'left out'}"))
    table = _table("row", "asked", "line", "topic", "outcome", "question")
    for row, entry in done.rows[:_SHOWN_ROWS]:
        table.add_row(
            str(row),
            entry.at.astimezone().strftime("%Y-%m-%d %H:%M"),
            entry.line,
            _text(entry.topic_words),
            entry.outcome.value,
            _text(entry.text.question),
        )
    if done.rows and done.dry_run:
        screen.print(table)
        if len(done.rows) > _SHOWN_ROWS:
            screen.print(Text(f"... and {len(done.rows) - _SHOWN_ROWS} more"))
    for each in done.refused[:_SHOWN_REFUSED]:
        screen.print(_text(f"row {each.row}, column {each.column}: {each.message}"), style="red")
    if len(done.refused) > _SHOWN_REFUSED:
        screen.print(Text(f"... and {len(done.refused) - _SHOWN_REFUSED} more"))
    for number, column in done.shortened[:_SHOWN_REFUSED]:
        screen.print(_text(f"row {number}, column {column}: is too long and is cut"))
    if len(done.shortened) > _SHOWN_REFUSED:
        screen.print(Text(f"... and {len(done.shortened) - _SHOWN_REFUSED} more"))
    for change in done.changes[:_SHOWN_REFUSED]:
        clash = " in the register too" if change.entry is None else ""
        fields = ", ".join(change.fields)
        screen.print(_text(f"row {change.row}, entry {change.entry_id}: changed{clash}: {fields}"))
    if len(done.changes) > _SHOWN_REFUSED:
        screen.print(Text(f"... and {len(done.changes) - _SHOWN_REFUSED} more"))
    screen.print(_text(done.summary))
    if done.batch:
        screen.print(_text(f"hotline register import --undo {done.batch} takes this back"))


def batches_view(batches: Sequence[Batch]) -> RenderableType:
    """Imports, and what became of each."""
    if not batches:
        return Text("no imports")
    table = _table("id", "at", "by", "file", "new", "updated", "taken back")
    for each in batches:
        undone = each.undone_at.astimezone().strftime("%Y-%m-%d %H:%M") if each.undone_at else ""
        table.add_row(
            each.id,
            each.imported_at.astimezone().strftime("%Y-%m-%d %H:%M"),
            _text(each.imported_by),
            _text(each.file),
            str(each.added),
            str(each.updated),
            _text(f"{undone} {each.undone_by}".strip()),
        )
    return table


def batches_as_json(batches: Sequence[Batch]) -> dict[str, Any]:
    """The same for programs. Times are in UTC."""
    return {
        "schema": "hotline/register-imports/1",
        "imports": [
            {
                "id": each.id,
                "node": each.node,
                "file": each.file,
                "imported_at": each.imported_at.isoformat(),
                "imported_by": each.imported_by,
                "added": each.added,
                "updated": each.updated,
                "undone_at": each.undone_at.isoformat() if each.undone_at else None,
                "undone_by": each.undone_by,
            }
            for each in batches
        ],
    }


def _facts(entry: Answer) -> Iterator[tuple[str, str]]:
    yield "entry", f"{entry['id']}, version {entry['version']}"
    yield "asked", f"{_moment(entry['at'])}, {entry['way']}, line {entry['line']}"
    yield "call", entry["call"] or ""
    yield "number", entry["number"] or entry["caller"]
    yield "operator", entry["operator"]
    yield "language", entry["language"]
    yield "topic", f"{entry['topic_words']} ({entry['topic']})" if entry["topic"] else ""
    yield "question", entry["question"] or ""
    prepared = f"{entry['prepared']} {entry['variant']}".strip()
    yield "prepared answer", f"{prepared}: {entry['prepared_title']}" if prepared else ""
    yield "given", _given(entry)
    yield "answer", entry["answer"] or ""
    yield "outcome", f"{entry['outcome_words']} ({entry['outcome']})"
    yield "heard of us by", entry["heard_of_words"] or entry["heard_of"]
    yield "tags", ", ".join(entry["tags"] or ())
    yield "follow-up", _follow_up(entry)
    yield "erased", _moment(entry["erased_at"]) if entry["erased_at"] else ""


def _given(entry: Answer) -> str:
    """What the prepared answer said then, and not what the configuration says today."""
    if entry["prepared"] and entry["prepared_text"] is None:
        return "(not known what it said then)"
    return str(entry["prepared_text"] or "")


def _follow_up(entry: Answer) -> str:
    todo = entry["follow_up"]
    if todo is None:
        return ""
    stands = f"done by {todo['done_by']}" if todo["done"] else f"due {todo['due']}"
    note = f": {todo['note']}" if todo["note"] else ""
    return f"{stands}{' ' + todo['owner'] if todo['owner'] else ''}{note}"


def _question(entry: Answer) -> str:
    if entry["erased_at"]:
        return "(erased)"
    return str(entry["question"] or "")


def _change(change: Answer) -> str:
    return f"{change['field']}: {_value(change['before'])} -> {_value(change['after'])}"


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    return "nothing" if value in {None, ""} else str(value)


def _marked(snippet: Answer) -> Text:
    # Marks count characters of the text as it came, so it is shown as it is but for what does not print.
    shown = Text("".join(c if c.isprintable() else " " for c in snippet["text"]))
    for begin, end in snippet["marks"]:
        shown.stylize("bold", begin, end)
    return shown


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")


def _text(text: str, *, lines: bool = False) -> Text:
    if not lines:
        return Text(clean_text(text, _WIDEST))
    return Text("\n".join(clean_text(line, 4000) for line in text.split("\n")))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=column in {"id", "asked", "at", "version"})
    return table

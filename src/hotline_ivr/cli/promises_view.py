"""How promises look on a terminal, from what the service answered. Times are on this machine's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hotline_ivr.cli.floor_view import console
from hotline_ivr.routing.caller import clean_text

_WIDEST = 120

Answer = Mapping[str, Any]


def print_shown(shown: RenderableType) -> None:
    console().print(shown)


def promises_table(promises: Sequence[Answer]) -> RenderableType:
    """Whom to ring, since when, why, and who sees to it."""
    if not promises:
        return Text("nobody is owed a call")
    table = _table("id", "number", "line", "queue", "since", "age", "why", "calls", "tries", "taken by", "")
    for each in promises:
        table.add_row(
            each["id"],
            _text(each["number"] or "withheld"),
            each["line"],
            each["queue"],
            _moment(each["opened_at"]),
            age_text(each["age_s"]),
            " ".join(each["reasons"]),
            str(each["calls"]),
            str(each["tries"]),
            each["owner"] or "",
            _text(_ending(each)),
        )
    return table


def story_view(answer: Answer) -> RenderableType:
    """One promise, its calls, and what was done."""
    calls = _table("at", "call", "outcome", "line", "queue")
    for each in answer["calls"]:
        calls.add_row(_moment(each["at"]), each["id"], each["outcome"], each["line"], each["queue"])
    acts = _table("at", "what", "by", "")
    for each in answer["acts"]:
        said = " ".join(part for part in (each["operator"], each["note"]) if part)
        acts.add_row(_moment(each["at"]), each["kind"], _text(each["by"]), _text(said))
    parts: list[RenderableType] = [promises_table([answer["promise"]]), Text(), calls]
    if answer["acts"]:
        parts += [Text(), acts]
    return Group(*parts)


def age_text(seconds: float) -> str:
    """As people say it: 40 s, 12 min, 5 h, 3 d."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def _ending(each: Answer) -> str:
    note = str(each["note"] or "")
    if each["state"] == "open":
        return note
    return f"{each['state']} {_moment(each['closed_at'])} by {each['closed_by']}" + (
        f": {note}" if note else ""
    )


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _text(text: str) -> Text:
    return Text(clean_text(text, _WIDEST))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=column in {"id", "since", "at", "call"})
    return table

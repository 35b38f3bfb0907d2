"""How the floor looks on a terminal: lines, queues and operators, from what the service answered.

Times are on this machine's clock, which is what a person at its terminal reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from hotline_ivr.routing.caller import clean_text

WIDEST = 120
# A pipe has no width: as wide as the widest row that people still read in one piece.
PIPE_WIDTH = 160

Answer = Mapping[str, Any]

_COLOURS = {"ready": "green", "paused": "yellow", "wrap-up": "yellow", "signed-out": "dim"}


def console() -> Console:
    """As wide as the terminal; a pipe gets whole rows."""
    made = Console(highlight=False)
    if not made.is_terminal:
        made.width = PIPE_WIDTH
    return made


def status_view(floor: Answer) -> RenderableType:
    """The whole floor."""
    parts: list[RenderableType] = [_heading(floor), _lines(floor["lines"]), Text()]
    parts += [_queues(floor["queues"]), Text(), operators_table(floor["operators"], floor["at"])]
    return Group(*parts)


def operators_table(operators: Sequence[Answer], at: str) -> RenderableType:
    """Who stands where, and why one is not rung."""
    if not operators:
        return Text("no operators in the configuration")
    breaks = any(each["next_break"] for each in operators)
    devices = any(each["devices"] for each in operators)
    more = [*(["at"] if devices else []), *(["next break"] if breaks else [])]
    table = _table("operator", "standing", "since", *more, "not rung because")
    for each in operators:
        standing = each["standing"] or "not known yet"
        table.add_row(
            _text(f"{each['id']} ({each['name']})"),
            _text(_standing(each), _COLOURS.get(standing, "")),
            _text(f"{_clock(each['since'], at)} {_span(each['since'], at)}".strip()),
            *([_text(_devices(each["devices"]))] if devices else []),
            *([_text(_next_break(each["next_break"], at))] if breaks else []),
            _text("; ".join(_why(found, at) for found in each["why_not_rung"]) or "would be rung"),
        )
    return table


def periods_table(periods: Sequence[Answer], at: str) -> RenderableType:
    """The pause ledger."""
    if not periods:
        return Text("nothing in the pause ledger for this time")
    table = _table("operator", "from", "until", "length", "standing", "by")
    for each in periods:
        standing = f"{each['standing']} {each['reason']}".strip()
        by = each["began_by"] + (f", ended by {each['ended_by']}" if each["ended_by"] else "")
        cells = (
            each["operator"],
            _full(each["began_at"]),
            _full(each["ended_at"]) if each["ended_at"] else "",
            _span(each["began_at"], each["ended_at"] or at),
            standing,
            by,
        )
        table.add_row(*(_text(cell) for cell in cells))
    return table


def _heading(floor: Answer) -> Text:
    heading = Text(f"{_full(floor['at'])}  configuration {clean_text(str(floor['plan_version']), 20)}")
    if not floor["linked"]:
        heading.append("\nno link to Asterisk: what phones do and who waits is not known now", "bold red")
    return heading


def _lines(lines: Sequence[Answer]) -> RenderableType:
    table = _table("line", "now", "until", "by")
    for each in lines:
        until = _full(each["until"])[:16] if each["until"] else "further notice"
        by = "hand" if each["by_hand"] else each["rule"]
        colour = "green" if each["open"] else "dim"
        table.add_row(
            _text(each["id"]), _text("open" if each["open"] else "closed", colour), _text(until), _text(by)
        )
    return table


def _queues(queues: Sequence[Answer]) -> RenderableType:
    counts = ("ready", "ringing", "talking", "paused", "away")
    table = _table("queue", "waiting", "longest", *counts)
    for column in table.columns[1:]:
        column.justify = "right"
    for each in queues:
        longest = "" if each["longest_wait_s"] is None else length(each["longest_wait_s"])
        nobody = each["waiting"] and not (each["ready"] or each["ringing"] or each["talking"])
        table.add_row(
            _text(each["id"]),
            _text(str(each["waiting"]), "bold red" if nobody else ""),
            _text(longest),
            *(_text(str(each[name])) for name in counts),
        )
    return table


def _standing(operator: Answer) -> str:
    parts = [operator["standing"] or "not known yet", operator["reason"]]
    if operator["over_limit"]:
        parts.append("(over its limit)")
    return " ".join(part for part in parts if part)


def _devices(devices: Sequence[Answer]) -> str:
    """`desk, soft (off)`: the one that is rung with a star."""
    states = {True: "", False: " (off)", None: " (not known)"}
    return ", ".join(f"{'*' if each['rung'] else ''}{each['id']}{states[each['there']]}" for each in devices)


def _next_break(ahead: Answer | None, at: str) -> str:
    if ahead is None:
        return ""
    waits = f", place {ahead['place']}" if ahead["place"] else ""
    return f"{ahead['kind']} {_clock(ahead['begins'], at)[:-3]} (in {ahead['minutes']} min{waits})"


def _why(found: Answer, at: str) -> str:
    until = f" until {_clock(found['until'], at)}" if found["until"] else ""
    return f"{found['text']}{until}"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _text(text: str, style: str = "") -> Text:
    # Names come from whoever wrote the configuration, reasons from whoever paused.
    return Text(clean_text(text, WIDEST), style)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone()


def _full(text: str) -> str:
    return f"{_moment(text):%Y-%m-%d %H:%M:%S}"


def _clock(text: str | None, at: str) -> str:
    """The time of day; with the date where that is another one than today's."""
    if text is None:
        return ""
    moment = _moment(text)
    return f"{moment:%H:%M:%S}" if moment.date() == _moment(at).date() else f"{moment:%Y-%m-%d %H:%M}"


def _span(since: str | None, at: str) -> str:
    return "" if since is None else f"({length((_moment(at) - _moment(since)).total_seconds())})"


def length(seconds: float) -> str:
    """A length of time as people read it: 12 s, 3:05, 1:02:03."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

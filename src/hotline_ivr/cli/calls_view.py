"""How calls of the record look on a terminal, or as JSON, and where they come from.

A caller's number and name are personal: numbers are masked and names left out, unless --numbers asks for
them. Text is cleaned before it is printed, whoever wrote it into the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection

from hotline_ivr.cli.person import person
from hotline_ivr.config.check import check
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.routing.caller import clean_text, mask
from hotline_ivr.routing.disclosure import outside_number
from hotline_ivr.routing.entries import Entry
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.routing.timeline import Moment
from hotline_ivr.settings import Settings
from hotline_ivr.store.columns import from_micros, to_micros
from hotline_ivr.store.queries import CallStory, StoredCall, StoredLeg
from hotline_ivr.store.reading import read_once

Result = TypeVar("Result")

WIDEST = 80
_LEAST_WIDTH = 132


# What is shown.


def calls_table(found: list[StoredCall], zones: dict[str, ZoneInfo], *, numbers: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("arrived", "line", "caller", "outcome", "stage", "wait", "talk", "operator", "id"):
        table.add_column(name, no_wrap=True, justify="right" if name in {"wait", "talk"} else "left")
    for call in found:
        cells = (
            local_time(call.arrived_at, zones.get(call.line)),
            call.line,
            shown_caller(call, numbers=numbers),
            call.outcome or "under way",
            call.stage,
            seconds(call.wait_ms),
            seconds(call.talk_ms),
            call.operator or "",
            call.id,
        )
        table.add_row(*(Text(clean_text(cell, WIDEST)) for cell in cells))
    return table


def timeline_table(moments: list[Moment], arrived_at: int) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for moment in moments:
        after = f"+{max(0, moment.at - arrived_at) / 1_000_000:.3f} s" if moment.exact else ""
        table.add_row(Text(after), Text(moment.text))
    return table


def heading(call: StoredCall, zone: ZoneInfo | None, *, numbers: bool) -> str:
    """The call in a few lines."""
    parts = [
        f"{call.id}  {local_time(call.arrived_at, zone)}  line {call.line or '(none)'}, number {call.number}",
        f"caller {shown_caller(call, numbers=numbers) or '(withheld)'}, {call.outcome or 'under way'}"
        + (f" in {call.stage}" if call.outcome == Outcome.ABANDONED else "")
        + (f", ended by {call.ended_by}" if call.ended_by else ""),
    ]
    times = (("wait", call.wait_ms), ("talk", call.talk_ms), ("in all", call.total_ms))
    parts.append(", ".join(f"{name} {seconds(value)}" for name, value in times if value is not None))
    parts.append(f"decided by {call.route or 'nobody'}: {call.reasons}" if call.reasons else "")
    parts.append(f"pressed: {call.keys}" if call.keys else "")
    parts.append(_outside(call) if call.centre else "")
    parts.append(_recorded(call))
    parts.append(f"the two logs differ: {call.discrepancy}" if call.discrepancy else "")
    return "\n".join(clean_text(part, 400) for part in parts if part)


def talks(legs: Sequence[StoredLeg]) -> str:
    """Who talked with the caller for how long, at which of several telephones; empty for an only talk."""
    told = [each for each in legs if each.operator is not None and each.talk_ms is not None]
    if len(told) < 2 and not any(each.device for each in told):
        return ""
    names = (
        f"{each.operator}{f' ({each.device})' if each.device else ''} {seconds(each.talk_ms)}"
        for each in told
    )
    return clean_text(f"talked: {', '.join(names)}", 400)


def _recorded(call: StoredCall) -> str:
    """Whether it was recorded, and what the caller said to that; empty where nobody thought of it."""
    said = f"caller: {call.consent}" if call.consent else ""
    if not call.recorded:
        return f"not recorded, {said}" if said else ""
    return ", ".join(part for part in (f"recorded in {call.recorded} parts", said) if part)


def _outside(call: StoredCall) -> str:
    """What became of the call at a centre."""
    talked = (
        "nobody there took it" if call.outside_talk_ms is None else f"talk {seconds(call.outside_talk_ms)}"
    )
    pressed = f", key 1 {call.confirmation}" if call.confirmation else ""
    number = f", {call.outside_number}" if call.outside_number else ""
    return f"centre {call.centre}{number}: rang {seconds(call.outside_ring_ms)}, {talked}{pressed}"


def call_as_json(call: StoredCall, *, numbers: bool) -> dict[str, object]:
    """Every column; times in RFC 3339, UTC."""
    shown: dict[str, object] = {field.name: _plain(getattr(call, field.name)) for field in fields(StoredCall)}
    if not numbers:
        shown["caller"] = masked(call.caller)
        shown["caller_name"] = ""
        shown["outside_number"] = outside_number(call.kind, call.outside_number, masked)
    return shown


def story_as_json(story: CallStory, moments: list[Moment], *, numbers: bool) -> dict[str, object]:
    legs = [
        {field.name: _plain(getattr(leg, field.name)) for field in fields(StoredLeg)} for leg in story.legs
    ]
    arrived_at = to_micros(story.call.arrived_at)
    happened = [
        {
            "at": _plain(from_micros(moment.at)),
            "after_s": round((moment.at - arrived_at) / 1_000_000, 6),
            "event": moment.kind,
            "text": moment.text,
        }
        for moment in moments
    ]
    call = call_as_json(story.call, numbers=numbers)
    return {"schema": "hotline/call/1", "call": call, "legs": legs, "events": happened}


def entry_as_json(entry: Entry) -> dict[str, object]:
    """What was written about the call; all of it is in `hotline register show`."""
    text = entry.text
    return {
        "id": entry.id,
        "version": entry.version,
        "topic": entry.topic,
        "topic_words": entry.topic_words,
        "question": text.question,
        "answer": text.answer,
        "prepared": entry.prepared,
        "prepared_text": entry.prepared_text,
        "outcome": entry.outcome.value,
        "tags": list(text.tags),
        "operator": entry.operator,
        "changed_at": _plain(entry.changed_at),
        "changed_by": entry.changed_by,
    }


def entries_text(entries: Sequence[Entry]) -> str:
    """The same for people, a few lines for each."""
    lines = []
    for each in entries:
        topic = each.topic_words or each.topic or "no topic"
        lines.append(f"entry {each.id}: {topic}, {each.outcome.value}, by {each.changed_by}")
        said_of_it = (
            ("question", each.text.question),
            ("answer", each.text.answer),
            (f"prepared answer {each.prepared}", each.prepared_text or ""),
        )
        for name, said in said_of_it:
            lines += [f"  {name}: {said}"] if said else []
    # Cleaning takes blanks away, so lines are moved in after it.
    return "\n".join("  " * line.startswith(" ") + clean_text(line, 400) for line in lines)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value


def shown_caller(call: StoredCall, *, numbers: bool) -> str:
    if not numbers:
        return masked(call.caller)
    return f"{call.caller} {call.caller_name}".strip()


def masked(number: str) -> str:
    """A person's number without --numbers."""
    return mask(number, Settings.from_environment().visible_digits)


def note_numbers(settings: Settings, subject: str, **asked: object) -> None:
    """Who looks at numbers at this machine is an admin, and stands in the trail. Raises OSError."""
    details = {name: str(value) for name, value in asked.items() if value is not None}
    entry = AuditEntry(datetime.now(UTC), person(), "command", "numbers.read", subject, details)
    AuditTrail(settings.audit_file).note(entry)


def seconds(milliseconds: int | None) -> str:
    return "" if milliseconds is None else f"{milliseconds / 1000:.1f} s"


def local_time(moment: datetime, zone: ZoneInfo | None) -> str:
    """In the line's zone, or this machine's, with its offset."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z")


# Where it comes from.


def zones_of(settings: Settings) -> dict[str, ZoneInfo]:
    """Each line's time zone; empty if the configuration cannot be read, for the record outlives it."""
    plan = check(settings.config).plan
    return {} if plan is None else {name: ZoneInfo(line.time_zone) for name, line in plan.lines.items()}


def moment_of(text: str | None, zone: ZoneInfo | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time: write 2026-08-01 or 2026-08-01T09:30") from None
    if moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=zone) if zone is not None else moment.astimezone()


def read_store(settings: Settings, query: Callable[[Connection], Result]) -> Result:
    return asyncio.run(read_once(settings.database, query))


def print_shown(shown: Table | Text) -> None:
    console = Console()
    # On a narrow terminal a broken line is easier to read than broken words; a pipe has no width at all.
    console.width = max(console.width, _LEAST_WIDTH)
    console.print(shown)

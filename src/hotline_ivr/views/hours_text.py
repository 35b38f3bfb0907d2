"""Opening hours as a table, JSON, and an iCalendar feed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from hotline_ivr.config.hours import DAY_NAMES
from hotline_ivr.views.week import DayHours, LineHours, Open, clock_of

SCHEMA = "hotline/hours/1"
PUBLIC_SCHEMA = "hotline/public-hours/1"
_FOLD = 75  # octets a line, RFC 5545 section 3.1


def table(hours: LineHours) -> str:
    """A day a line, with a note where another rule than the week's decides."""
    days = (
        f"  {DAY_NAMES[day.day.weekday()][:3]} {day.day}  {_spans(day):<26}{day.note}".rstrip()
        for day in hours.days
    )
    return "\n".join([f"{hours.line.name} ({hours.line_id}), {hours.line.time_zone}", *days])


def as_json(hours: LineHours) -> dict[str, Any]:
    """What an admin's programs read; times with their offset from UTC."""
    days = [
        {
            "date": day.day.isoformat(),
            "open": [{**_stretch(span), "rule": span.rule.name} for span in day.spans],
            "rule": day.note or None,
        }
        for day in hours.days
    ]
    return {**_head(SCHEMA, hours), "days": days}


def public_json(hours: LineHours) -> str:
    """The hours for everybody's programs: without the names of rules, which are the configuration's own."""
    days = [
        {"date": day.day.isoformat(), "open": [_stretch(span) for span in day.spans]} for day in hours.days
    ]
    return json.dumps({**_head(PUBLIC_SCHEMA, hours), "days": days}, ensure_ascii=False)


def _stretch(span: Open) -> dict[str, str]:
    return {"from": span.start.isoformat(), "until": span.end.isoformat()}


def _head(schema: str, hours: LineHours) -> dict[str, Any]:
    return {
        "schema": schema,
        "line": hours.line_id,
        "name": hours.line.name,
        "numbers": list(hours.line.numbers),
        "time_zone": hours.line.time_zone,
    }


def json_text(hours: LineHours) -> str:
    """`as_json` as text, for files."""
    return json.dumps(as_json(hours), ensure_ascii=False)


def ical(hours: LineHours, now: datetime) -> str:
    """A feed that calendar programs subscribe to: one event for each stretch in which the line is open."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//hotline-ivr//hours//EN", "METHOD:PUBLISH"]
    lines.append(f"X-WR-CALNAME:{_text(hours.line.name)}")
    for span in hours.open:
        start, end = (moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") for moment in (span.start, span.end))
        uid = hashlib.sha256(f"{hours.line_id} {start}".encode()).hexdigest()[:24]
        lines += [
            "BEGIN:VEVENT",
            f"UID:{uid}@hotline-ivr",
            f"DTSTAMP:{stamp}",
            f"DTSTART:{start}",
            f"DTEND:{end}",
            f"SUMMARY:{_text(hours.line.name)}",
            "CATEGORIES:open",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _spans(day: DayHours) -> str:
    spans = ", ".join(f"{clock_of(each.start, day.day)}-{clock_of(each.end, day.day)}" for each in day.spans)
    return spans or "closed"


def _text(value: str) -> str:
    for char in "\\;,":
        value = value.replace(char, f"\\{char}")
    return value.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Lines of at most 75 octets; what follows on begins with a space, and no character is torn apart."""
    part, room = "", _FOLD
    for char in line:
        size = len(char.encode())
        if size > room:
            yield part
            part, room = " ", _FOLD - 1
        part += char
        room -= size
    yield part

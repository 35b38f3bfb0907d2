"""Files of calendar programs (RFC 5545): read with the configuration, never while a caller waits.

A file lies beside the YAML. Its text is part of the plan, so a plan's version changes with it. Events that
recur are written out year by year; how many a file may hold is bounded.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema

from hotline_ivr.config.base import Model
from hotline_ivr.config.described import Described
from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.refusal import quoted, refusal, text_of
from hotline_ivr.config.types import PromptId

MAX_BYTES = 1024 * 1024
"""Of one file; a year of meetings of a busy office takes 300 KiB."""

MAX_EVENTS = 5_000
"""Of one file, as written."""

MAX_OCCURRENCES = 20_000
"""Of one file in one year, recurrences written out: fifty a day."""

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}\.ics", re.ASCII)
# A closure for each hour of the year is a mistake, and one for each second would fill the memory.
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})


@dataclass(frozen=True, slots=True)
class IcalText:
    """A file's name and its text."""

    name: str
    text: str

    @property
    def written(self) -> str:
        return f"{self.name}#{hashlib.sha256(self.text.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event on its day: dates (end excluded) for whole days, else moments; naive ones are local."""

    uid: str
    summary: str
    start: date | datetime
    end: date | datetime
    categories: tuple[str, ...]


def _file(value: object, info: ValidationInfo) -> IcalText:
    if isinstance(value, IcalText):
        return value
    name = text_of(value, "a file such as holidays.ics")
    if not _NAME.fullmatch(name):
        raise refusal(f"{quoted(name)} is not the name of an .ics file", "put the file beside the YAML files")
    folder = (info.context or {}).get("folder")
    if not isinstance(folder, Path):
        raise refusal("no files can be read here", "read the configuration from a folder")
    text = _text_of(folder / name)
    _look_through(name, text)
    return IcalText(name, text)


def _text_of(path: Path) -> str:
    try:
        if not path.is_file():
            raise refusal(f"there is no file {path.name} beside the YAML files", "save it there")
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise refusal(f"{path.name} is larger than {MAX_BYTES // 1024} KiB", "export fewer years")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refusal(f"{path.name} is not UTF-8", "export the calendar anew") from None
    except OSError as error:
        raise refusal(
            f"{path.name} cannot be read ({error.strerror})", "let the service's user read it"
        ) from None


def _look_through(name: str, text: str) -> None:
    """Refuse what could not be used later, with the line and the event."""
    events = 0
    for event in _calendar(name, text).walk("VEVENT"):
        events += 1
        uid = str(event.get("UID", "without a UID"))
        where = f"{name}{_line_of(text, uid)}: event {quoted(uid)}"
        if event.errors or "DTSTART" not in event:
            why = "; ".join(str(message) for _, message in event.errors) or "has no DTSTART"
            raise refusal(f"{where} cannot be read: {why}"[:300], "correct or delete the event")
        rules = event.get("RRULE", [])
        for rule in rules if isinstance(rules, list) else [rules]:
            often = {str(word).upper() for word in rule.get("FREQ", ["none"])}
            if often & _TOO_OFTEN or "NONE" in often:
                raise refusal(f"{where} recurs {', '.join(often)}", "let it recur daily or more seldom")
    if events > MAX_EVENTS:
        raise refusal(f"{name} holds {events} events", f"export at most {MAX_EVENTS}")


def _line_of(text: str, uid: str) -> str:
    found = text.find(f"UID:{uid}")
    return f":{text.count(chr(10), 0, found) + 1}" if found >= 0 else ""


@lru_cache(maxsize=32)
def _calendar(name: str, text: str) -> Any:
    from icalendar import Calendar  # noqa: PLC0415 - 0.2 s that most configurations need not spend

    try:
        found = Calendar.from_ical(text)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        # The parser raises more than it documents for text that is no calendar.
        raise refusal(f"{name} is not an iCalendar file: {error}"[:300], "export the calendar anew") from None
    if found.name != "VCALENDAR":  # some other component, such as a single event
        raise refusal(f"{name} is not an iCalendar file", "export the calendar anew")
    return found


@lru_cache(maxsize=256)
def occurrences(source: IcalText, year: int) -> tuple[Occurrence, ...]:
    """All events that touch a year (and a day around it), recurrences written out, in order of time."""
    import recurring_ical_events  # noqa: PLC0415

    query = recurring_ical_events.of(_calendar(source.name, source.text), skip_bad_series=True)
    found: list[Occurrence] = []
    for event in query.between(date(year - 1, 12, 30), date(year + 1, 1, 3)):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        found.append(_occurrence(event))
        if len(found) >= MAX_OCCURRENCES:
            break
    return tuple(sorted(found, key=lambda each: (each.start.isoformat(), each.uid)))


def _occurrence(event: Any) -> Occurrence:
    start = event["DTSTART"].dt
    end = (
        event["DTEND"].dt
        if "DTEND" in event
        else start + event["DURATION"].dt
        if "DURATION" in event
        else start
    )
    if not isinstance(start, datetime) and end <= start:
        end = start + timedelta(days=1)
    listed = event.get("CATEGORIES", [])
    categories = tuple(
        str(word).casefold()
        for each in (listed if isinstance(listed, list) else [listed])
        for word in each.cats
    )
    return Occurrence(str(event.get("UID", "")), str(event.get("SUMMARY", "")), start, end, categories)


FileName = Annotated[
    IcalText,
    PlainValidator(_file),
    PlainSerializer(lambda source: source.written),
    WithJsonSchema({"type": "string", "pattern": r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}\.ics$"}),
    Described("name of an .ics file", "holidays.ics"),
]


class IcalFile(Model):
    """A file of a calendar program, beside the YAML files, whose events open or close the line."""

    file: FileName = Field(description="The file's name, without folders.", examples=["holidays.ics"])
    events: Literal["closures", "openings", "by-category"] = Field(
        "closures",
        description="What the events are; by category, `open` opens, `closed` closes, others do nothing.",
    )
    greeting: PromptId | None = Field(
        None, description="Greeting while an event opens the line.", examples=["greeting-deadline"]
    )
    message: PromptId | None = Field(
        None, description="Closed message while an event closes it.", examples=["closed-holiday"]
    )
    to: Destination | None = Field(
        None, description="Where callers go while an event closes it.", examples=["{voicemail: main}"]
    )

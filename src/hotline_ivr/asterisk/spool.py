"""Lines of Asterisk's own two files, from bytes to events. Pure; spool_tail.py reads the files.

Channel events (CEL): cel_custom's JSON, one event a line, the fields of our own rendering and no others.
Asterisk does not escape control characters there, so a record begins only at a line that begins with
`{"eventtype":"`; our rendering asks for no field that a caller controls, so a caller's text cannot make one.

Queue events: `epoch|callid|queue|member|EVENT|data|...` (logger.c).

Whatever is not a whole record is handed on as a RejectedLine with its place: counted and kept, never dropped.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Generic

from hotline_ivr.routing.cel import STAGE_EVENT, CallEvent, QueueEvent, Source
from hotline_ivr.routing.ledger import Event, RejectedLine

# The longest line Asterisk can write: CELGenUserEvent's text is bounded by the 8 KiB of a dialplan line and
# grows by escaping twice, so this is several times what can be true.
MAX_LINE = 65_536
# How much of a rejected line is kept for a human to look at.
KEPT_BYTES = 1_024

# In the line of a call's last event. In a field's text quotes are escaped, so that no caller can write it.
CALL_ENDED = b'"eventenum":"LINKEDID_END"'

_RECORD = b'{"eventtype":"'
# A line of our own rendering (render: cel_custom.conf). An ASCII class keeps other digits and control
# characters out; the extra is checked apart, because that is cheaper.
_TEXT = r'"([^"\\\x00-\x1f]*)"'
_CEL_LINE = re.compile(
    rf'^\{{"eventtype":{_TEXT},"eventenum":{_TEXT},"eventtime":"([0-9]{{1,12}})\.([0-9]{{6}})",'
    rf'"uniqueid":{_TEXT},"linkedid":{_TEXT},"channame":{_TEXT},"eventextra":"(.*)"\}}$',
    re.MULTILINE,
)
_FIELDS = itemgetter("eventenum", "eventtype", "eventtime", "uniqueid", "linkedid", "channame", "eventextra")
_FIELD_COUNT = 7
_QUEUE_LINE = re.compile(r"([0-9]{1,10})\|([^|]*)\|([^|]*)\|([^|]*)\|([A-Z][A-Z0-9_]{0,39})(?:\|(.*))?\Z")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
# A line that is glued to one that was cut short: by a crash, before the first line of the next process, or by
# a full disk. No field of a line holds a time and then a call's id. A time has ten digits until 2286: those
# before them are the beginning of another time, and together they would be one in thousands of years.
_GLUED = re.compile(
    rb"[0-9]{10}(?=\|(?:NONE\|NONE\|NONE\|QUEUESTART|(?:[a-z][a-z0-9]*-)?[0-9]{10}\.[0-9]+)\|)"
)
_GLUED_TIMES = re.compile(rb"[0-9]+(?=[0-9]{10}\|)")


def rejected(source: Source, generation: int, offset: int, data: bytes, reason: str) -> RejectedLine:
    return RejectedLine(source, generation, offset, len(data), reason, data[:KEPT_BYTES])


@dataclass(frozen=True, slots=True)
class Records(Generic[Event]):
    """What a piece of a file held."""

    events: list[Event]
    rejected: list[RejectedLine]


def read_cel(data: bytes, generation: int, offset: int) -> Records[CallEvent]:
    """Channel events of `data`, which is whole lines and begins at `offset` of the file."""
    lines = data.split(b"\n")
    lines.pop()
    events = _read_cel_at_once(data, lines, generation, offset)
    if events is not None:
        return Records(events, [])
    records: Records[CallEvent] = Records([], [])
    for line in lines:
        _read_cel_line(line, generation, offset, records)
        offset += len(line) + 1
    return records


def _read_cel_at_once(
    data: bytes, lines: list[bytes], generation: int, offset: int
) -> list[CallEvent] | None:
    """All lines by one pattern, in half the time of JSON's decoder; None if any line is unusual.

    The pattern takes exactly what Asterisk writes for our rendering, a whole line each time, so as many
    matches as lines means that every line is a record.
    """
    if max(map(len, lines), default=0) > MAX_LINE:
        return None
    try:
        found = _CEL_LINE.findall(data.decode())
        if len(found) != len(lines):
            return None
        events: list[CallEvent] = []
        for (name, kind, seconds, micros, channel, call, channel_name, extra), line in zip(
            found, lines, strict=True
        ):
            fields = (
                STAGE_EVENT if kind == "USER_DEFINED" and name == STAGE_EVENT else kind,
                int(seconds + micros),
                channel,
                call,
                channel_name,
                _unescaped(extra) if extra else "",
                generation,
                offset,
            )
            events.append(tuple.__new__(CallEvent, fields))
            offset += len(line) + 1
    except ValueError:
        return None
    return events


def _unescaped(text: str) -> str:
    """The inside of a JSON string. Raises ValueError if it is none."""
    plain = text.replace('\\"', '"')
    if "\\" in plain or text.count('"') != len(text) - len(plain):
        plain = str(json.loads(f'"{text}"'))
    if not plain.isprintable():
        raise ValueError("control characters")
    return plain


def _cel_event(record: Any, generation: int, offset: int) -> CallEvent:
    """Raises KeyError, TypeError or ValueError for anything but the seven strings of our rendering."""
    fields = _FIELDS(record)
    if len(record) != _FIELD_COUNT:
        raise ValueError("not our fields")
    # Joining also makes sure that all are strings: it raises TypeError.
    if not "".join(fields).isprintable():
        raise ValueError("control characters")
    kind, name, time, channel, call, channel_name, extra = fields
    microseconds = time[:-7] + time[-6:]
    if time[-7:-6] != "." or not (microseconds.isascii() and microseconds.isdecimal()):
        raise ValueError("not a time in microseconds")
    if kind == "USER_DEFINED" and name == STAGE_EVENT:
        kind = STAGE_EVENT
    return CallEvent(kind, int(microseconds), channel, call, channel_name, extra, generation, offset)


def _read_cel_line(line: bytes, generation: int, offset: int, records: Records[CallEvent]) -> None:
    def reject(at: int, data: bytes, reason: str) -> None:
        records.rejected.append(rejected(Source.CEL, generation, at, data, reason))

    if len(line) > MAX_LINE:
        reject(offset, line, "over-long")
        return
    # A crash leaves a line without its end, and the next process writes on behind it: the last beginning of
    # a record in a line may be a whole one.
    start = max(0, line.rfind(_RECORD))
    try:
        event = _cel_event(json.loads(line[start:]), generation, offset + start)
    except (ValueError, KeyError, TypeError, RecursionError):
        reject(offset, line, "not-a-record")
        return
    if start > 0:
        reject(offset, line[:start], "cut-off")
    records.events.append(event)


def read_queue_log(data: bytes, generation: int, offset: int) -> Records[QueueEvent]:
    """Queue events of `data`, which is whole lines and begins at `offset` of the file."""
    records: Records[QueueEvent] = Records([], [])
    lines = data.split(b"\n")
    lines.pop()
    for line in lines:
        _read_queue_line(line, generation, offset, records)
        offset += len(line) + 1
    return records


def _read_queue_line(line: bytes, generation: int, offset: int, records: Records[QueueEvent]) -> None:
    start = max((glued.start() for glued in _GLUED.finditer(line)), default=0)
    if not start and (times := _GLUED_TIMES.match(line)):
        start = times.end()
    if start > 0:
        records.rejected.append(rejected(Source.QUEUE_LOG, generation, offset, line[:start], "cut-off"))
        line, offset = line[start:], offset + start
    # A name in another encoding costs its letters, not the event.
    match = _QUEUE_LINE.match(line.decode("utf-8", "backslashreplace"))
    if match is None or len(line) > MAX_LINE or _CONTROL.search(line) is not None:
        reason = "over-long" if len(line) > MAX_LINE else "not-a-record"
        records.rejected.append(rejected(Source.QUEUE_LOG, generation, offset, line, reason))
        return
    epoch, call, queue, member, kind, data = match.groups()
    fields = tuple(data.split("|")) if data else ()
    event = QueueEvent(kind, int(epoch) * 1_000_000, call, queue, member, fields, generation, offset)
    records.events.append(event)

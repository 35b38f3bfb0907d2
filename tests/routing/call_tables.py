"""Calls as text: a table of what Asterisk wrote, and the row that must come of it.

A line of the table is `seconds | event | channel | extra`. Channels are `caller`, `outside`, or an operator's
name, with `#2` for a second ringing; `queue-end` and `person-end` are the pair that rings an operator first;
or a channel's own name, which has a slash. `hotline calls show ID --table` writes one from a real call. An
extra is written short:

    HOTLINE           the stage event's text
    HANGUP            cause, then who: caller, an operator, dialplan or nobody
    BRIDGE_*          the bridge's name
    q:ENTERQUEUE ...  a line of queue_log: whole seconds, the member in the channel's place, then its data

What must come of it stands below a line of dashes: `field value`, or `leg operator result`.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from hotline_ivr.routing.cel import CallEvent, QueueEvent

FOLDER = Path(__file__).with_name("calls")
START = 1_795_451_000
CALL = f"main-{START}.0"
# Next to that of who is called outside: between numbers that Asterisk could have given none is missing.
_CALLER_NAME = "PJSIP/trunk-carrier-00000006"


@dataclass
class RecordedCall:
    """One table."""

    name: str
    events: list[CallEvent] = field(default_factory=list)
    queue_events: list[QueueEvent] = field(default_factory=list)
    # Field of the row -> its text.
    expected: dict[str, str] = field(default_factory=dict)
    legs: list[tuple[str, str]] = field(default_factory=list)


def recorded_calls() -> list[RecordedCall]:
    return [read_call(path) for path in sorted(FOLDER.glob("*.txt"))]


def read_call(path: Path) -> RecordedCall:
    table, _, below = path.read_text(encoding="utf-8").partition("---")
    recorded = RecordedCall(path.stem)
    for number, line in enumerate(table.splitlines()):
        if line and not line.startswith(("#", "time")):
            _take_line(recorded, number * 100, [part.strip() for part in line.split("|", 3)])
    for line in below.strip("-").strip().splitlines():
        name, _, value = line.strip().partition(" ")
        if name == "leg":
            operator, result = value.split()
            recorded.legs.append((operator, result))
        else:
            recorded.expected[name] = value.strip()
    return recorded


def micros(seconds: str) -> int:
    return START * 1_000_000 + round(float(seconds) * 1_000_000)


def _take_line(recorded: RecordedCall, offset: int, cells: list[str]) -> None:
    time, event, channel, extra = cells
    if event.startswith("q:"):
        data = tuple(extra.split("|")) if extra else ()
        at = micros(time) // 1_000_000 * 1_000_000
        line = QueueEvent(event[2:], at, CALL, "main", channel or "NONE", data, 1, offset)
        recorded.queue_events.append(line)
        return
    ident, name = _channel(channel)
    written = CallEvent(event, micros(time), ident, CALL, name, _extra(event, extra), 1, offset)
    recorded.events.append(written)


def _channel(short: str) -> tuple[str, str]:
    if short == "caller":
        return CALL, _CALLER_NAME
    if short in {"queue-end", "person-end"}:
        end = 1 if short == "queue-end" else 2
        name = f"Local/s@hotline-callback-person-00000001;{end}"
        return (CALL if end == 1 else f"main-{START}.2"), name
    operator, _, number = short.partition("#")
    if operator == "outside":
        serial = 7 + 1_000_000 * (int(number or "1") - 1)
        return f"main-{START}.{serial}", f"PJSIP/trunk-carrier-{serial:08x}"
    if "/" in short:
        return f"main-{START}.{zlib.crc32(short.encode())}", short
    serial = int(number or "1") * 1_000_000_000 + zlib.crc32(operator.encode()) % 10_000 * 100_000
    return f"main-{START}.{serial}", f"PJSIP/{operator}.k3v9-{serial:08x}"


def _extra(event: str, short: str) -> str:
    if event == "HOTLINE":
        verb, _, called = short.partition("|")
        if verb == "callback-answered" and "/" not in called:
            return _json({"extra": f"{verb}|{_channel(called)[1]}"})
        return _json({"extra": short})
    if event.startswith("BRIDGE_"):
        return _json({"bridge_id": short, "bridge_technology": "simple_bridge"})
    if event == "HANGUP":
        match = re.fullmatch(r"(\d+) by (\S+)", short)
        assert match, f"a hang-up says `cause by whom`, not {short!r}"
        whose = (
            {"nobody": "", "dialplan": "dialplan/builtin"}.get(match[2])
            if match[2] in {"nobody", "dialplan"}
            else _channel(match[2])[1]
        )
        return _json({"hangupcause": int(match[1]), "hangupsource": whose, "dialstatus": ""})
    return short


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))

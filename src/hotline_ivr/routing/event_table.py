"""A call as a text table: what Asterisk wrote of it, and the row that came of it.

The form in which the tests of the fold keep recorded calls (tests/routing/call_tables.py reads it), so that
a call which was counted in a strange way can be looked at, and becomes a test. Channels are
`caller`, `outside`, an operator's name, or the channel's own name; `#2` is a second one of the same. Pure.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import STAGE_EVENT, CallEvent, QueueEvent, stage_text
from hotline_ivr.routing.fold import in_order
from hotline_ivr.routing.fold_legs import bridge_of, hangup_of, operator_of

# In the place of a caller's number and name, which are personal.
NUMBER, NAME = "+4798765432", "Kåre"

# The pair that rings an operator before the person (dialplans/hotline-callback.conf).
_OPERATOR_FIRST = "Local/s@hotline-callback-person-"
_SECOND = 1_000_000
_HEAD = f"{'time':<10} | {'event':<18} | {'channel':<10} | extra"
# Fields of the row that are not told: they are the same for each call, or follow from others.
_UNTOLD = frozenset({"node", "id", "arrived_at", "last_event_at", "fold_version", "legs", "finished"})


def event_table(
    title: str,
    events: Sequence[CallEvent],
    queue_events: Sequence[QueueEvent],
    record: CallRecord,
    *,
    numbers: bool = False,
) -> str:
    """The table of one call, and its row; personal numbers and names are others unless `numbers`."""
    ordered, lines = in_order(events), in_order(queue_events)
    moments = [event.at for event in ordered] + [line.at for line in lines]
    start = min(moments, default=0) // _SECOND * _SECOND
    table = _Table(ordered, start, {} if numbers else _replaced(ordered, lines))
    rows = [table.event(event) for event in ordered] + [table.queue_line(line) for line in lines]
    told = [f"# {title}", _HEAD, *rows, "-" * 50, *table.row(record)]
    told += [f"leg {leg.operator} {leg.result}" for leg in record.legs]
    return "\n".join(told) + "\n"


class _Table:
    def __init__(self, events: Sequence[CallEvent], start: int, replaced: Mapping[str, str]) -> None:
        self._start, self._replaced = start, replaced
        self._bridges: dict[str, str] = {}
        # Channel's id and channel's name -> how it is shown.
        self._shown: dict[str, str] = {}
        self._names: dict[str, str] = {}
        counts: dict[str, int] = {}
        for event in events:
            if event.channel in self._shown:
                continue
            name = _short(event.channel_name, own=event.channel == event.call)
            counts[name] = counts.get(name, 0) + 1
            shown = name if counts[name] == 1 else f"{name}#{counts[name]}"
            self._shown[event.channel] = self._names[event.channel_name] = shown

    def event(self, event: CallEvent) -> str:
        return self._line(
            f"{(event.at - self._start) / _SECOND:.6f}",
            event.kind,
            self._shown[event.channel],
            self._extra(event),
        )

    def queue_line(self, line: QueueEvent) -> str:
        data = "|".join(self._without_person(word) for word in line.data)
        member = "" if line.member == "NONE" else line.member
        return self._line(f"{(line.at - self._start) // _SECOND}", f"q:{line.kind}", member, data)

    def row(self, record: CallRecord) -> list[str]:
        told = []
        for name, value in zip(record._fields, record, strict=True):
            if name in _UNTOLD or value is None or value == "":
                continue
            text = str(value)
            if name.endswith("_at") and isinstance(value, int):
                text = f"{(value - self._start) / _SECOND:.6f}"
            told.append(f"{name} {self._without_person(text)}")
        return told

    def _line(self, time: str, event: str, channel: str, extra: str) -> str:
        return f"{time:<10} | {event:<18} | {channel:<10} | {extra}".rstrip()

    def _extra(self, event: CallEvent) -> str:
        if event.kind == STAGE_EVENT:
            words = stage_text(event.extra).split("|")
            if words[0] == "callback-answered":
                words[1:] = [self._names.get(word, word) for word in words[1:]]
            return "|".join(self._without_person(word) for word in words)
        if event.kind.startswith("BRIDGE_"):
            bridge = bridge_of(event.extra)
            return self._bridges.setdefault(bridge, f"bridge{len(self._bridges) + 1}")
        if event.kind == "HANGUP":
            cause, source = hangup_of(event.extra)
            return f"{cause} by {self._who(source)}"
        return ""

    def _who(self, source: str) -> str:
        if source in self._names:
            return self._names[source]
        return "dialplan" if source.startswith("dialplan") else source or "nobody"

    def _without_person(self, word: str) -> str:
        return self._replaced.get(word, word)


def _short(channel_name: str, *, own: bool) -> str:
    """`own` is whether the call has its id of this channel."""
    if channel_name.startswith(_OPERATOR_FIRST):
        return "queue-end" if channel_name.endswith(";1") else "person-end"
    if own:
        return "caller"
    operator = operator_of(channel_name)
    if operator is not None:
        return operator
    return "outside" if channel_name.startswith("PJSIP/trunk-") else channel_name


def _replaced(events: Sequence[CallEvent], lines: Sequence[QueueEvent]) -> dict[str, str]:
    """Whole words that are the caller's number or name, and what stands in their place."""
    found: dict[str, str] = {}
    for event in events:
        words = stage_text(event.extra).split("|") if event.kind == STAGE_EVENT else []
        if words and words[0] == "arrived" and len(words) >= 6:
            found |= {words[3]: NUMBER, words[4]: _base64(NUMBER), words[5]: _base64(NAME)}
            found |= {_text(words[4]): NUMBER, _text(words[5]): NAME}
        elif words and words[0] == "callback" and len(words) >= 5:
            found[words[4]] = NUMBER
        elif words and words[0] == "promise" and len(words) >= 3:
            # At another number than the caller's own.
            found[words[2]] = NUMBER
    # Where no channel event is left, only queue_log names the caller.
    found |= {line.data[1]: NUMBER for line in lines if line.kind == "ENTERQUEUE" and len(line.data) > 1}
    return {word: other for word, other in found.items() if word}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _text(encoded: str) -> str:
    try:
        return base64.b64decode(encoded).decode()
    except ValueError:
        return ""

"""What Asterisk's files say of each call, for the balance proof: a second reader, simple on purpose.

It shares nothing with the reader by which the record is made (spool.py, spool_tail.py, the fold). All files
that are there are read from their beginning, rotated and compressed ones too, line by line. A file that was
copied (copytruncate) is read once.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from hotline_ivr.routing.balance_sides import Written, WrittenCall
from hotline_ivr.routing.lost_channels import Seen, number_of

# A line is cut there; whatever is longer is none of ours.
_LONGEST = 1 << 17
_DAY_US: Final = 86_400_000_000
_BEGINNING = b'{"eventtype":"'
_EVENT_FIELDS = ("eventtype", "eventenum", "uniqueid", "linkedid", "eventtime", "channame", "eventextra")
_QUEUE_BEGINNING = re.compile(
    rb"[0-9]{10}(?=\|(?:NONE\|NONE\|NONE\|QUEUESTART|(?:[a-z][a-z0-9]*-)?[0-9]{10}\.[0-9]+)\|)"
)
_LATE: Final = 1_000
_NOBODY = frozenset({"NONE", "CLI", "MANAGER", "REALTIME", ""})
_OPENERS: dict[str, Callable[[Path], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    first_line: bytes
    first_at: int
    # Last written: microseconds UTC.
    changed_at: int


def read_witness(cel_file: Path, queue_log_file: Path, since: int, until: int) -> Written:
    """All that the files say of calls that arrived from `since` to before `until` (microseconds UTC).

    Also of some others. Raises OSError for a file that cannot be read; one that vanishes meanwhile is as if
    it had never been there.
    """
    written, runs = Written(), _Runs()
    # Channel -> its call: queue_log names who was called back by their own channel.
    channels: dict[str, str] = {}
    files, written.cel_since = _files_of(cel_file, since, until, _time_of_event)
    for each in files:
        for line in _lines(each.path):
            _take_event(line, written, channels, runs)
    written.last_run = runs.number
    queue_files, written.queue_since = _files_of(queue_log_file, since, until, _time_of_line)
    for each in queue_files:
        for line in _lines(each.path):
            _take_queue_line(line, written, channels)
    written.files = len(files) + len(queue_files)
    return written


def _files_of(
    path: Path, since: int, until: int, time_of: Callable[[bytes], int | None]
) -> tuple[list[_File], int | None]:
    """The log at `path` and its rotated files that matter, oldest first; from when on all is there."""
    found: dict[bytes, _File] = {}
    for one in path.parent.glob(f"{path.name}*"):
        if one != path and not one.name.startswith((f"{path.name}.", f"{path.name}-")):
            continue
        file = _looked_at(one, time_of)
        if file is None:
            continue
        # A copy begins as the original does; whichever was written to last holds as much as the other.
        same = found.get(file.first_line)
        if same is None or file.changed_at > same.changed_at:
            found[file.first_line] = file
    ordered = sorted(found.values(), key=lambda file: file.first_at)
    if not ordered:
        return [], None
    # What was last written before `since` has nothing of these calls, what begins a day later no end of any.
    wanted = [file for file in ordered if file.changed_at >= since and file.first_at < until + _DAY_US]
    return wanted, ordered[0].first_at


def _looked_at(path: Path, time_of: Callable[[bytes], int | None]) -> _File | None:
    """None for a file without a record at its beginning."""
    try:
        changed_at = path.stat().st_mtime_ns // 1000
        for number, line in enumerate(_lines(path)):
            at = time_of(line)
            if at is not None:
                return _File(path, line, at, changed_at)
            if number > 100:
                return None
    except FileNotFoundError:
        return None
    return None


def _lines(path: Path) -> Iterator[bytes]:
    """Whole lines; a last one without its end is not written to its end yet."""
    with _opened(path) as file:
        while line := file.readline(_LONGEST):
            if line.endswith(b"\n"):
                yield line[:-1]


def _opened(path: Path) -> IO[bytes]:
    opener = _OPENERS.get(path.suffix)
    opened: IO[bytes] = path.open("rb") if opener is None else opener(path)
    return opened


# Channel events.


class _Runs:
    """Counts the runs of Asterisk: each numbers its channels from 0, at the end of their ids."""

    def __init__(self) -> None:
        self.number = 0
        self._highest = -1
        # Numbers of late; two threads may write of two channels in the other order.
        self._recent: dict[int, None] = {}

    def take(self, channel: str) -> None:
        text = channel.rpartition(".")[2]
        if not text.isdecimal():
            return
        number = int(text)
        if number in self._recent or number + _LATE < self._highest:
            self.number += 1
            self._recent.clear()
            self._highest = -1
        self._recent[number] = None
        if len(self._recent) > _LATE:
            del self._recent[next(iter(self._recent))]
        self._highest = max(self._highest, number)


def _event_of(line: bytes) -> dict[str, str] | None:
    # Behind a line that a crash cut short the next process writes on; the last beginning counts.
    start = line.rfind(_BEGINNING)
    try:
        event = json.loads(line[max(0, start) :])
        if not all(isinstance(event[name], str) for name in _EVENT_FIELDS):
            return None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    found: dict[str, str] = event
    return found


def _time(text: str) -> int | None:
    seconds, _, micros = text.partition(".")
    try:
        return int(seconds) * 1_000_000 + int((micros + "000000")[:6])
    except ValueError:
        return None


def _time_of_event(line: bytes) -> int | None:
    event = _event_of(line)
    return None if event is None else _time(event["eventtime"])


def _take_event(line: bytes, written: Written, channels: dict[str, str], runs: _Runs) -> None:
    event = _event_of(line)
    at = None if event is None else _time(event["eventtime"])
    if event is None or at is None:
        written.unreadable += 1
        return
    ident, channel, kind = event["linkedid"], event["uniqueid"], event["eventenum"]
    if kind == "CHAN_START":
        runs.take(channel)
    call = written.calls.get(ident)
    if call is None:
        call = written.calls[ident] = WrittenCall(ident, at, at, runs.number)
    call.last_at = max(call.last_at, at)
    call.events += 1
    if channel != ident:
        channels[channel] = ident
    if channel not in written.numbered and (number := number_of(event["channame"])) is not None:
        written.numbered[channel] = Seen(at, number, runs.number)
    if kind == "CHAN_START" and channel == ident:
        call.begun = True
        call.from_carrier = event["channame"].startswith("PJSIP/trunk-")
    elif kind in {"HANGUP", "CHAN_END"}:
        call.hung_up |= channel == ident or call.called_back
    elif kind == "LINKEDID_END":
        call.ended = True
    elif kind == "USER_DEFINED" and event["eventtype"] == "HOTLINE":
        _take_word(call, event["eventextra"], own=channel == ident)


def _take_word(call: WrittenCall, extra: str, *, own: bool) -> None:
    """What the dialplan said, on the caller's own channel or another."""
    try:
        words = json.loads(extra)["extra"].split("|")
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    if own:
        _take_settled(call, words)
    if words[0] == "arrived" and len(words) > 1:
        call.line = words[1]
    elif words[0] == "callback":
        call.called_back = True
        call.operator_first = words[-1] == "operator"
    elif words[0] == "wait" and len(words) > 1:
        call.sent_to = (*call.sent_to, words[1])
    elif words[0] == "control":
        call.control = True
    elif words[0] == "dropped":
        call.drops += 1
    elif words[0] == "record":
        call.recorded = True


def _take_settled(call: WrittenCall, words: list[str]) -> None:
    if words[0] == "mark" and len(words) > 1:
        call.marks = (*call.marks, words[1])
    elif words[0] in {"wait", "dial", "centre"}:
        # Whatever was settled before is open again.
        call.marks = ()
        call.sent_outside |= words[0] != "wait"


# queue_log.


def _time_of_line(line: bytes) -> int | None:
    fields = line.split(b"|")
    return int(fields[0]) * 1_000_000 if len(fields) >= 5 and fields[0].isdigit() else None


def _take_queue_line(line: bytes, written: Written, channels: dict[str, str]) -> None:
    # Behind a line that was cut off the next one goes on; the last beginning counts.
    beginnings = [found.start() for found in _QUEUE_BEGINNING.finditer(line)]
    if beginnings and beginnings[-1] > 0:
        line = line[beginnings[-1] :]
    at = _time_of_line(line)
    if at is None:
        written.unreadable += 1
        return
    _, named, queue, *fields = line.decode("utf-8", "backslashreplace").split("|")
    kind = fields[1]
    if named in _NOBODY:
        if kind == "QUEUESTART":
            written.restarts.append(at)
        return
    ident = channels.get(named, named)
    call = written.calls.get(ident)
    if call is None:
        # Its channel events may be in a file that is gone; `events` stays 0.
        call = written.calls[ident] = WrittenCall(ident, at, at)
    call.queue_lines += 1
    if call.run is not None:
        written.starts_before[call.run] = len(written.restarts)
    _take_in_queue(call, queue, kind, fields)


def _take_in_queue(call: WrittenCall, queue: str, kind: str, fields: list[str]) -> None:
    """`fields` are the member and, behind the event, its data."""
    member, data = fields[0], fields[2:]
    if kind == "ENTERQUEUE":
        call.queues = (*call.queues, queue)
        call.abandoned = False
    elif kind == "CONNECT":
        call.members = (*call.members, member)
        call.abandoned = False
    elif kind == "ABANDON":
        call.abandoned = True
    elif kind in {"COMPLETEAGENT", "COMPLETECALLER"}:
        # Behind how long the caller waited.
        if len(data) > 1 and data[1].isdecimal():
            call.talks = (*call.talks, (member, int(data[1])))
    elif kind == "BLINDTRANSFER":
        call.blind_transfers += 1
    elif kind == "ATTENDEDTRANSFER":
        call.asked_transfers += 1

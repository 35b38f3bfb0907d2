"""Asterisk's two files, written as Asterisk writes them, from recorded calls."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hotline_ivr.asterisk.spool_log import SpooledLogs, open_logs
from hotline_ivr.calls.calls_in_hand import Limits
from hotline_ivr.calls.machine_clock import MachineClock, machine_clock
from hotline_ivr.calls.record_keeper import Ledger, RecordKeeper, RecordObserver
from hotline_ivr.calls.record_pace import Pace
from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import CallEvent, QueueEvent, Source
from hotline_ivr.routing.fold import fold
from tests.routing.call_tables import FOLDER, START, read_call

NODE = "main"


@dataclass(frozen=True)
class Written:
    """A call of its own id, made from a recorded one, `seconds` later."""

    events: list[CallEvent]
    queue_events: list[QueueEvent]

    @property
    def id(self) -> str:
        return (self.events or self.queue_events)[0].call

    def row(self) -> CallRecord:
        """What must be in the database in the end."""
        record = fold(self.events, self.queue_events, node=NODE)
        assert record is not None
        return record

    def queue_lines(self) -> bytes:
        return b"".join(map(queue_line, self.queue_events))


def a_call(name: str, number: int = 0, seconds: float = 0) -> Written:
    recorded = read_call(FOLDER / f"{name}.txt")
    later = round(seconds * 1_000_000)

    def own(ident: str) -> str:
        return ident.replace(f"main-{START}.", f"main-{START + number}.")

    events = [
        event._replace(call=own(event.call), channel=own(event.channel), at=event.at + later)
        for event in recorded.events
    ]
    lines = [
        line._replace(call=own(line.call), at=(line.at + later) // 1_000_000 * 1_000_000)
        for line in recorded.queue_events
    ]
    return Written(events, lines)


def cel_line(event: CallEvent) -> bytes:
    record = {
        "eventtype": event.kind,
        "eventenum": "USER_DEFINED" if event.kind == "HOTLINE" else event.kind,
        "eventtime": f"{event.at // 1_000_000}.{event.at % 1_000_000:06}",
        "uniqueid": event.channel,
        "linkedid": event.call,
        "channame": event.channel_name,
        "eventextra": event.extra,
    }
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def queue_line(event: QueueEvent) -> bytes:
    data = "|".join(event.data)
    seconds = event.at // 1_000_000
    return f"{seconds}|{event.call}|{event.queue}|{event.member}|{event.kind}|{data}\n".encode()


def started(at: float) -> bytes:
    """Asterisk has started `at` seconds after the first call."""
    return f"{START + int(at)}|NONE|NONE|NONE|QUEUESTART|\n".encode()


class AsteriskFiles:
    """The folder Asterisk logs to."""

    def __init__(self, folder: Path) -> None:
        self.cel = folder / "hotline.json"
        self.queue_log = folder / "queue_log"

    def write(self, *calls: Written, queue_too: bool = True) -> None:
        """Calls from beginning to end, one after the other."""
        for call in calls:
            self.add(b"".join(map(cel_line, call.events)))
            if queue_too:
                self.add_queue(call.queue_lines())

    def add(self, data: bytes) -> None:
        with self.cel.open("ab") as file:
            file.write(data)

    def add_queue(self, data: bytes) -> None:
        with self.queue_log.open("ab") as file:
            file.write(data)

    def logs(self) -> partial[SpooledLogs]:
        return partial(open_logs, self.cel, self.queue_log)


class Noted:
    """Remembers what the keeper told."""

    def __init__(self) -> None:
        self.ends: list[CallRecord] = []
        self.amendments: list[CallRecord] = []
        self.events = 0
        self.rejected = 0
        self.lags: list[float] = []

    def read(self, source: Source, events: int, rejected: int) -> None:
        del source
        self.events += events
        self.rejected += rejected

    def ended(self, record: CallRecord) -> None:
        self.ends.append(record)

    def amended(self, record: CallRecord) -> None:
        self.amendments.append(record)

    def lag(self, seconds: float) -> None:
        self.lags.append(seconds)


class Clock:
    """Steady seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_keeper(
    files: AsteriskFiles,
    ledger: Ledger,
    *,
    limits: Limits | None = None,
    pace: Pace | None = None,
    observer: RecordObserver | None = None,
    clock: Clock | None = None,
    machine: MachineClock = machine_clock,
) -> RecordKeeper:
    return RecordKeeper(
        NODE,
        ledger,
        files.logs(),
        limits=limits,
        pace=pace or Pace(poll=0.01, first_retry=0.01, longest_retry=0.02),
        observer=observer,
        steady_clock=clock or Clock(),
        wall_clock=lambda: START + 10.0,
        machine=machine,
        chance=lambda: 0.0,
    )

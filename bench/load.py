"""The load: SIPp as the callers and as the operators' phones, and what it saw.

Both SIPp processes are pinned to one core, so that they take the same from both arms. Audio is thrown away by
a socket that nobody reads: what Asterisk sends costs it what it costs, and nobody answers "port unreachable".
"""

from __future__ import annotations

import csv
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hotline_ivr.testing.ports import free_port

SCENARIOS = Path(__file__).parent / "scenarios"

RING_MS, TALK_MS = 100, 1000
"""What an operator's phone does with each call: the same in every arm."""

RAMP_S = 4.0
"""Seconds at the start that do not count towards the steady rate: the first calls have to end first."""

DRAIN_S = 6.0
"""Seconds after the last call was offered in which calls may still end well."""

_LOOK_EVERY_S = 0.05
_SIPP_BUFFER = 4_194_304
"""Bytes of SIPp's socket buffers, so that a burst is not lost before SIPp sees it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Calls to offer: so many a second for so many seconds, to these numbers in turn."""

    rate: int
    seconds: int
    numbers: Sequence[str]

    @property
    def calls(self) -> int:
        return self.rate * self.seconds


@dataclass(frozen=True, slots=True)
class Seen:
    """What the callers and phones saw of an offer."""

    offered: int
    completed: int
    per_second: float
    """Calls that ended well, per second, between RAMP_S and the end of the offer."""
    retransmissions: int
    """SIP messages that either side of either leg sent again."""
    answer_ms: tuple[float, ...]
    """INVITE to 200, one for each answered call, sorted."""
    cpu_s: float
    """CPU time of both SIPp processes."""

    @property
    def failed(self) -> float:
        """Share of the offered calls that did not end as they should."""
        return 1 - self.completed / self.offered if self.offered else 0.0

    def answer_percentile(self, share: float) -> float:
        """Milliseconds from INVITE to 200 that `share` of the calls were answered within."""
        if not self.answer_ms:
            return float("inf")
        return self.answer_ms[min(len(self.answer_ms) - 1, int(share * len(self.answer_ms)))]


class Load:
    """Runs offers against one SIP port after the other. `phone_port` is where all operators' phones are."""

    def __init__(self, folder: Path, phone_port: int, core: int) -> None:
        self._folder = folder
        self._phone_port = phone_port
        self._core = core

    def run(self, offer: Offer, sip_port: int) -> Seen:
        """Offer the calls and wait for their end, at most DRAIN_S longer than they are offered."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for stale in self._folder.glob("*.csv"):
            stale.unlink()
        with _silent_media() as media:
            phones = self._start("phone", media, self._phone_port, [])
            callers = None
            try:
                self._write_calls(offer)
                callers = self._start("caller", media, free_port(), [
                    f"127.0.0.1:{sip_port}", "-inf", "calls.csv", "-r", str(offer.rate),
                    "-m", str(offer.calls), "-l", str(offer.calls), "-trace_rtt", "-rtt_freq", "10",
                ])  # fmt: skip
                cpu = _end(callers, offer.seconds + DRAIN_S)
            finally:
                if callers is not None and callers.returncode is None:
                    callers.kill()
                phones_cpu = _end(phones, 0)
        return self._seen(offer, cpu + phones_cpu)

    def _write_calls(self, offer: Offer) -> None:
        lines = [f"+4791{n:06d};{offer.numbers[n % len(offer.numbers)]}" for n in range(1000)]
        (self._folder / "calls.csv").write_text("\n".join(["SEQUENTIAL", *lines, ""]), encoding="utf-8")

    def _start(self, name: str, media: int, port: int, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        text = (SCENARIOS / f"{name}.xml").read_text(encoding="utf-8")
        for word, value in (("MEDIA", media), ("RING", RING_MS), ("TALK", TALK_MS)):
            # The last two also stand in words of SIP, so only whole attribute values are replaced.
            text = text.replace(f'"{word}"', f'"{value}"').replace(f"audio {word}", f"audio {value}")
        (self._folder / f"{name}.xml").write_text(text, encoding="utf-8")
        with (self._folder / f"{name}.out").open("wb") as out:
            return subprocess.Popen(
                ["taskset", "-c", str(self._core), "sipp", *arguments, "-sf", f"{name}.xml",
                 "-i", "127.0.0.1", "-p", str(port), "-cp", str(free_port()), "-buff_size", str(_SIPP_BUFFER),
                 "-trace_stat", "-stf", f"{name}-stat.csv", "-trace_counts", "-fd", "1", "-nostdin"],
                cwd=self._folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip

    def _seen(self, offer: Offer, cpu_s: float) -> Seen:
        rows = _rows(self._folder / "caller-stat.csv")
        counts = [_rows(path) for path in self._folder.glob("*_counts.csv")]
        return Seen(
            offered=offer.calls,
            completed=int(rows[-1]["SuccessfulCall(C)"]),
            per_second=steady_rate(rows, RAMP_S, offer.seconds),
            retransmissions=sum(repeated(table[-1]) for table in counts if table),
            answer_ms=tuple(sorted(self._answers())),
            cpu_s=cpu_s,
        )

    def _answers(self) -> Iterator[float]:
        for path in self._folder.glob("*_rtt.csv"):
            for row in _rows(path):
                yield float(row["response_time_ms"])


def steady_rate(rows: Sequence[Mapping[str, str]], begin_s: float, end_s: float) -> float:
    """Calls completed per second between the two moments, from SIPp's statistics of each second."""
    points = [
        (_moment(row["CurrentTime"]) - _moment(row["StartTime"]), int(row["SuccessfulCall(C)"]))
        for row in rows
    ]
    inside = [(at, done) for at, done in points if begin_s <= at <= end_s]
    if len(inside) < 2:
        return 0.0
    (first, before), (last, after) = inside[0], inside[-1]
    return (after - before) / (last - first)


def repeated(counts: Mapping[str, str]) -> int:
    """Messages sent again, by us or to us, in the last line of SIPp's message counts."""
    return sum(int(value) for name, value in counts.items() if name and name.endswith("_Retrans"))


def _moment(text: str) -> float:
    """Seconds since the epoch in SIPp's words: date, time of day, seconds with their fraction."""
    return float(text.rsplit("\t", maxsplit=1)[-1])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=";"))


def _end(process: subprocess.Popen[bytes], within_s: float) -> float:
    """Wait so long for a process, then kill it; its CPU time in seconds."""
    deadline = time.monotonic() + within_s
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if time.monotonic() >= deadline:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            _, status, usage = os.wait4(process.pid, 0)
            break
        time.sleep(_LOOK_EVERY_S)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def _silent_media() -> Iterator[int]:
    """A UDP port whose packets are dropped in the kernel because nobody reads them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        sink.bind(("127.0.0.1", 0))
        yield int(sink.getsockname()[1])

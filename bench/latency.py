"""P4 beside real calls: how long an ask of the running product waits, idle and while calls go on around it.

A thread of the bench asks the service as Asterisk does, at a steady pace, one ask at a time, and between any
two asks sends one byte to a plain blocking echo and back. So the round trip that an ask is compared with was
measured in the same moments, on a machine that was as busy. An ask is two trips: connect, then environment
and command.
"""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench.agi_server import HOST, TRIPS, blocking, one_session

PACE_S = 0.02
"""From one ask to the next: half as many again as the calls make, and enough of them for a p99.9."""

IDLE_S = 10.0
"""How long is asked while no call goes on."""


@dataclass(frozen=True, slots=True)
class Waits:
    """What asks of one stretch of time waited, microseconds."""

    asks: int
    p50: float
    p99: float
    p999: float
    trip: float
    """Median of the plain round trips between them."""

    @property
    def tail(self) -> float:
        """p99 against p50."""
        return self.p99 / self.p50

    @property
    def trips(self) -> float:
        """p50 against as many plain round trips as an ask has."""
        return self.p50 / (TRIPS * self.trip)


@dataclass(frozen=True, slots=True)
class Latency:
    """P4 of the product: idle, and beside `rate` calls a second."""

    idle: Waits
    rate: int
    beside_calls: Waits


def waits(asks_s: Sequence[float], trips_s: Sequence[float]) -> Waits:
    """The figures of what was seen, in seconds. Raises ValueError where nothing was."""
    if not asks_s:
        raise ValueError("no ask was answered")
    inside = sorted(seconds * 1e6 for seconds in asks_s)
    p50, p99, p999 = (inside[min(len(inside) - 1, int(share * len(inside)))] for share in (0.5, 0.99, 0.999))
    return Waits(len(inside), p50, p99, p999, statistics.median(trips_s) * 1e6)


class Probe:
    """Asks at a steady pace from a thread of its own until end() or figures()."""

    def __init__(self, port: int, echo_port: int, environment: bytes) -> None:
        self._ports = (port, echo_port)
        self._environment = environment
        self._stop = threading.Event()
        self._asks: list[float] = []
        self._trips: list[float] = []
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="ask-probe")

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Ask no more."""
        self._stop.set()
        self._thread.join()

    def figures(self) -> Waits:
        """Of what was asked until end(). Raises what made an ask fail, if one did."""
        self.end()
        if self._error is not None:
            raise self._error
        return waits(self._asks, self._trips)

    def _run(self) -> None:
        port, echo_port = self._ports
        try:
            with socket.create_connection((HOST, echo_port)) as echo:
                echo.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while not self._stop.wait(PACE_S):
                    self._asks.append(one_session(port, self._environment))
                    started = time.perf_counter()
                    echo.sendall(b"x")
                    echo.recv(1)
                    self._trips.append(time.perf_counter() - started)
        except Exception as error:  # noqa: BLE001 - told by figures(), to whoever waits for them
            self._error = error


@contextmanager
def probing(port: int, environment: bytes) -> Iterator[Probe]:
    """A probe that asks, on leaving at the latest no more."""
    with blocking(None) as echo_port:
        probe = Probe(port, echo_port, environment)
        probe.start()
        try:
            yield probe
        finally:
            probe.end()

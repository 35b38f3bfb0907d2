"""P3 and P4: our FastAGI server against raw asyncio servers with the same number of commands.

Method. One process runs every server on one event loop (bench.agi_arms); clients are other processes with
blocking sockets, so that the server is what is measured. Arms take turns A B C D, D C B A; ratios are taken
within a round. P3 is complete sessions a second, and beside it the CPU time of the server for a session,
which is steadier where the machine does other things. P4 is one client alone: from connect until the reply to
the command is sent, which is two trips there and back (the connect, then environment and command), against
two round trips of one byte over an open loopback connection: to a plain blocking echo, and to an echo on the
servers' own event loop. A connect and a close cost the kernel more than a round trip does, so beside them
stands the floor: the same session with a server of bare blocking sockets, which has no event loop at all.

    python -m bench.agi_server [rounds]
"""

from __future__ import annotations

import json
import multiprocessing
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.agi_arms import ANSWER
from bench.processes import cpu_seconds
from hotline_ivr.testing import agi_caller

ARMS = ("ours", "streams", "protocol", "panoramisk")
HOST = "127.0.0.1"
# Enough callers at once to keep the server busy, few enough to leave it a core.
CALLERS = 6
# Seconds that one arm is loaded in one turn.
TURN_S = 1.0
# Sessions of one turn of the latency measurement.
LATENCY_SESSIONS = 300
TRIPS = 2
ENVIRONMENT = agi_caller.environment(("arrived", "admission", "+4722851234", "+4791234567", "", "0", ""))


@dataclass(slots=True)
class Arm:
    """What was seen of one arm, a value a round, and every latency in seconds."""

    sessions_per_s: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    p50_s: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of the rounds' ratios, and the worst of them."""

    median: float
    worst: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What the targets speak of. `p3_cpu` is the same as `p3` in CPU time of the server."""

    rounds: int
    p3: Ratio
    p3_cpu: Ratio
    p3_panoramisk: Ratio
    p4: Ratio
    p4_loop: Ratio
    p4_floor: Ratio
    floor_us: float
    p99_to_p50: float
    round_trip_us: dict[str, float]
    arms: dict[str, dict[str, float]]


def one_session(port: int, environment: bytes = ENVIRONMENT) -> float:
    """One ask as Asterisk makes it; returns the seconds from connect until the reply is sent."""
    started = time.perf_counter()
    with socket.socket() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((HOST, port))
        sock.sendall(environment)
        command = sock.recv(8192)
        if not command.endswith(b"\n"):
            raise RuntimeError(f"not a command: {command!r}")
        sock.sendall(b"200 result=1\n")
        elapsed = time.perf_counter() - started
        if sock.recv(1):
            raise RuntimeError("the server sent more than one command")
    return elapsed


def _call_until(port: int, end: float, results: multiprocessing.Queue[int]) -> None:
    count = 0
    while time.monotonic() < end:
        one_session(port)
        count += 1
    results.put(count)


def load(port: int, pid: int) -> tuple[float, float]:
    """Sessions a second under load, and microseconds of server CPU for each."""
    results: multiprocessing.Queue[int] = multiprocessing.Queue()
    started, used = time.monotonic(), cpu_seconds(pid)
    callers = [
        multiprocessing.Process(target=_call_until, args=(port, started + TURN_S, results))
        for _ in range(CALLERS)
    ]
    for caller in callers:
        caller.start()
    count = sum(results.get(timeout=TURN_S + 30) for _ in callers)
    elapsed, used = time.monotonic() - started, cpu_seconds(pid) - used
    for caller in callers:
        caller.join()
    return count / elapsed, used / count * 1e6


def round_trips(port: int) -> float:
    """Median seconds of one byte there and back over an open connection."""
    with socket.create_connection((HOST, port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        times = []
        for _ in range(LATENCY_SESSIONS):
            started = time.perf_counter()
            sock.sendall(b"x")
            sock.recv(1)
            times.append(time.perf_counter() - started)
    return statistics.median(times)


def _blocking(port: multiprocessing.Queue[int], answer: bytes | None) -> None:
    """Serve one connection after the other: sessions with this answer, or an echo where there is none."""
    with socket.create_server((HOST, 0)) as listener:
        port.put(listener.getsockname()[1])
        while True:
            sock, _ = listener.accept()
            with sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if answer is None:
                    while data := sock.recv(64):
                        sock.sendall(data)
                else:
                    while not sock.recv(65_536).endswith(b"\n\n"):
                        pass
                    sock.sendall(answer)
                    sock.recv(100)


@contextmanager
def blocking(answer: bytes | None) -> Iterator[int]:
    """The port of a blocking server in a process of its own."""
    queue: multiprocessing.Queue[int] = multiprocessing.Queue()
    process = multiprocessing.Process(target=_blocking, args=(queue, answer), daemon=True)
    process.start()
    try:
        yield queue.get(timeout=10)
    finally:
        process.terminate()
        process.join()


@contextmanager
def servers() -> Iterator[tuple[dict[str, int], int]]:
    """Ports by arm, with `echo`, and the server process's id."""
    command = [sys.executable, "-m", "bench.agi_arms"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or process.stdin is None:
                raise AssertionError("both were asked for")
            starting = threading.Timer(20, process.kill)
            starting.start()
            ports = json.loads(process.stdout.readline())
            starting.cancel()
            yield ports, process.pid
            process.stdin.close()
            process.wait(timeout=10)
        finally:
            process.kill()


def measure(rounds: int = 5) -> dict[str, Any]:
    """All figures as a dict: the fields of Figures."""
    return asdict(figures(rounds))


def figures(rounds: int) -> Figures:
    arms = {name: Arm() for name in ARMS}
    trips: dict[str, list[float]] = {"plain": [], "echo": []}
    floor: list[float] = []
    with servers() as (ports, pid), blocking(None) as plain, blocking(ANSWER) as bare:
        for port in (*(ports[name] for name in ARMS), bare):
            for _ in range(50):
                one_session(port)
        for _ in range(rounds):
            trips["plain"].append(round_trips(plain))
            trips["echo"].append(round_trips(ports["echo"]))
            floor.append(statistics.median(one_session(bare) for _ in range(LATENCY_SESSIONS)))
            _one_round(arms, ports, pid)
    ours, streams, panoramisk = arms["ours"], arms["streams"], arms["panoramisk"]
    return Figures(
        rounds=rounds,
        p3=_high(ours.sessions_per_s, streams.sessions_per_s),
        p3_cpu=_high(streams.cpu_us, ours.cpu_us),
        p3_panoramisk=_high(ours.sessions_per_s, panoramisk.sessions_per_s),
        p4=_low(ours.p50_s, [TRIPS * each for each in trips["plain"]]),
        p4_loop=_low(ours.p50_s, [TRIPS * each for each in trips["echo"]]),
        p4_floor=_low(ours.p50_s, floor),
        floor_us=statistics.median(floor) * 1e6,
        p99_to_p50=_percentile(ours.latencies_s, 0.99) / statistics.median(ours.latencies_s),
        round_trip_us={kind: statistics.median(seen) * 1e6 for kind, seen in trips.items()},
        arms={name: _summary(arm) for name, arm in arms.items()},
    )


def _one_round(arms: dict[str, Arm], ports: dict[str, int], pid: int) -> None:
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in ARMS}
    latencies: dict[str, list[float]] = {name: [] for name in ARMS}
    for name in (*ARMS, *reversed(ARMS)):
        rates[name].append(load(ports[name], pid))
        latencies[name] += [one_session(ports[name]) for _ in range(LATENCY_SESSIONS)]
    for name, arm in arms.items():
        arm.sessions_per_s.append(statistics.mean(rate for rate, _ in rates[name]))
        arm.cpu_us.append(statistics.mean(cpu for _, cpu in rates[name]))
        arm.p50_s.append(statistics.median(latencies[name]))
        arm.latencies_s += latencies[name]


def _high(ours: list[float], theirs: list[float]) -> Ratio:
    """A ratio that should be high, so that the worst is the least."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return Ratio(statistics.median(ratios), min(ratios))


def _low(ours: list[float], theirs: list[float]) -> Ratio:
    """A ratio that should be low, so that the worst is the greatest."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return Ratio(statistics.median(ratios), max(ratios))


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


def _summary(arm: Arm) -> dict[str, float]:
    return {
        "sessions_per_s": statistics.median(arm.sessions_per_s),
        "cpu_us": statistics.median(arm.cpu_us),
        "p50_us": statistics.median(arm.latencies_s) * 1e6,
        "p99_us": _percentile(arm.latencies_s, 0.99) * 1e6,
    }


def table(seen: Figures) -> str:
    """The figures for a person."""
    lines = ["arm         sessions/s  server CPU us  p50 us  p99 us"]
    lines += [
        f"{name:<12}{arm['sessions_per_s']:>10.0f}{arm['cpu_us']:>15.0f}{arm['p50_us']:>8.0f}{arm['p99_us']:>8.0f}"
        for name, arm in seen.arms.items()
    ]
    trips = seen.round_trip_us
    lines += [
        f"loopback round trip: {trips['plain']:.0f} us plain, {trips['echo']:.0f} us through the event loop",
        _line("P3  sessions/s, ours / raw streams", seen.p3, ">= 0.90"),
        _line("    server CPU a session, raw streams / ours", seen.p3_cpu, ">= 0.90"),
        _line("    sessions/s, ours / panoramisk", seen.p3_panoramisk, ">= 2.5"),
        _line(f"P4  p50 / {TRIPS} plain round trips", seen.p4, "<= 1.3"),
        _line(f"    p50 / {TRIPS} round trips through the event loop", seen.p4_loop, "<= 1.3"),
        _line(f"    p50 / bare blocking sockets ({seen.floor_us:.0f} us)", seen.p4_floor, "none set"),
        f"    p99 / p50, idle: {seen.p99_to_p50:.2f} (target <= 2)",
        f"medians of {seen.rounds} rounds, each arm twice a round in the order A B C D D C B A",
    ]
    return "\n".join(lines)


def _line(what: str, ratio: Ratio, target: str) -> str:
    return f"{what}: {ratio.median:.2f}, worst round {ratio.worst:.2f} (target {target})"


if __name__ == "__main__":
    print(table(figures(int(sys.argv[1]) if len(sys.argv) > 1 else 5)))

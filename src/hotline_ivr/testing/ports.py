"""Free ports on loopback, for a stack and callers that must not meet another's."""

from __future__ import annotations

import contextlib
import os
import random
import socket

_LOOPBACK = "127.0.0.1"
# Below the ports that the kernel gives to whoever connects somewhere (from 32,768 on): any connection of this
# machine may take one of those between the look and its use. Above the audio ports of tests and benchmarks.
_FIRST, _LAST = 27_000, 32_700
# The one that was given longest ago comes first.
_given: dict[int, None] = {}


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    """A port that nobody holds at this moment (UDP unless `kind` says otherwise), and given to nobody lately.

    Raises OSError when there is none.
    """
    own = _own_ports()
    while len(_given) > len(own) // 2:
        del _given[next(iter(_given))]
    for port in random.sample(own, len(own)):
        if port not in _given and _is_free(port, kind):
            _given[port] = None
            return port
    raise OSError(f"no free port between {own.start} and {own.stop}")


def _own_ports() -> range:
    """Of several workers of pytest-xdist each has its own: they are given long before they are used.

    HOTLINE_TEST_PORTS, such as `27000-28500`, gives runs that are beside one another their own as well.
    """
    first, _, last = os.environ.get("HOTLINE_TEST_PORTS", "").partition("-")
    ports = range(int(first), int(last)) if first and last else range(_FIRST, _LAST)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    count = os.environ.get("PYTEST_XDIST_WORKER_COUNT", "")
    if not worker.isdecimal() or not count.isdecimal():
        return ports
    size = len(ports) // max(int(count), int(worker) + 1)
    return ports[int(worker) * size : (int(worker) + 1) * size]


def _is_free(port: int, kind: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((_LOOPBACK, port))
        except OSError:
            return False
    return True


def is_taken(port: int) -> bool:
    """Whether somebody on loopback listens on a UDP port."""
    return _first_taken(port, 1) is not None


def free_range(size: int, first: int = 20_000, last: int = 60_000) -> int:
    """The first port of `size` UDP ports in a row that are all free, even-numbered as RTP wants it.

    Raises OSError when there is no such range.
    """
    start = first
    while start + size <= last:
        taken = _first_taken(start, size)
        if taken is None:
            return start
        start = taken + 1 + (taken + 1) % 2
    raise OSError(f"no {size} free UDP ports in a row between {first} and {last}")


def _first_taken(start: int, size: int) -> int | None:
    with contextlib.ExitStack() as held:
        for port in range(start, start + size):
            probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                probe.bind((_LOOPBACK, port))
            except OSError:
                return port
    return None

"""P12: from no link at all to the right picture of the floor, against merely reading the same bytes.

One real Asterisk with many conversations and many who wait. Both readers take a connection of their own, log
in and ask once for the state of all queues; the plain one reads until the list is over and looks at nothing.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from hotline_ivr.asterisk.ami_link import AmiLink, LinkState
from hotline_ivr.asterisk.queue_control import AmiQueueControl
from hotline_ivr.asterisk.render.links import AMI_USER
from hotline_ivr.asterisk.secrets import ensure_secrets
from hotline_ivr.calls.floor_watch import FloorWatch
from hotline_ivr.routing.floor import Floor, FloorEvent
from hotline_ivr.settings import Settings
from hotline_ivr.testing.stack import HotlineStack

GOAL = 1.5
ROUNDS = 20

_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds, medians of all rounds; each round takes both, and has a ratio of its own."""

    members: int
    waiting: int
    size: int
    """Bytes of the answer, with the login."""
    plain_ms: float
    picture_ms: float
    ratio: float
    worst: float


class _Nobody:
    """Members are not to be changed by looking at them."""

    def happened(self, event: FloorEvent, before: Floor, now: Floor) -> None:
        """Look on."""

    async def reconcile(self, floor: Floor) -> None:
        """Leave everything as it is."""


def measure(node: HotlineStack) -> Figures:
    """Read the floor of a node that is up, again and again. Raises RuntimeError if the picture is wrong."""
    secret = ensure_secrets(node.settings.secrets_file, ()).ami
    ratios, plains, pictures = [], [], []
    size, floor = 0, Floor()
    for _ in range(ROUNDS):
        plain, size = read_plainly(node.settings, secret)
        picture, floor = asyncio.run(picture_of(node.settings, secret))
        ratios.append(picture / plain)
        plains.append(plain)
        pictures.append(picture)
    shown = node.console("queue show").count("(wait: ")
    if len(floor.waiting) != shown:
        raise RuntimeError(f"the picture has {len(floor.waiting)} callers who wait, Asterisk {shown}")
    return Figures(
        len(floor.members),
        len(floor.waiting),
        size,
        1000 * statistics.median(plains),
        1000 * statistics.median(pictures),
        statistics.median(ratios),
        max(ratios),
    )


def read_plainly(settings: Settings, secret: str) -> tuple[float, int]:
    """Seconds and bytes of a login and one answer. Raises OSError."""
    begun = time.perf_counter()
    size = 0
    with socket.create_connection((settings.ami_host, settings.ami_port), _TIMEOUT_S) as link:
        login = f"Action: Login\r\nUsername: {AMI_USER}\r\nSecret: {secret}\r\nEvents: off\r\n\r\n"
        link.sendall(f"{login}Action: QueueStatus\r\n\r\n".encode())
        tail = b""
        while b"QueueStatusComplete" not in tail:
            piece = link.recv(262_144)
            if not piece:
                raise OSError("Asterisk closed the connection")
            size += len(piece)
            tail = tail[-40:] + piece
    return time.perf_counter() - begun, size


async def picture_of(settings: Settings, secret: str) -> tuple[float, Floor]:
    control = AmiQueueControl(lambda: link)
    watch = FloorWatch(control, _Nobody())
    link = AmiLink(
        settings.ami_host,
        settings.ami_port,
        AMI_USER,
        secret,
        on_connected=watch.resynchronise,
        on_event=control.deliver_to(watch.event),
        events="agent",
    )
    begun = time.perf_counter()
    running = asyncio.create_task(link.run())
    async with asyncio.timeout(_TIMEOUT_S):
        await link.wait_for(LinkState.CONNECTED)
    took = time.perf_counter() - begun
    floor = watch.floor
    running.cancel()
    await asyncio.wait({running})
    return took, floor


def table(found: Figures) -> Sequence[str]:
    picture, plain = f"{found.picture_ms:.0f} ms", f"{found.plain_ms:.0f} ms"
    return [
        f"P12 right picture of {found.members} members and {found.waiting} who wait: {picture}",
        f"    reading its {found.size // 1024} KiB alone: {plain}",
        f"    ratio {found.ratio:.2f}, worst round {found.worst:.2f} (target <= {GOAL:g})",
    ]

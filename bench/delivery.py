"""P9: from the end of one call to the ring of the next at the same operator, while callers wait.

Two nodes of one configuration, one with wake-ups and one without, take turns A B B A. The moments are those
of the operators' phones: BYE sent, next INVITE received. Only those count whose next
caller was waiting already.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from bench.nodes import configuration, member_names, numbers, shorten_greeting, wait_members
from hotline_ivr.settings import Settings
from hotline_ivr.setup.machine import ensure_asterisk, ready_sounds
from hotline_ivr.testing.ledger import LedgerRow
from hotline_ivr.testing.ports import free_port, free_range
from hotline_ivr.testing.sipp import Caller, Turn, callers, operator_phones
from hotline_ivr.testing.stack import HotlineStack

RING_MS = 50

TALKS_MS = range(350, 1350, 50)
"""Talks of many lengths: callers look once a second, and equal talks would all end in one moment of it."""

WAITED_S = 1.0
"""A caller counts as waiting so long after the answer: the greeting is shorter."""

PER_SECOND = 40
BLOCKS = 2
RTP_PORTS = 800
GOAL_RATIO, GOAL_MS = 0.02, 20.0

_ARM_S = 180.0


@dataclass(frozen=True, slots=True)
class Floor:
    """Who serves what: operators are in as many queues each as `queues_each` says, one after the other."""

    name: str
    operators: int
    queues: int
    queues_each: int
    calls: int

    def configuration(self, phone_port: int) -> dict[str, object]:
        config = configuration(self.operators, self.queues, phone_port)
        names = member_names(self.operators)
        for n, queue in enumerate(config["queues"].values()):  # type: ignore[attr-defined]
            queue["wrap_up"] = "0s"
            queue["operators"] = [
                name
                for m, name in enumerate(names)
                if n in {(m + step) % self.queues for step in range(self.queues_each)}
            ]
        for line in config["lines"].values():  # type: ignore[attr-defined]
            line["max_wait"] = f"{_ARM_S:.0f}s"
        return config


FLOORS = (
    Floor("1 operator, 1 queue", 1, 1, 1, 25),
    Floor("8 operators in 2 of 4 queues each", 8, 4, 2, 120),
)


@dataclass(frozen=True, slots=True)
class Delays:
    """Milliseconds from BYE to INVITE."""

    seen: int
    p50: float
    p90: float
    p99: float
    most: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Delays:
        if not milliseconds:
            raise ValueError("nobody had to wait: the load is too small for so many operators")
        ordered = sorted(milliseconds)
        last = len(ordered) - 1
        p50, p90, p99 = (ordered[min(last, int(share * len(ordered)))] for share in (0.5, 0.9, 0.99))
        return cls(len(ordered), p50, p90, p99, ordered[-1])


@dataclass(frozen=True, slots=True)
class Figures:
    floor: str
    off: Delays
    on: Delays
    ratios: tuple[float, ...]
    """p99 with wake-ups to p99 without, of each block."""

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)


def delays(phones: Sequence[LedgerRow], calling: Sequence[LedgerRow]) -> list[float]:
    """Milliseconds from the end of each call to the next ring of the same phone, where somebody waited."""
    answered = {row.number: row.answered for row in calling}
    found = []
    for name in {row.number for row in phones}:
        own = [row for row in phones if row.number == name]
        for before, after in pairwise(own):
            waiting = answered.get(after.peer)
            if before.ended and waiting is not None and waiting + WAITED_S < before.ended:
                found.append((after.started - before.ended) * 1000)
    return found


def measure(say: Callable[[str], None]) -> list[Figures]:
    machine = Settings.from_environment()
    ensure_asterisk(machine)
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as name:
        folder = Path(name)
        prepared = Settings.from_environment(state=folder / "prepared")
        ready_sounds(prepared)
        return [_floor(folder, floor, machine, prepared, say) for floor in FLOORS]


def _floor(
    folder: Path, floor: Floor, machine: Settings, prepared: Settings, say: Callable[[str], None]
) -> Figures:
    phone_port = free_port()
    with ExitStack() as up:
        nodes = {}
        for n, arm in enumerate(("off", "on")):
            rtp = free_range(RTP_PORTS, 11_000 + 2 * n * RTP_PORTS)
            node = HotlineStack(
                folder / f"{floor.operators}-{arm}",
                floor.configuration(phone_port),
                sounds=prepared.asterisk_dir,
                asterisk_root=machine.root_dir,
                variables={
                    "HOTLINE_QUEUE_WAKEUP": {"off": "no", "on": "yes"}[arm],
                    "HOTLINE_RTP_FIRST": str(rtp),
                    "HOTLINE_RTP_LAST": str(rtp + RTP_PORTS - 1),
                },
            )
            shorten_greeting(node.settings.sounds_dir)
            nodes[arm] = up.enter_context(node)
            node.start_up()
            wait_members(node.console, floor.operators * floor.queues_each)
        return _blocks(floor, nodes, folder, phone_port, say)


def _blocks(
    floor: Floor,
    nodes: Mapping[str, HotlineStack],
    folder: Path,
    phone_port: int,
    say: Callable[[str], None],
) -> Figures:
    seen: dict[str, list[float]] = {"off": [], "on": []}
    ratios = []
    for block in range(BLOCKS):
        own: dict[str, list[float]] = {"off": [], "on": []}
        for place, arm in enumerate(("off", "on", "on", "off")):
            load = folder / f"load-{floor.operators}-{block}-{place}"
            found = asyncio.run(_arm(floor, nodes[arm], load, phone_port))
            own[arm] += found
            say(f"  {floor.name}, wake-up {arm}: {Delays.of(found)}")
        ratios.append(Delays.of(own["on"]).p99 / Delays.of(own["off"]).p99)
        for arm, found in own.items():
            seen[arm] += found
    return Figures(floor.name, Delays.of(seen["off"]), Delays.of(seen["on"]), tuple(ratios))


async def _arm(floor: Floor, node: HotlineStack, folder: Path, phone_port: int) -> list[float]:
    called = numbers(floor.queues)
    calls = [Caller(f"+4791{n:06d}", called[n % len(called)]) for n in range(floor.calls)]
    phones = operator_phones(folder, [Turn(RING_MS, talk) for talk in TALKS_MS], port=phone_port)
    async with phones:
        load = callers(folder, "127.0.0.1", node.settings.sip_port, calls, per_second=PER_SECOND)
        async with load:
            calling = await load.wait_ended(_ARM_S)
        return delays(phones.rows(), calling)


def as_json(found: Sequence[Figures]) -> list[dict[str, object]]:
    return [asdict(figures) for figures in found]


def table(found: Sequence[Figures]) -> list[str]:
    lines = ["P9  operator free to ring (BYE to INVITE), callers waiting, wrap-up 0"]
    for figures in found:
        lines.append(f"    {figures.floor}")
        for arm, each in (("without", figures.off), ("with", figures.on)):
            lines.append(
                f"      {arm:8} p50 {each.p50:.0f}, p90 {each.p90:.0f}, p99 {each.p99:.0f},"
                f" most {each.most:.0f} ms of {each.seen}"
            )
        lines.append(
            f"      p99 with / without: {figures.ratio:.3f}, worst block {max(figures.ratios):.3f}"
            f" (target <= {GOAL_RATIO:g}, p99 <= {GOAL_MS:g} ms)"
        )
    return lines

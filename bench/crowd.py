"""P10: what a call through the queue costs Asterisk beside many conversations, against few.

One node; conversations that last on one queue, and short calls through another. What the conversations cost
by themselves is measured before and taken off. The queue is Asterisk's own (app_queue), and so is the ratio.
P12 (resync.py) and R1 (killed.py) are taken beside the same crowd.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import killed, resync
from bench.calls import LOAD_CORE
from bench.load import Load, Offer
from bench.nodes import configuration, member_names, numbers, shorten_greeting, wait_members
from bench.processes import cpu_seconds
from hotline_ivr.settings import Settings
from hotline_ivr.setup.machine import ensure_asterisk, ready_sounds
from hotline_ivr.testing.ledger import LedgerRow
from hotline_ivr.testing.ports import free_port, free_range
from hotline_ivr.testing.sipp import Caller, SippRun, Turn, callers, operator_phones
from hotline_ivr.testing.stack import HotlineStack

FEW, MANY = 50, 1000
WAITING = 300
"""Callers who wait while P12 is taken; each hears music."""
SHORT_OPERATORS = 60
RATE, SECONDS = 15, 20
GOAL = 1.3

_RTP_PORTS = 2 * 2 * (MANY + WAITING + 300)
_FILL_RATE = 25
_FILL_S = 240.0
_BASE_S = 15.0
_LASTS_MS = 3_600_000
_SETTLE_S = 3.0


@dataclass(frozen=True, slots=True)
class Beside:
    """Short calls beside so many conversations."""

    conversations: int
    alone: float
    """Share of a core that Asterisk takes for the conversations alone."""
    cpu_ms_a_call: float
    completed: int
    offered: int


@dataclass(frozen=True, slots=True)
class Figures:
    few: Beside
    many: Beside
    picture: resync.Figures
    killed: killed.Figures

    @property
    def ratio(self) -> float:
        return self.many.cpu_ms_a_call / self.few.cpu_ms_a_call


def measure(say: Callable[[str], None]) -> Figures:
    """Some five minutes."""
    machine = Settings.from_environment()
    ensure_asterisk(machine)
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as name:
        folder = Path(name)
        prepared = Settings.from_environment(state=folder / "prepared")
        ready_sounds(prepared)
        return asyncio.run(_measure(folder, machine, prepared, say))


async def _measure(
    folder: Path, machine: Settings, prepared: Settings, say: Callable[[str], None]
) -> Figures:
    long_port, short_port = free_port(), free_port()
    rtp = free_range(_RTP_PORTS, 11_000)
    node = HotlineStack(
        folder / "node",
        crowded(long_port, short_port),
        sounds=prepared.asterisk_dir,
        asterisk_root=machine.root_dir,
        variables={"HOTLINE_RTP_FIRST": str(rtp), "HOTLINE_RTP_LAST": str(rtp + _RTP_PORTS - 1)},
    )
    shorten_greeting(node.settings.sounds_dir)
    with node:
        node.start_up()
        wait_members(node.console, MANY + SHORT_OPERATORS)
        load = Load(folder / "load", short_port, LOAD_CORE)
        async with AsyncExitStack() as up:
            lasting = operator_phones(folder, [Turn(1, _LASTS_MS)], port=long_port)
            await up.enter_async_context(lasting)

            async def fill(begin: int, end: int) -> None:
                wanted = [Caller(f"+4792{n:06d}", numbers(2)[0], _LASTS_MS) for n in range(begin, end)]
                crowd = callers(
                    folder, "127.0.0.1", node.settings.sip_port, wanted,
                    per_second=_FILL_RATE, name=f"crowd-{begin}",
                )  # fmt: skip
                await up.enter_async_context(crowd)

            found = []
            for begin, end in ((0, FEW), (FEW, MANY)):
                await fill(begin, end)
                await _wait_talking(lasting, end)
                found.append(await asyncio.to_thread(_beside, node, load, end))
                say(f"  {found[-1]}")
            await fill(MANY, MANY + WAITING)
            await asyncio.to_thread(_wait_waiting, node)
            picture = await asyncio.to_thread(resync.measure, node)
            say(f"  {picture}")
            after = await asyncio.to_thread(killed.measure, node)
    return Figures(found[0], found[1], picture, after)


def crowded(long_port: int, short_port: int) -> dict[str, object]:
    """Two queues: many operators for conversations that last, and some for short calls."""
    config = configuration(MANY + SHORT_OPERATORS, 2, long_port)
    names = member_names(MANY + SHORT_OPERATORS)
    queues = list(config["queues"].values())  # type: ignore[attr-defined]
    queues[0]["operators"], queues[1]["operators"] = names[:MANY], names[MANY:]
    for name in names[MANY:]:
        config["operators"][name]["sip_contact"] = f"sip:{name}@127.0.0.1:{short_port}"  # type: ignore[index]
    for line in config["lines"].values():  # type: ignore[attr-defined]
        line["max_wait"] = "2h"
    return config


async def _wait_talking(phones: SippRun, count: int) -> None:
    def enough(rows: Sequence[LedgerRow]) -> bool:
        return sum(row.answered is not None and row.ended is None for row in rows) >= count

    await phones.wait_for(enough, _FILL_S, f"{count} conversations")


def _beside(node: HotlineStack, load: Load, conversations: int) -> Beside:
    """Short calls now; what Asterisk takes without them is measured first and taken off."""
    pid = int((node.settings.run_dir / "asterisk.pid").read_text(encoding="ascii"))
    time.sleep(_SETTLE_S)
    before, begun = cpu_seconds(pid), time.monotonic()
    time.sleep(_BASE_S)
    alone = (cpu_seconds(pid) - before) / (time.monotonic() - begun)
    before, begun = cpu_seconds(pid), time.monotonic()
    seen = load.run(Offer(RATE, SECONDS, numbers(2)[1:]), node.settings.sip_port)
    used = cpu_seconds(pid) - before - alone * (time.monotonic() - begun)
    return Beside(conversations, alone, 1000 * used / max(1, seen.completed), seen.completed, seen.offered)


def _wait_waiting(node: HotlineStack) -> None:
    deadline = time.monotonic() + _FILL_S
    while node.console("queue show").count("(wait: ") < WAITING:
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {_FILL_S:g} s for {WAITING} callers who wait")
        time.sleep(0.5)


def table(found: Figures) -> list[str]:
    return [
        "P10 CPU of Asterisk for a call through the queue, beside conversations that last",
        *map(_told, (found.few, found.many)),
        f"    ratio {found.ratio:.2f}: app_queue's own (target <= {GOAL:g})",
        *resync.table(found.picture),
        *killed.table(found.killed),
    ]


def _told(each: Beside) -> str:
    return (
        f"    beside {each.conversations}: {each.cpu_ms_a_call:.1f} ms a call,"
        f" {each.completed} of {each.offered} completed; these alone take {each.alone:.0%} of a core"
    )

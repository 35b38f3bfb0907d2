"""P1 and P2: what routing calls with us costs, against the same Asterisk with a dialplan of its own.

Calls of both arms do the same: answer, hours check, greeting, queue, an operator answers after 100 ms, a
second of talk, the operator hangs up. Arms alternate A B B A, ratios are taken within a block.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.load import Load, Offer, Seen
from bench.nodes import Cpu, Node, Product, PureAsterisk, configuration, numbers
from bench.processes import core_times
from hotline_ivr.settings import Settings
from hotline_ivr.setup.machine import ensure_asterisk, ready_sounds
from hotline_ivr.testing.ports import free_port

LOAD_CORE = 1
"""SIPp stays on this core; Asterisk and the service go where the kernel puts them."""

SETTLE_S = 2.0
"""After the last call, before CPU time is read: the service is then done with its files."""

PASS_FAILED = 0.001
"""Share of failed calls from which on a rate counts as not sustained."""

WARM_UP_S = 6

STEP = 1.05
"""Factor between rates of the search for the highest one."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Shape:
    """What is offered, and for how long."""

    rate: int = 300
    seconds: int = 15
    blocks: int = 3
    rest: float = 3.0
    operators: int = 600
    queues: int = 20


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of a block."""

    name: str
    seen: Seen
    asterisk_ms: float
    """CPU-ms of Asterisk per completed call."""
    ours_ms: float
    """CPU-ms of all our processes per completed call."""
    busy: Mapping[int, float]
    """Share of the time of the offer in which each core was busy."""

    def row(self) -> dict[str, object]:
        """What is reported of it."""
        seen = self.seen
        return {
            "arm": self.name,
            "offered": seen.offered,
            "completed": seen.completed,
            "per_second": round(seen.per_second, 1),
            "failed": round(seen.failed, 5),
            "retransmissions": seen.retransmissions,
            "answer_p50_ms": round(seen.answer_percentile(0.5), 1),
            "answer_p99_ms": round(seen.answer_percentile(0.99), 1),
            "asterisk_ms_per_call": round(self.asterisk_ms, 3),
            "ours_ms_per_call": round(self.ours_ms, 3),
            "sipp_ms_per_call": round(1000 * seen.cpu_s / max(1, seen.completed), 3),
            "cores_busy": {core: round(share, 2) for core, share in self.busy.items()},
        }


@dataclass(frozen=True, slots=True)
class Block:
    """Ratios within one block of A B B A."""

    completed: float
    """P1: calls completed per second, ours / pure."""
    cost: float
    """P2: CPU-ms per call, our processes / Asterisk that serves them."""
    cost_of_pure: float
    """The same against Asterisk with the pure dialplan."""
    asterisk: float
    """CPU-ms of Asterisk per call, ours / pure."""

    @classmethod
    def of(cls, arms: Sequence[Arm]) -> Block:
        def mean(name: str, figure: Callable[[Arm], float]) -> float:
            return statistics.fmean(figure(arm) for arm in arms if arm.name == name)

        pure = mean("pure", lambda arm: arm.asterisk_ms)
        with_us = mean("ours", lambda arm: arm.asterisk_ms)
        ours = mean("ours", lambda arm: arm.ours_ms)
        rates = [mean(name, lambda arm: arm.seen.per_second) for name in ("ours", "pure")]
        return cls(rates[0] / rates[1], ours / with_us, ours / pure, with_us / pure)


@dataclass(frozen=True, slots=True)
class Bench:
    """Both arms, running, and the load for them."""

    nodes: Mapping[str, Node]
    load: Load
    shape: Shape

    def arm(self, name: str, rate: int, seconds: int) -> Arm:
        node = self.nodes[name]
        offer = Offer(rate, seconds, numbers(self.shape.queues))
        before, cores = node.cpu(), core_times()
        seen = self.load.run(offer, node.sip_port)
        busy = _busy(cores, core_times())
        time.sleep(SETTLE_S)
        return _arm(name, seen, before, node.cpu(), busy)

    def block(self, say: Say) -> list[Arm]:
        arms = []
        for name in ("pure", "ours", "ours", "pure"):
            arms.append(self.arm(name, self.shape.rate, self.shape.seconds))
            say(_line(arms[-1]))
            time.sleep(self.shape.rest)
        return arms

    def highest_rate(self, name: str, say: Say) -> int:
        """The highest rate at which an arm still passes, found in steps of STEP and confirmed for a minute."""
        rate = self.shape.rate
        passes = self._passes(name, rate, self.shape.seconds, say)
        factor = STEP if passes else 1 / STEP
        while True:
            following = round(rate * factor)
            now_passes = self._passes(name, following, self.shape.seconds, say)
            if passes and not now_passes:
                break
            rate, passes = following, now_passes
            if passes and factor < 1:
                break
        while not self._passes(name, rate, 60, say):
            rate = round(rate / STEP)
        return rate

    def _passes(self, name: str, rate: int, seconds: int, say: Say) -> bool:
        arm = self.arm(name, rate, seconds)
        say(_line(arm))
        time.sleep(self.shape.rest)
        return arm.seen.failed < PASS_FAILED and arm.seen.per_second > 0.98 * rate


@contextmanager
def running(folder: Path, shape: Shape) -> Iterator[Bench]:
    """Both arms up and warm."""
    machine = Settings.from_environment()
    ensure_asterisk(machine)
    prepared = Settings.from_environment(state=folder / "prepared")
    ready_sounds(prepared)
    phone_port = free_port()
    config = configuration(shape.operators, shape.queues, phone_port)
    with ExitStack() as up:
        product = Product(folder / "ours", config, machine.root_dir, prepared.asterisk_dir, shape.operators)
        up.enter_context(product)
        pure = PureAsterisk(
            folder / "pure",
            product.stack.settings.config,
            machine.root_dir,
            prepared.asterisk_dir,
            shape.operators,
        )
        up.enter_context(pure)
        bench = Bench({"pure": pure, "ours": product}, Load(folder / "load", phone_port, LOAD_CORE), shape)
        for name in bench.nodes:
            bench.arm(name, max(1, shape.rate // 2), WARM_UP_S)
        yield bench


def measure(folder: Path, shape: Shape, say: Say, *, saturate: bool = False) -> dict[str, object]:
    """All figures of P1 and P2, ready to be written as JSON."""
    with running(folder, shape) as bench:
        blocks = [bench.block(say) for _ in range(shape.blocks)]
        highest = {name: bench.highest_rate(name, say) for name in bench.nodes} if saturate else {}
        backlogs = {name: longest_backlogs(node) for name, node in bench.nodes.items()}
    ratios = [Block.of(arms) for arms in blocks]
    return {
        "shape": asdict(shape),
        "arms": [[arm.row() for arm in arms] for arms in blocks],
        "ratios": {
            "P1 completed calls, ours / pure": _summary(ratios, lambda b: b.completed, worst=min),
            "P2 CPU of our processes / Asterisk with us": _summary(ratios, lambda b: b.cost, worst=max),
            "P2 CPU of our processes / pure Asterisk": _summary(ratios, lambda b: b.cost_of_pure, worst=max),
            "CPU of Asterisk, ours / pure": _summary(ratios, lambda b: b.asterisk, worst=max),
        },
        "highest_rate": highest,
        "backlogs": backlogs,
    }


def longest_backlogs(node: Node, count: int = 5) -> dict[str, int]:
    """The task processors of Asterisk that ever had most waiting; 500 stops new calls."""
    depths = {}
    for line in node.console("core show taskprocessors").splitlines():
        fields = line.split()
        if len(fields) >= 6 and fields[-1].isdigit():
            depths[fields[0]] = int(fields[-3])
    return dict(sorted(depths.items(), key=lambda item: -item[1])[:count])


def _arm(name: str, seen: Seen, before: Cpu, after: Cpu, busy: Mapping[int, float]) -> Arm:
    calls = max(1, seen.completed)
    return Arm(
        name,
        seen,
        1000 * (after.asterisk - before.asterisk) / calls,
        1000 * (after.ours - before.ours) / calls,
        busy,
    )


def _busy(
    before: Mapping[int, tuple[float, float]], after: Mapping[int, tuple[float, float]]
) -> dict[int, float]:
    return {core: (after[core][0] - busy) / max(0.01, after[core][1] - total) for core, (busy, total) in before.items()}


def _summary(
    blocks: Sequence[Block], figure: Callable[[Block], float], *, worst: Callable[[Sequence[float]], float]
) -> dict[str, float]:
    values = [figure(block) for block in blocks]
    return {"median": round(statistics.median(values), 4), "worst": round(worst(values), 4)}


def _line(arm: Arm) -> str:
    row = arm.row()
    return (
        f"  {arm.name:5} {row['per_second']:6} calls/s, failed {arm.seen.failed:.3%}, sent again {row['retransmissions']},"
        f" answered in {row['answer_p50_ms']} ms (p99 {row['answer_p99_ms']}), CPU-ms a call: Asterisk"
        f" {row['asterisk_ms_per_call']}, ours {row['ours_ms_per_call']}, SIPp {row['sipp_ms_per_call']}, cores busy {row['cores_busy']}"
    )

"""P1 and P2: what routing calls with us costs, against the same Asterisk with a dialplan of its own.

Calls of both arms do the same: answer, hours check, greeting, queue, an operator answers after 100 ms, a
second of talk, the operator hangs up. Arms alternate A B B A, ratios are taken within a block.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.figures import ARMS, EASE, Arm, Figures, Outcome, Shape, deepest
from bench.latency import IDLE_S, Latency, Waits, probing
from bench.load import Load, Offer
from bench.nodes import Cpu, Node, Product, PureAsterisk, configuration, numbers
from bench.processes import core_times
from bench.report import arm_line
from hotline_ivr.settings import Settings
from hotline_ivr.setup.machine import ensure_asterisk, ready_sounds
from hotline_ivr.testing import agi_caller
from hotline_ivr.testing.ports import free_port

LOAD_CORE = 1
"""SIPp stays on this core; Asterisk and the service go where the kernel puts them."""

WARM_UP_RATE, WARM_UP_S = 20, 4

QUIET = 0.06
"""Share of a core below which a node is done with the calls of an arm."""

QUIET_LOOK_S, QUIET_WITHIN_S = 0.5, 15.0

LATENCY_ARM_S = 25
"""Seconds of calls beside which asks are timed: a thousand asks and more, for a p99.9."""

HALF = 0.5
"""Share of the lower of both highest rates at which they are."""

FIRST_RATE, COARSE, HALVINGS = 40, 1.5, 2
"""The search for the highest rate: where it begins, its steps, and how often what is left is halved.

Two halvings of a step of 1.5 leave an uncertainty of a tenth.
"""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Bench:
    """Both arms, running, and the load for them."""

    nodes: Mapping[str, Node]
    product: Product
    load: Load
    shape: Shape
    say: Say

    def arm(self, name: str, rate: int, seconds: int) -> Arm:
        node = self.nodes[name]
        before, cores = node.cpu(), core_times()
        seen = self.load.run(Offer(rate, seconds, numbers(self.shape.queues)), node.sip_port)
        busy = {
            core: (now[0] - cores[core][0]) / max(0.01, now[1] - cores[core][1])
            for core, now in core_times().items()
        }
        if seen.completed < seen.offered:
            # Their callers are gone without a word; the next arm shall not carry them along.
            node.console("channel request hangup all")
        after = _when_quiet(node)
        calls = max(1, seen.completed)
        arm = Arm(
            name,
            seen,
            1000 * (after.asterisk - before.asterisk) / calls,
            1000 * (after.ours - before.ours) / calls,
            busy,
        )
        self.say(arm_line(arm))
        time.sleep(self.shape.rest)
        return arm

    def figures(self, rate: int) -> Figures:
        """The blocks at one rate."""
        self.say(f"  {rate} calls/s offered")
        order = ("pure", "ours", "ours", "pure")
        blocks = [
            [self.arm(name, rate, self.shape.seconds) for name in order] for _ in range(self.shape.blocks)
        ]
        return Figures(rate, blocks)

    def highest_rate(self, name: str) -> int:
        """The highest rate that an arm sustains, up to the goal: coarse steps up, then halving what is left.

        Raises RuntimeError when it sustains none.
        """
        self.say(f"  highest rate of {name}")
        good, rate = 0, min(FIRST_RATE, self.shape.goal)
        while self._sustains(name, rate):
            if rate == self.shape.goal:
                return rate
            good, rate = rate, min(self.shape.goal, round(rate * COARSE))
        bad = rate
        while good == 0:
            rate //= 2
            if rate == 0:
                raise RuntimeError(f"{name} does not sustain one call a second")
            good, bad = (rate, bad) if self._sustains(name, rate) else (0, rate)
        for _ in range(HALVINGS):
            rate = round(math.sqrt(good * bad))
            good, bad = (rate, bad) if self._sustains(name, rate) else (good, rate)
        return good

    def _sustains(self, name: str, rate: int) -> bool:
        if self.arm(name, rate, self.shape.seconds).sustained(rate):
            return True
        # What an overload leaves behind lasts for minutes; the next rate shall not pay for it.
        self.nodes[name].restart()
        self.warm_up(name)
        return False

    def latency(self, rate: int) -> Latency:
        """P4 of the product; the arm that makes the calls counts for nothing else."""
        self.say(f"  asks, idle and beside {rate} calls/s")
        idle = self._asked(lambda: time.sleep(IDLE_S))
        beside = self._asked(lambda: self.arm("ours", rate, LATENCY_ARM_S))
        return Latency(idle, rate, beside)

    def _asked(self, meanwhile: Callable[[], object]) -> Waits:
        number = numbers(1)[0]
        ask = agi_caller.environment(("arrived", "line-q00", number, "+4791234567", "", "0", ""))
        with probing(self.product.stack.settings.agi_port, ask) as probe:
            meanwhile()
            return probe.figures()

    def warm_up(self, name: str) -> None:
        self.arm(name, WARM_UP_RATE, WARM_UP_S)


def measure(folder: Path, shape: Shape, say: Say) -> Outcome:
    """All figures of P1 and P2; `folder` is for everything that the arms write."""
    with _running(folder, shape, say) as bench:
        say("  warming up")
        for name in ARMS:
            bench.warm_up(name)
        highest = {} if shape.rates else {name: bench.highest_rate(name) for name in ARMS}
        common = shape.rates or [max(1, round(EASE * min(highest.values())))]
        latency = bench.latency(max(1, round(HALF * min(highest.values() or common))))
        before = bench.product.answered_calls()
        rates = [bench.figures(rate) for rate in common]
        recorded = bench.product.answered_calls() - before
        backlogs = {
            name: deepest(node.console("core show taskprocessors")) for name, node in bench.nodes.items()
        }
    arms = [arm for figures in rates for block in figures.arms for arm in block if arm.name == "ours"]
    return Outcome(rates, highest, latency, backlogs, recorded, sum(arm.seen.completed for arm in arms))


@contextmanager
def _running(folder: Path, shape: Shape, say: Say) -> Iterator[Bench]:
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
        load = Load(folder / "load", phone_port, LOAD_CORE)
        yield Bench({"pure": pure, "ours": product}, product, load, shape, say)


def _when_quiet(node: Node) -> Cpu:
    """CPU time once the node has nothing left to do: the last calls ended, the record written."""
    deadline = time.monotonic() + QUIET_WITHIN_S
    seen, looked = node.cpu(), time.monotonic()
    while time.monotonic() < deadline:
        time.sleep(QUIET_LOOK_S)
        now, at = node.cpu(), time.monotonic()
        used = now.asterisk + now.ours - seen.asterisk - seen.ours
        seen, share = now, used / (at - looked)
        looked = at
        if share < QUIET:
            break
    return seen

"""The figures of P1 and P2, from what was seen in the arms. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from bench.latency import Latency
from bench.load import Seen

ARMS = ("pure", "ours")

PASS_FAILED = 0.001
"""Share of failed calls from which on a rate counts as not sustained."""

PASS_RATE = 0.98
"""Share of the offered rate that has to be completed: a queue that only grows fails late."""


EASE = 0.6
"""Share of the lower of both highest rates at which costs are measured."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is offered, and for how long (seconds)."""

    goal: int = 300
    """Calls per second up to which the highest sustained rate is searched."""
    rates: Sequence[int] = ()
    """Rates of the blocks; empty: one that both arms carry with ease, found by the search."""
    seconds: int = 12
    blocks: int = 3
    rest: float = 1.5

    @property
    def operators(self) -> int:
        """Half as many again as calls a second: each is busy for a little more than a second."""
        return self.goal * 3 // 2

    @property
    def queues(self) -> int:
        """Queues of thirty, because every caller's turn walks all members of its queue."""
        return max(1, self.operators // 30)


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of a block. CPU is in ms per completed call."""

    name: str
    seen: Seen
    asterisk_ms: float
    ours_ms: float
    busy: Mapping[int, float]
    """Share of the time in which each core was busy."""

    @property
    def sipp_ms(self) -> float:
        return 1000 * self.seen.cpu_s / max(1, self.seen.completed)

    def sustained(self, rate: int) -> bool:
        return self.seen.failed < PASS_FAILED and self.seen.per_second >= PASS_RATE * rate

    def row(self) -> dict[str, object]:
        """What is written of it."""
        seen = self.seen
        return {
            "arm": self.name,
            "offered": seen.offered,
            "completed": seen.completed,
            "per_second": round(seen.per_second, 1),
            "sent_again": seen.retransmissions,
            "answer_ms": {f"p{100 * share:g}": seen.answer_percentile(share) for share in (0.5, 0.9, 0.99)},
            "cpu_ms_a_call": {
                "asterisk": round(self.asterisk_ms, 3),
                "ours": round(self.ours_ms, 3),
                "sipp": round(self.sipp_ms, 3),
            },
            "cores_busy": {str(core): round(share, 3) for core, share in self.busy.items()},
        }


@dataclass(frozen=True, slots=True)
class Spread:
    """A ratio over the blocks."""

    median: float
    worst: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What the targets speak of, at one rate."""

    rate: int
    arms: Sequence[Sequence[Arm]]
    """Blocks of pure, ours, ours, pure."""

    @property
    def completed(self) -> Spread:
        """P1: calls completed per second, ours / pure."""
        return self._spread(lambda ours: ours.seen.per_second, lambda pure: pure.seen.per_second, min)

    @property
    def cost(self) -> Spread:
        """P2: CPU of all our processes / CPU of the Asterisk beside them."""
        ratios = [_mean(block, "ours", _ours) / _mean(block, "ours", _asterisk) for block in self.arms]
        return Spread(statistics.median(ratios), max(ratios))

    @property
    def cost_of_pure(self) -> Spread:
        """CPU of all our processes / CPU of the Asterisk that does without them."""
        return self._spread(_ours, _asterisk, max)

    @property
    def asterisk(self) -> Spread:
        """What our dialplan and files cost Asterisk: its CPU, ours / pure."""
        return self._spread(_asterisk, _asterisk, max)

    def failed(self, name: str) -> float:
        """Share of an arm's calls that did not end well."""
        seen = [arm.seen for block in self.arms for arm in block if arm.name == name]
        return 1 - sum(each.completed for each in seen) / sum(each.offered for each in seen)

    def sent_again(self, name: str) -> int:
        return sum(arm.seen.retransmissions for block in self.arms for arm in block if arm.name == name)

    def _spread(
        self,
        ours: Callable[[Arm], float],
        pure: Callable[[Arm], float],
        worst: Callable[[Sequence[float]], float],
    ) -> Spread:
        # Where the pure arm completed nothing there is nothing to compare with.
        ratios = [
            _mean(block, "ours", ours) / (_mean(block, "pure", pure) or math.nan) for block in self.arms
        ]
        return Spread(statistics.median(ratios), worst(ratios))

    def as_json(self) -> dict[str, object]:
        ratios = {
            "P1 completed calls/s, ours / pure": self.completed,
            "P2 CPU, our processes / Asterisk beside them": self.cost,
            "CPU, our processes / pure Asterisk": self.cost_of_pure,
            "CPU of Asterisk, ours / pure": self.asterisk,
        }
        return {
            "ratios": {
                what: {"median": round(spread.median, 4), "worst": round(spread.worst, 4)}
                for what, spread in ratios.items()
            },
            "failed": {name: round(self.failed(name), 5) for name in ARMS},
            "blocks": [[arm.row() for arm in block] for block in self.arms],
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that one run of both arms gave."""

    rates: Sequence[Figures]
    highest: Mapping[str, int]
    """The highest rate that each arm sustained, up to the goal; empty where rates were given."""
    latency: Latency
    backlogs: Mapping[str, Mapping[str, int]]
    """By arm: the task processors of Asterisk that ever had most waiting."""
    recorded: int
    """Answered calls that came into our record during the blocks."""
    made: int
    """Calls that were completed through us in that time."""

    @property
    def sustained(self) -> float:
        """P1: the highest rate sustained, ours / pure."""
        return self.highest["ours"] / self.highest["pure"]

    def as_json(self) -> dict[str, object]:
        return {
            "by_rate": {str(figures.rate): figures.as_json() for figures in self.rates},
            "highest_rate": dict(self.highest),
            **({"P1 highest rate, ours / pure": round(self.sustained, 3)} if self.highest else {}),
            "P4": asdict(self.latency),
            "backlogs": {name: dict(backlog) for name, backlog in self.backlogs.items()},
            "recorded": self.recorded,
            "made": self.made,
        }


def deepest(taskprocessors: str, count: int = 4) -> dict[str, int]:
    """Those with the greatest depth ever, from what `core show taskprocessors` says."""
    depths = {}
    for line in taskprocessors.splitlines():
        # Processor, Processed, In Queue, Max Depth, Low water, High water, and times in newer versions
        fields = line.split()
        if len(fields) >= 6 and all(field.isdigit() for field in fields[1:6]):
            depths[fields[0]] = int(fields[3])
    return dict(sorted(depths.items(), key=lambda item: -item[1])[:count])


def _asterisk(arm: Arm) -> float:
    return arm.asterisk_ms


def _ours(arm: Arm) -> float:
    return arm.ours_ms


def _mean(block: Sequence[Arm], name: str, figure: Callable[[Arm], float]) -> float:
    return statistics.fmean(figure(arm) for arm in block if arm.name == name)

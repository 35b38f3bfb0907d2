"""A day of a hotline in some minutes, on real Asterisk: its waits against Erlang C and Erlang A.

Two lines of one node, each with a queue and four operators' phones of its own. Callers come at random and
talk at random; on the one everybody waits, on the other callers give up after a patience at random too.
The real waits are held against three things: the formula; what chance does to so few calls (the middle 95 of
a hundred days of the same kind, served exactly); and the same arrivals, patience and conversations served by
hand, which leaves nothing to chance.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from bench.by_hand import Day, Trace, Waited, at_random, day, middle_95, serve
from bench.nodes import GREETING_S, configuration, numbers, shorten_greeting, wait_members
from hotline_ivr.routing.erlang_delay import ErlangA, ErlangC
from hotline_ivr.settings import Settings
from hotline_ivr.setup.machine import ensure_asterisk, ready_sounds
from hotline_ivr.testing.ledger import EndedBy, LedgerRow
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import Caller, SippRun, Turn, callers, operator_phones
from hotline_ivr.testing.stack import HotlineStack, Record

OPERATORS = 4
SERVICE_S = 3.0
PATIENCE_S = 4.0
CALLS = 400
IN_TIME_S = 2.0
LEAST_TALK_S = 1.0
"""Who hangs up sooner has dropped the caller, who then waits on; it makes the mean talk 0.15 s longer."""
SEED = 20
DAYS = 1000
RTP_PORTS = 1600

_AT_ONCE = 100
"""Callers are made so many a second and pause until it is their time."""
_LONGEST_S = 900.0
_ENDLESS_MS = 600_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A line's callers."""

    name: str
    arrivals_a_second: float
    patience_s: float

    @property
    def formula(self) -> Day:
        """What the formula says of this line."""
        if self.patience_s == float("inf"):
            queue = ErlangC(self.arrivals_a_second, SERVICE_S, OPERATORS)
            return Day(queue.mean_wait_s, queue.answered_within(IN_TIME_S), 0.0)
        hasty = ErlangA(self.arrivals_a_second, SERVICE_S, OPERATORS, self.patience_s)
        return Day(hasty.mean_wait_s, hasty.answered_within(IN_TIME_S), hasty.abandoned)

    def planned(self, dice: random.Random, calls: int) -> Trace:
        """A trace of this kind, at random."""
        trace = at_random(dice, calls, self.arrivals_a_second, SERVICE_S, self.patience_s)
        return replace(trace, services=tuple(max(LEAST_TALK_S, each) for each in trace.services))


PATIENT = Kind("everybody waits (Erlang C)", 0.8 * OPERATORS / SERVICE_S, float("inf"))
HASTY = Kind("callers give up (Erlang A)", 1.1 * OPERATORS / SERVICE_S, PATIENCE_S)


@dataclass(frozen=True, slots=True)
class Figures:
    """One line's day: as it was, as the formula has it, and as the same calls would be served by hand."""

    kind: str
    calls: int
    real: Day
    formula: Day
    by_hand: Day
    wait_95: tuple[float, float]
    in_time_95: tuple[float, float]
    abandoned_95: tuple[float, float]
    differing: int
    """Callers served by one and not by the other."""

    @property
    def within_chance(self) -> bool:
        """Whether a day like this is nothing unusual."""
        pairs = (
            (self.real.mean_wait_s, self.wait_95),
            (self.real.served_in_time, self.in_time_95),
            (self.real.abandoned, self.abandoned_95),
        )
        return all(low <= value <= high for value, (low, high) in pairs)


def measure(say: Callable[[str], None], calls: int = CALLS) -> list[Figures]:
    """Both lines at the same time; some minutes."""
    machine = Settings.from_environment()
    ensure_asterisk(machine)
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as name:
        folder = Path(name)
        prepared = Settings.from_environment(state=folder / "prepared")
        ready_sounds(prepared)
        ports = [free_port(), free_port()]
        node = HotlineStack(
            folder / "node", two_lines(ports), sounds=prepared.asterisk_dir, asterisk_root=machine.root_dir
        )
        with node:
            shorten_greeting(node.settings.sounds_dir)
            node.start_up()
            wait_members(node.console, 2 * OPERATORS)
            say(f"  two lines, {calls} callers each, {calls / PATIENT.arrivals_a_second / 60:.1f} minutes")
            return asyncio.run(both_lines(node, folder, ports, calls))


def two_lines(ports: Sequence[int]) -> dict[str, object]:
    """A configuration with a queue and its operators' phones on each of these ports."""
    config = configuration(2 * OPERATORS, 2, 0)
    for n, queue in enumerate(config["queues"].values()):  # type: ignore[attr-defined]
        queue["wrap_up"] = "0s"
        for name in queue["operators"]:
            config["operators"][name]["sip_contact"] = f"sip:{name}@127.0.0.1:{ports[n]}"  # type: ignore[index]
    for line in config["lines"].values():  # type: ignore[attr-defined]
        line["max_wait"] = "10m"
    return config


async def both_lines(
    node: HotlineStack, folder: Path, ports: Sequence[int], calls: int, seed: int = SEED
) -> list[Figures]:
    """Play the traces of both lines and compare. The node is up and its phones are free."""
    dice = random.Random(seed)
    plans = [(kind, kind.planned(dice, calls)) for kind in (PATIENT, HASTY)]
    async with AsyncExitStack() as up:
        runs = []
        for n, (_, trace) in enumerate(plans):
            turns = [Turn(1, max(1, round(1000 * service))) for service in trace.services]
            phones = await up.enter_async_context(
                operator_phones(folder, turns, port=ports[n], name=f"operators-{n}")
            )
            load = callers(
                folder, "127.0.0.1", node.settings.sip_port, scripted(trace, numbers(2)[n], n),
                per_second=_AT_ONCE, name=f"callers-{n}",
            )  # fmt: skip
            runs.append((await up.enter_async_context(load), phones))
        for load, _ in runs:
            await load.wait_ended(_LONGEST_S)
        records = await node.wait_calls(
            lambda found: sum(record["finished"] for record in found) >= 2 * calls, 30, "all calls"
        )
        return [
            figures(kind, records, load, phones)
            for (kind, _), (load, phones) in zip(plans, runs, strict=True)
        ]


def scripted(trace: Trace, called: str, series: int, operators: int = OPERATORS) -> list[Caller]:
    """Callers who come and give up as the trace has it.

    A caller of SIPp cannot tell an operator from the music, so whoever is to give up is known beforehand.
    """
    found = []
    for n, (arrival, waited) in enumerate(zip(trace.arrivals, serve(trace, operators), strict=True)):
        stay = _ENDLESS_MS if waited.served else max(1, round(1000 * (waited.seconds + GREETING_S)))
        after = max(0, round(1000 * (arrival + trace_lead(len(trace.arrivals)) - n / _AT_ONCE)))
        found.append(Caller(f"+479{series}{n:06d}", called, stay, after))
    return found


def trace_lead(calls: int) -> float:
    """Seconds until the last caller has been made: the first may not come before."""
    return calls / _AT_ONCE


def figures(kind: Kind, records: Sequence[Record], load: SippRun, phones: SippRun) -> Figures:
    """Compare what happened to this line's callers with what should."""
    rows = {row.number: row for row in load.rows()}
    own = sorted((r for r in records if r["caller"] in rows), key=queued)
    real = [waited(record) for record in own]
    talks = [row for row in phones.rows() if row.answered is not None and row.ended is not None]
    by_hand = serve(replayed(own, real, rows, talks), OPERATORS)
    dice = random.Random(SEED + 1)
    days = [day(serve(kind.planned(dice, len(own)), OPERATORS), IN_TIME_S) for _ in range(DAYS)]
    return Figures(
        kind.name,
        len(own),
        day(real, IN_TIME_S),
        kind.formula,
        day(by_hand, IN_TIME_S),
        middle_95([each.mean_wait_s for each in days]),
        middle_95([each.served_in_time for each in days]),
        middle_95([each.abandoned for each in days]),
        sum(one.served != other.served for one, other in zip(real, by_hand, strict=True)),
    )


def waited(record: Record) -> Waited:
    """As the record has it."""
    return Waited((record["wait_ms"] or 0) / 1000, record["outcome"] == "answered")


def queued(record: Record) -> float:
    """When the caller joined the queue, or left in the moment before it; seconds since 1970."""
    return datetime.fromisoformat(record["queued_at"] or record["ended_at"]).timestamp()


def replayed(
    records: Sequence[Record], real: Sequence[Waited], rows: dict[str, LedgerRow], talks: Sequence[LedgerRow]
) -> Trace:
    """The arrivals and the patience that there really were, and the conversations in the order they began."""
    patience = [
        each.seconds if not each.served and rows[record["caller"]].ended_by is EndedBy.US else float("inf")
        for record, each in zip(records, real, strict=True)
    ]
    begun = sorted(talks, key=lambda talk: talk.answered or 0.0)
    services = [(talk.ended or 0.0) - (talk.answered or 0.0) for talk in begun]
    # By hand somebody may be served who really gave up a moment before.
    services += [SERVICE_S] * (len(records) - len(services))
    return Trace(tuple(map(queued, records)), tuple(patience), tuple(services))


def as_json(found: Sequence[Figures]) -> list[dict[str, object]]:
    return [asdict(each) | {"within_chance": each.within_chance} for each in found]


def table(found: Sequence[Figures]) -> list[str]:
    lines = [
        f"day  {OPERATORS} operators, conversations of {SERVICE_S:g} s; in time is within {IN_TIME_S:g} s"
    ]
    for each in found:
        lines.append(f"    {each.kind}, {each.calls} calls")
        for name, value in (("real", each.real), ("formula", each.formula), ("by hand", each.by_hand)):
            lines.append(
                f"      {name:8} mean wait {value.mean_wait_s:.2f} s, in time {value.served_in_time:.1%},"
                f" gave up {value.abandoned:.1%}"
            )
        lines.append(
            f"      95 of 100 such days: {each.wait_95[0]:.2f} to {each.wait_95[1]:.2f} s, in time"
            f" {each.in_time_95[0]:.1%} to {each.in_time_95[1]:.1%}, gave up {each.abandoned_95[0]:.1%} to"
            f" {each.abandoned_95[1]:.1%}: {'within' if each.within_chance else 'OUTSIDE'}"
        )
    return lines

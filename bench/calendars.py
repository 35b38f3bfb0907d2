"""What opening hours cost: a year of a line compiled, and a decision, beside a naive evaluator.

The naive evaluator (hotline_ivr.testing.naive_hours) walks over the rules as they were written for each
question. One arm of it looks up everything anew, as code without a calendar's compiler would; the other
remembers what it has found out about a day. All three are asked the same moments, in turn, in one run.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from hotline_ivr.config.check import check
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.decide import decide
from hotline_ivr.routing.rulebook import CompiledLine, Rulebook
from hotline_ivr.routing.steps import Arrived, Call, Decision, Event, KeyPressed
from hotline_ivr.testing.many_closures import write_many_closures
from hotline_ivr.testing.naive_hours import NaiveHours

YEAR = 2026


@dataclass(frozen=True, slots=True)
class Result:
    """Milliseconds for a year, the slowest of the lines; microseconds for a decision, medians."""

    compile_ms: dict[str, float]
    decision_us: float
    naive_us: float
    naive_remembering_us: float
    #: The same for all that a caller meets next, by what happened: the rule, the menus and the queue.
    decide_us: dict[str, float]
    #: Seconds to read and check ten thousand closures, the slowest of three.
    check_s: float

    @property
    def ratio(self) -> float:
        return self.naive_us / self.decision_us


def lines() -> dict[str, dict[str, Any]]:
    """Calendars from the plainest to the fullest; all in one configuration."""
    university = {
        "hours": {"mon-fri": "08:00-12:00, 12:30-16:00"},
        "seasons": {"summer": {"from": "06-15", "until": "08-15", "hours": {"mon-fri": "10:00-14:00"}}},
        "holidays": {"country": "NO", "days": {"Constitution Day": {"hours": "10:00-12:00"}}},
        "special_days": {"christmas-eve": {"on": "12-24", "hours": "08:00-12:00"}},
        "closures": {"christmas": {"on": "12-25 to 01-01"}, "staff": {"on": "first friday of september"}},
        "openings": {"deadline": {"on": f"{YEAR}-04-15", "hours": "16:00-01:00"}},
    }
    closed = {f"c{number}": _closure(number) for number in range(10_000)}
    return {
        "always": {"hours": "always"},
        "university": university,
        "night": {"hours": {"mon-sun": "20:00-03:00"}, "holidays": {"country": "GB"}},
        "ten-thousand": {**university, "closures": closed},
    }


def _closure(number: int) -> dict[str, str]:
    """Two and a half hours of some day in ten years."""
    day = f"{2021 + number % 10}-{1 + number % 12:02}-{1 + number % 28:02}"
    return {"on": day, "hours": f"{number % 20:02}:00-{number % 20 + 2:02}:30"}


def data_of(calendars: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A configuration with a line for each calendar."""
    return {
        "organisation": {"name": "Example University"},
        "lines": {
            name: {
                "name": name,
                "numbers": [f"+47 22 85 12 {34 + number}"],
                "time_zone": "Europe/Oslo",
                "calendar": name,
                "queue": "main",
                "menu": "main",
            }
            for number, name in enumerate(calendars)
        },
        "calendars": calendars,
        "menus": {
            "main": {"prompt": "menu", "keys": {"1": "operator", "2": {"menu": "more"}}},
            "more": {"prompt": "more", "keys": {"1": "back"}},
        },
        "queues": {"main": {"operators": ["anna"]}},
        "operators": {"anna": {"name": "Anna Berg"}},
        "trunks": {"carrier": {"hosts": ["127.0.0.1"]}},
    }


def measure(rounds: int = 5, questions: int = 2_000) -> Result:
    data = data_of(lines())
    plan = Plan.model_validate(data, context={"country": "NO"})
    compiled = {name: max(_compile_ms(plan, name) for _ in range(rounds)) for name in plan.lines}
    book = Rulebook(plan)
    anew = NaiveHours(data, "university", remember=False)
    remembering = NaiveHours(data, "university")
    rng = random.Random(7)
    start = datetime(YEAR, 1, 2, tzinfo=UTC)
    moments = [start + timedelta(minutes=rng.randrange(363 * 1440)) for _ in range(questions)]
    book.prepare(start)
    for moment in moments:
        situation = book.situation("university", moment)
        assert (situation.open, situation.rule.name) == remembering.at(moment)
    ours, slow, kept = [], [], []
    for _ in range(rounds):
        ours.append(_each_us(lambda moment: book.situation("university", moment), moments))
        slow.append(_each_us(anew.at, moments[: questions // 10]))
        kept.append(_each_us(remembering.at, moments))
    decision, naive, remembered = (statistics.median(arm) for arm in (ours, slow, kept))
    return Result(compiled, decision, naive, remembered, _decide_us(book, start, rounds), _check_s())


def _decide_us(book: Rulebook, start: datetime, rounds: int) -> dict[str, float]:
    """What the service computes for a call that arrives, and for a key into a menu within a menu."""
    call = Call("university", book.plan.lines["university"].numbers[0], "+4790000000", "")
    noon = next(each.at for each in book.changes("university", start, 30) if each.situation.open)
    arrived = decide(book, call, Arrived(), noon)
    assert isinstance(arrived, Decision)
    asks: dict[str, tuple[Call, Event]] = {
        "arrival": (call, Arrived()),
        "key": (replace(call, state=arrived.state), KeyPressed("2")),
    }
    return {
        name: statistics.median(
            _each_us(partial(decide, book, asked, event), [noon] * 2_000) for _ in range(rounds)
        )
        for name, (asked, event) in asks.items()
    }


def _check_s(rounds: int = 3) -> float:
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as name:
        folder = Path(name)
        write_many_closures(folder)
        taken = []
        for _ in range(rounds):
            started = time.perf_counter()
            result = check(folder)
            taken.append(time.perf_counter() - started)
            assert result.plan is not None, result.text
    return max(taken)


def _compile_ms(plan: Plan, name: str) -> float:
    """A year never asked for before, so that only what is parsed from YAML is there already."""
    line = CompiledLine(plan, name)
    started = time.perf_counter()
    line.year(YEAR)
    return (time.perf_counter() - started) * 1000


def _each_us(ask: Callable[[datetime], object], moments: Sequence[datetime]) -> float:
    started = time.perf_counter()
    for moment in moments:
        ask(moment)
    return (time.perf_counter() - started) / len(moments) * 1e6


def table(found: Result) -> list[str]:
    """The figures as lines of text."""
    years = ", ".join(f"{name} {taken:.0f}" for name, taken in found.compile_ms.items())
    decisions = ", ".join(f"{name} {taken:.1f} us" for name, taken in found.decide_us.items())
    return [
        f"calendars: a year compiled, ms, slowest of five: {years} (target < 200 for any line)",
        f"           which rule holds: {found.decision_us:.1f} us",
        f"           a decision: {decisions} (target < 20)",
        f"           naive: {found.naive_us:.0f} us, {found.ratio:.0f} times ours",
        f"           naive that remembers days: {found.naive_remembering_us:.1f} us",
        f"           ten thousand closures read and checked: {found.check_s:.1f} s (target < 5)",
    ]

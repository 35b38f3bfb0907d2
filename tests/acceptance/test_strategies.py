"""Who is rung, by each strategy that a queue can have. All queues are called at the same time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from hotline_ivr.testing.company import lonely
from hotline_ivr.testing.ears import Ears
from hotline_ivr.testing.ledger import LedgerRow
from hotline_ivr.testing.plans import line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import Caller, Turn, callers, operator_phones
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

PHONES_PORT = free_port()
STRATEGIES = ("leastrecent", "fewestcalls", "random", "rrmemory", "ringall", "linear")
# With eight all six calls of a queue at random go to the same one once in 30,000 times.
OPERATORS = {name: [f"{name}{n}" for n in range(8 if name == "random" else 3)] for name in STRATEGIES}
NUMBERS = {name: f"+472285140{place}" for place, name in enumerate(STRATEGIES)}
CALLS = 6
APART_MS = 4_500
"""The greeting, the ringing and the talk of a call are over before the next one of its queue."""


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    contacts: dict[str, str | None] = {
        name: f"sip:{name}@127.0.0.1:{PHONES_PORT}" for names in OPERATORS.values() for name in names
    }
    lines = {name: line(f"Line {name}", number, queue=name) for name, number in NUMBERS.items()}
    config = plan(contacts, now=datetime.now(UTC), extra_queues=OPERATORS, extra_lines=lines)
    # Everybody serves a queue of a strategy.
    config["queues"]["main"]["operators"] = ["linear0"]
    for name in STRATEGIES:
        config["queues"][name]["strategy"] = name
    made = make_stack(config)
    made.start()
    return made


def caller(strategy: str, index: int) -> str:
    return f"+47900{STRATEGIES.index(strategy)}00{index}"


def each_once(names: Sequence[str], operators: Sequence[str]) -> bool:
    """Whether each operator has one call before anybody has a second, and so on."""
    size = len(operators)
    rounds = [names[start : start + size] for start in range(0, len(names), size)]
    return all(sorted(each) == sorted(operators) for each in rounds)


def in_turn(names: Sequence[str], operators: Sequence[str]) -> bool:
    places = [operators.index(name) for name in names]
    return all((later - former) % len(operators) == 1 for former, later in pairwise(places))


ORDER: dict[str, Callable[[Sequence[str], Sequence[str]], bool]] = {
    "leastrecent": each_once,
    "fewestcalls": each_once,
    "rrmemory": in_turn,
    "linear": lambda names, operators: set(names) == {operators[0]},
    "random": lambda names, _operators: len(set(names)) > 1,
    "ringall": lambda names, operators: set(names) <= set(operators),
}


async def test_each_strategy_rings_whom_it_says(stack: HotlineStack, tmp_path: Path) -> None:
    wanted = [
        Caller(caller(name, index), NUMBERS[name], after_ms=index * APART_MS)
        for index in range(CALLS)
        for name in STRATEGIES
    ]
    async with (
        operator_phones(tmp_path, [Turn(200, 900)], port=PHONES_PORT) as phones,
        Ears(each.number for each in wanted) as ears,
        callers(
            tmp_path, "127.0.0.1", stack.settings.sip_port, wanted, per_second=36, ears=ears.ports
        ) as calling,
    ):
        rows = await calling.wait_ended(90)
        await phones.wait_for(lambda talks: all(talk.ended is not None for talk in talks), 20)
        rung = phones.rows()
    assert all(row.answered is not None for row in rows)
    assert lonely(ears.heard(rows), stack.settings.cel_file) == []
    numbers = {each.number for each in wanted}

    def there(records: list[Record]) -> bool:
        return {record["caller"] for record in records if record["finished"]} >= numbers

    records = {record["caller"]: record for record in await stack.wait_calls(there, 20)}
    assert {record["outcome"] for record in records.values()} == {"answered"}
    for name in STRATEGIES:
        took = [records[caller(name, index)]["operator"] for index in range(CALLS)]
        assert ORDER[name](took, OPERATORS[name]), f"{name}: {took}"

    phones_of: defaultdict[str, list[LedgerRow]] = defaultdict(list)
    for each in rung:
        phones_of[each.peer].append(each)
    for name in STRATEGIES:
        expected = Counter(OPERATORS[name]) if name == "ringall" else None
        for index in range(CALLS):
            heard = Counter(row.number for row in phones_of[caller(name, index)])
            assert heard == (expected or Counter([records[caller(name, index)]["operator"]])), name

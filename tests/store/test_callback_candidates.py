"""Whom a queue may ring, of thousands of open promises, in both databases: only they are read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, insert, text

from hotline_ivr.routing.callback_wishes import MOST_SEEN, suits, wishes
from hotline_ivr.routing.callbacks import Candidate
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.store import callback_candidates
from hotline_ivr.store.callback_candidates import candidates
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.tables import callback_attempt, promise
from tests.routing.test_callbacks import MINUTE, NINE, book

MANY = 20_000
DAY = timedelta(days=1)
PLAN = book(reasons=["callback", "full"])


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    await upgrade(database_url)
    opened = open_store(database_url)
    yield opened
    await opened.close()


def entry(number: int, **changed: Any) -> dict[str, Any]:
    row = {
        "node": "main",
        "id": f"main-{number:06}.0",
        "person": f"+4790{number:06}",
        "line": "info",
        "queue": "main",
        "opened_at": NINE - MINUTE,
        "last_at": NINE - MINUTE,
        "reasons": "abandoned callback",
        "calls": 1,
        "tries": 0,
        "owner": "",
        "state": "open",
        "closed_by": "",
        "note": "",
        "number": "",
        "place_at": None,
    }
    return row | changed


def tried(number: int, which: int, **changed: Any) -> dict[str, Any]:
    row = {
        "node": "main",
        "promise_node": "main",
        "promise_id": f"main-{number:06}.0",
        "number": which,
        "id": f"main-{number:06}.0-{which}",
        "person": f"+4790{number:06}",
        "queue": "main",
        "file": "",
        "claimed_at": NINE - 30 * MINUTE,
        "until": NINE - 30 * MINUTE,
        "state": "over",
        "ended_at": NINE - 29 * MINUTE,
        "result": "not-reached",
        "call_id": "",
    }
    return row | changed


async def keep(store: Store, entries: list[dict[str, Any]], tries: list[dict[str, Any]]) -> None:
    def write(on: Connection) -> None:
        on.execute(insert(promise), entries)
        if tries:
            on.execute(insert(callback_attempt), tries)

    await store.write(write)


async def found(store: Store, rules: Rulebook = PLAN, **more: Any) -> list[Candidate]:
    (wish,) = wishes(rules, NINE)
    return await store.read(
        lambda on: candidates(on, wish, set(), lambda each: suits(each, rules, NINE), **more)
    )


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement that is run while a test lasts."""
    run: list[str] = []

    def note(_on: object, _cursor: object, statement: str, *_: object) -> None:
        run.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield run
    event.remove(Engine, "before_cursor_execute", note)


async def test_of_twenty_thousand_open_promises_only_those_are_read_who_may_be_rung(
    store: Store, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[Any] = []
    # Every row that is read passes here.
    made = callback_candidates._candidate

    def counted(row: Any, tries: Sequence[Any]) -> Candidate:
        rows.append(row)
        return made(row, tries)

    monkeypatch.setattr(callback_candidates, "_candidate", counted)
    entries = [entry(number, reasons="abandoned") for number in range(MANY // 2)]
    # Owed by the queue and rung a minute ago, or as often as is allowed.
    entries += [entry(number) for number in range(MANY // 2, MANY)]
    tries = [tried(number, 1, ended_at=NINE - MINUTE) for number in range(MANY // 2, MANY - 5_000)]
    tries += [tried(number, which) for number in range(MANY - 5_000, MANY) for which in (1, 2)]
    due = [entry(MANY + number, place_at=NINE - number * MINUTE) for number in range(7)]
    await keep(store, entries + due, tries)
    statements.clear()
    assert [each.joined_at for each in await found(store)] == [NINE - n * MINUTE for n in range(6, -1, -1)]
    assert len(rows) == 7
    assert sum(statement.lstrip().startswith("SELECT") for statement in statements) == 2


async def test_where_thousands_may_be_rung_the_first_are_read(store: Store, statements: list[str]) -> None:
    await keep(store, [entry(number, opened_at=NINE - number * MINUTE / 1000) for number in range(MANY)], [])
    statements.clear()
    first = await found(store)
    assert [each.promise.id for each in first] == [f"main-{MANY - 1 - n:06}.0" for n in range(MOST_SEEN)]
    assert sum(statement.lstrip().startswith("SELECT") for statement in statements) == 3, "and attempts"


async def test_open_promises_are_found_by_their_index(store: Store, statements: list[str]) -> None:
    await keep(store, [entry(number, state="done") for number in range(3_000)] + [entry(9_000)], [])
    statements.clear()
    await found(store)
    (asked,) = (each for each in statements if "ORDER BY coalesce" in each)

    def explained(on: Connection) -> str:
        if on.dialect.name == "sqlite":
            marks = [0] * asked.count("?")
            return str(on.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", tuple(marks)).all())
        on.execute(text("ANALYZE promise"))
        state = "SELECT 1 FROM promise WHERE state = 'open'"
        return str(on.execute(text(f"EXPLAIN {state}")).all())

    said = await store.write(explained)
    assert "ix_promise_state" in said
    assert "SCAN promise" not in said


async def test_who_shows_a_number_that_may_not_be_rung_keeps_nobody_behind_them_from_it(store: Store) -> None:
    strangers = [entry(n, person="withheld", opened_at=NINE - DAY / 2) for n in range(25)]
    await keep(store, [*strangers, entry(100), entry(101)], [])
    assert [each.promise.id for each in await found(store, most=10)] == ["main-000100.0", "main-000101.0"]


async def test_the_database_leaves_out_nobody_whom_the_rules_would_ring(store: Store) -> None:
    """Every promise of a grid is either found, or refused by the rules."""
    entries, tries = [], []
    grid = product(
        ("", "main", "other"),
        ("callback", "full abandoned", "abandoned", "callbacks"),
        (MINUTE, 119 * MINUTE, 121 * MINUTE),
        ((), ((1, "not-reached", 9),), ((1, "not-reached", 11),), ((1, "not-rung", 0.2),),
         ((1, "not-rung", 1),),
         ((1, "not-reached", 30), (2, "not-rung", 1)), ((1, "not-reached", 30), (2, "not-reached", 12)),
         ((1, "not-rung", 30), (2, "not-reached", 9))),
    )  # fmt: skip
    for number, (queue, reasons, age, ended) in enumerate(grid):
        entries.append(entry(number, queue=queue, reasons=reasons, last_at=NINE - age))
        for which, result, minutes in ended:
            ended_at = NINE - minutes * MINUTE
            tries.append(tried(number, which, result=result, claimed_at=ended_at - MINUTE, ended_at=ended_at))
    await keep(store, entries, tries)
    by_rules = await all_that_suit(store)
    assert {each.promise.id for each in await found(store)} == by_rules
    assert 10 < len(by_rules) < len(entries) / 2


async def all_that_suit(store: Store) -> set[str]:
    (wish,) = wishes(PLAN, NINE)
    long_ago, later = NINE - DAY, NINE + DAY
    anything = ("callback", "full", "abandoned", "callbacks")
    found_ids: set[str] = set()
    for queue in ("main", "other"):
        wide = replace(
            wish, queue=queue, reasons=anything, attempts=99, since=long_ago, tried_before=later,
            not_rung_before=later,
        )  # fmt: skip
        seen = await store.read(partial(candidates, wish=wide, in_calls=set(), suits=lambda _: True))
        found_ids |= {each.promise.id for each in seen if suits(each, PLAN, NINE)}
    return found_ids

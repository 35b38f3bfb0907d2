"""How long a search of 100,000 entries takes, on a real SQLite and a real PostgreSQL.

Words come as often as in a language (a few everywhere, most seldom), so that there are easy and hard ones.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.routing.entries import Entry, EntryText
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.register import add_imported
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.register_list import EntryFilter
from hotline_ivr.store.register_rows import new_id
from tests.postgres import running_server

ENTRIES = 100_000
ROUNDS = 9
_AT_ONCE = 5_000
_START = datetime(2025, 1, 1, 8, tzinfo=UTC)
_SYLLABLES = ("eksam", "frist", "soknad", "studi", "gradene", "karakter", "plans", "kontor")
QUERIES = {
    "a seldom word": "w9000",
    "a word of one entry in ten": "w12",
    "two words": "w12 w40",
    "two letters, as one types": "w1",
    "nothing": "zzz",
}


@dataclass(frozen=True, slots=True)
class Searched:
    """Milliseconds of a search of the first 20 hits: the median, and the worst of the rounds."""

    database: str
    query: str
    hits: int
    median_ms: float
    worst_ms: float


def measure(say: Callable[[str], object]) -> list[Searched]:
    """Fill both databases, and search each."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hotline-bench-")))
        urls = {"sqlite": f"sqlite:///{folder / 'hotline.db'}"}
        urls["postgresql"] = stack.enter_context(running_server()).new_database()
        found: list[Searched] = []
        for name, url in urls.items():
            found += asyncio.run(_measure(name, url, say))
        return found


async def _measure(name: str, url: str, say: Callable[[str], object]) -> list[Searched]:
    await upgrade(url)
    store = open_store(url)
    try:
        begun = time.monotonic()
        await _fill(store)
        # As PostgreSQL does by itself within a minute.
        await store.write(lambda on: on.exec_driver_sql("ANALYZE"))
        say(f"{name}: {ENTRIES:,} entries written in {time.monotonic() - begun:.1f} s")
        return [await _searched(store, name, about, query) for about, query in QUERIES.items()]
    finally:
        await store.close()


async def _fill(store: Store) -> None:
    chance = random.Random(7)
    words = [f"w{number}{chance.choice(_SYLLABLES)}" for number in range(10_000)]
    # As in a language: the n-th word comes with a share of 1/n.
    shares = list(accumulate(1 / (number + 1) for number in range(len(words))))
    for first in range(0, ENTRIES, _AT_ONCE):
        rows = []
        for number in range(first, first + _AT_ONCE):
            said = chance.choices(words, cum_weights=shares, k=30)
            rows.append((f"key{number}", _entry(number, " ".join(said[:12]), " ".join(said[12:]))))
        await store.write(lambda on, rows=rows: add_imported(on, rows, _START))  # type: ignore[misc]


def _entry(number: int, question: str, answer: str) -> Entry:
    at = _START + timedelta(minutes=5 * number)
    return Entry(
        id=new_id(),
        version=1,
        node="main",
        call=None,
        line="info",
        way=Way.CALL,
        at=at,
        text=EntryText(question, answer, ()),
        outcome=EntryOutcome.ANSWERED,
        created_at=at,
        created_by="anna",
        changed_at=at,
        changed_by="anna",
        changed_via="import",
    )


async def _searched(store: Store, name: str, about: str, query: str) -> Searched:
    register = DatabaseRegister(store)
    times, hits = [], 0
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        hits = len(await register.search(query, EntryFilter(limit=20), 0))
        times.append(1000 * (time.perf_counter() - begun))
    return Searched(
        name, f"{about} ({query})", hits, round(statistics.median(times), 1), round(max(times), 1)
    )


def table(found: list[Searched]) -> list[str]:
    """How it is told."""
    return [f"search of {ENTRIES:,} entries, first 20 hits (median / worst of {ROUNDS})"] + [
        f"  {each.database:<11} {each.query:<36} {each.median_ms:>7.1f} / {each.worst_ms:>7.1f} ms"
        for each in found
    ]

"""The pause ledger within any time is what one gets by looking at each of its lines."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from hotline_ivr.exports.standings import Standings
from hotline_ivr.routing.presence import Period, Standing
from hotline_ivr.store.columns import from_micros, to_micros
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.pauses import DatabasePauses
from tests.exports.records import FIRST_US, fill

HOUR = 3_600_000_000


def a_ledger(seed: int) -> dict[tuple[str, int], Period]:
    """Standings of minutes and of days, beside and over one another, some that last still."""
    dice, found = random.Random(seed), dict[tuple[str, int], Period]()
    for number in range(40):
        began = from_micros(FIRST_US + dice.randrange(400) * HOUR)
        length = dice.choice([0.2, 1, 23, 24, 25, 80, None])
        ended = None if length is None or number < 2 else began + timedelta(hours=length)
        operator, standing = dice.choice(["anna", "bjorn"]), dice.choice(list(Standing))
        found[operator, to_micros(began)] = Period(operator, standing, "", began, ended, "x", "x")
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_any_time_has_what_its_lines_have(database_url: str, seed: int) -> None:
    await fill(database_url)
    store, ledger = open_store(database_url), list(a_ledger(seed).values())
    await DatabasePauses(store, "main").write(ledger)
    until = FIRST_US + 450 * HOUR
    lines = [
        (
            each.operator,
            each.standing,
            to_micros(each.began_at),
            to_micros(each.ended_at or from_micros(until)),
        )
        for each in ledger
        if each.standing is not Standing.SIGNED_OUT
    ]

    def look(connection: Connection) -> None:
        standings = Standings(connection, until)
        for start in range(FIRST_US - 30 * HOUR, until, 17 * HOUR):
            end = min(start + 24 * HOUR, until)
            micros, pauses = Counter[tuple[str, str]](), Counter[str]()
            for operator, standing, began, ended in lines:
                if began < end and ended > start:
                    micros[operator, standing] += min(end, ended) - max(start, began)
                    pauses[operator] += standing is Standing.PAUSED and began >= start
            found = standings.within(start, end)
            assert {
                (who, how): took for who, each in found.items() for how, took in each.micros.items()
            } == micros
            assert {who: each.pauses for who, each in found.items()} == pauses
            spans = [
                (max(start, began), min(end, ended))
                for *_, began, ended in lines
                if began < end and ended > start
            ]
            assert standings.first(start, end) == min((first for first, _ in spans), default=None)
            assert standings.last(start, end) == max((last - 1 for _, last in spans), default=None)

    await store.read(look)
    await store.close()

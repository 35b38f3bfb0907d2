"""What the record has of centres: minutes of a day, and calls of a month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.ledger import Batch, Position
from hotline_ivr.store.columns import from_micros
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.outside import HandedOver, arrivals_of, handed_over, minutes_outside, start_of_day
from tests.plans import a_plan
from tests.routing.call_tables import FOLDER, read_call


async def test_calls_to_centres_are_found_by_time_and_their_minutes_summed(database_url: str) -> None:
    await upgrade(database_url)
    store = open_store(database_url)
    recorded = read_call(FOLDER / "closed_heard_in_full.txt")
    record = fold(recorded.events, recorded.queue_events, node="main")
    assert record is not None
    records = [
        record._replace(
            id=f"main-{number}",
            arrived_at=record.arrived_at + number * 60_000_000,
            centre=centre,
            outside_ring_ms=4_000,
            outside_talk_ms=talk,
            caller=f"+47900{number}",
        )
        for number, (centre, talk) in enumerate(
            [("night", 90_000), ("night", None), ("day", 30_000), (None, None)]
        )
    ]
    move = (None, Position(Source.CEL, 1, 1, 100, "1:a"))
    await DatabaseLedger(store, "main").commit(Batch("main", moves=[move], records=records))
    first = from_micros(record.arrived_at)
    minute = timedelta(minutes=1)
    assert await store.read(lambda on: minutes_outside(on, since=first)) == {"night": 1.5, "day": 0.5}
    assert await store.read(lambda on: minutes_outside(on, since=first + minute)) == {
        "night": 0.0,
        "day": 0.5,
    }
    found = await store.read(lambda on: handed_over(on, "night", first, first + minute))
    assert found == [HandedOver(first, "+479000", 4_000, 90_000)]
    assert len(await store.read(lambda on: arrivals_of(on, first, first + 4 * minute))) == 4
    await store.close()


def test_the_day_of_a_centre_begins_at_midnight_where_the_line_is() -> None:
    now = datetime(2026, 7, 1, 23, 0, tzinfo=UTC)
    assert start_of_day(a_plan(), now) == datetime(2026, 7, 1, 22, 0, tzinfo=UTC)

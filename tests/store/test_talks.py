"""How long conversations have taken lately."""

from __future__ import annotations

from datetime import timedelta

from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.ledger import Batch, Position
from hotline_ivr.store.columns import from_micros
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.talks import recent_talks
from tests.routing.call_tables import FOLDER, read_call


async def test_conversations_are_found_by_queue_since_a_moment_the_newest_first(database_url: str) -> None:
    await upgrade(database_url)
    store = open_store(database_url)
    recorded = read_call(FOLDER / "closed_heard_in_full.txt")
    record = fold(recorded.events, recorded.queue_events, node="main")
    assert record is not None
    records = [
        record._replace(
            id=f"main-{number}",
            arrived_at=record.arrived_at + number * 60_000_000,
            queue=queue,
            talk_ms=talk_ms,
        )
        for number, (queue, talk_ms) in enumerate(
            [("main", 90_000), ("main", None), ("other", 30_500), ("main", 60_000), (None, 5_000)]
        )
    ]
    move = (None, Position(Source.CEL, 1, 1, 100, "1:a"))
    await DatabaseLedger(store, "main").commit(Batch("main", moves=[move], records=records))
    first = from_micros(record.arrived_at)
    assert await store.read(lambda on: recent_talks(on, first)) == {"main": [60.0, 90.0], "other": [30.5]}
    later = first + timedelta(minutes=3)
    assert await store.read(lambda on: recent_talks(on, later)) == {"main": [60.0]}
    await store.close()

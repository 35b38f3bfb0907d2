"""Lines of queue_log that a busy Asterisk writes sooner than anything that says whose call they are of.

Who is called back waits in a queue under the name of a channel that is not the call's first.
"""

from __future__ import annotations

import pytest

from hotline_ivr.calls.calls_in_hand import Limits
from hotline_ivr.calls.record_keeper import RecordKeeper
from hotline_ivr.store.engine import Store
from hotline_ivr.store.ledger import DatabaseLedger
from tests.calls.asterisk_files import (
    NODE,
    AsteriskFiles,
    Clock,
    Noted,
    a_call,
    a_keeper,
    cel_line,
    queue_line,
)
from tests.calls.keeping import expected, one, store_of_each_kind, written
from tests.routing.call_tables import START

__all__ = ["store_of_each_kind"]

PERSON = f"main-{START}.7"
REFRESH_S = 10.0


@pytest.mark.parametrize("between", ["nothing", "its row", "a restart", "its row and a restart"])
async def test_what_queue_log_told_of_a_channel_that_nobody_knew_is_the_calls_own(
    files: AsteriskFiles, store: Store, between: str
) -> None:
    call = a_call("called_back_and_answered")
    asked = next(n for n, event in enumerate(call.events) if event.channel == PERSON)
    lines = [queue_line(event._replace(call=PERSON)) for event in call.queue_events]
    clock, noted = Clock(), Noted()

    def begun() -> RecordKeeper:
        return a_keeper(
            files, DatabaseLedger(store, NODE), limits=Limits(refresh=REFRESH_S), clock=clock, observer=noted
        )

    keeper = begun()
    files.add(b"".join(map(cel_line, call.events[:asked])))
    files.add_queue(lines[0])
    await keeper.catch_up()
    assert await one(store, "SELECT count(*) FROM open_call") == 2
    if "row" in between:
        clock.now += REFRESH_S
        await keeper.catch_up()
        assert await one(store, "SELECT count(*) FROM call WHERE id LIKE '%.7'") == 1
    if "restart" in between:
        keeper.close()
        keeper = begun()
    files.add(b"".join(map(cel_line, call.events[asked:])))
    files.add_queue(b"".join(lines[1:]))
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == expected(call)
    assert await one(store, "SELECT count(*) FROM open_call") == 0
    assert await one(store, "SELECT count(*) FROM call_event WHERE call_id LIKE '%.7'") == 0
    assert [record.id for record in noted.ends] == [call.id]

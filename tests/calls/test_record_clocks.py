"""A machine's clock that is wrong as Asterisk starts, or is set back before it is killed, on both databases.

A call that Asterisk was killed in is over however the clock stood, and one that goes on is not; rows that are
made anew say the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import text

from hotline_ivr.calls.calls_in_hand import Limits
from hotline_ivr.calls.record_keeper import RecordKeeper
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.store.engine import Store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.refolding import machine_of, refold
from tests.calls.asterisk_files import (
    NODE,
    AsteriskFiles,
    Clock,
    Noted,
    Written,
    a_call,
    a_keeper,
    cel_line,
    queue_line,
    started,
)
from tests.calls.keeping import expected, one, store_of_each_kind, written

__all__ = ["store_of_each_kind"]

HOUR = 3_600
WAITING = 7
"""Events of a caller up to waiting in the queue."""


class Service:
    """A keeper that is started anew when asked to, and what it told."""

    def __init__(self, files: AsteriskFiles, store: Store) -> None:
        self.files, self._store, self.noted, self.clock = files, store, Noted(), Clock()
        self.keeper = self._new()

    def _new(self) -> RecordKeeper:
        return a_keeper(
            self.files,
            DatabaseLedger(self._store, NODE),
            limits=Limits(refresh=10),
            observer=self.noted,
            clock=self.clock,
        )

    async def look(self, *, anew: bool = False) -> None:
        if anew:
            self.keeper.close()
            self.keeper = self._new()
        await self.keeper.catch_up()
        self.clock.now += 20
        await self.keeper.catch_up()

    async def same_anew(self) -> None:
        """Rows that are made anew from what is kept are what they were."""
        before = await written(self._store)

        def work(connection: object) -> object:
            ids = [ident for (ident,) in connection.execute(text("SELECT DISTINCT call_id FROM call_event"))]  # type: ignore[attr-defined]
            return refold(connection, NODE, ids, machine_of(connection, NODE))  # type: ignore[arg-type]

        await self._store.write(work)
        assert await written(self._store) == before


def begin(files: AsteriskFiles, call: Written, count: int = WAITING) -> None:
    files.add(b"".join(map(cel_line, call.events[:count])))
    files.add_queue(b"".join(map(queue_line, call.queue_events[:1])))


def go_on(files: AsteriskFiles, call: Written, count: int = WAITING) -> None:
    files.add(b"".join(map(cel_line, call.events[count:])))
    files.add_queue(b"".join(map(queue_line, call.queue_events[1:])))


async def reasons(store: Store) -> Sequence[str]:
    found = await store.read(
        lambda connection: connection.scalars(text("SELECT reasons FROM call ORDER BY id")).all()
    )
    return [each.split()[-1] for each in found]


@pytest.mark.parametrize("anew", [False, True], ids=["same service", "service started anew"])
async def test_calls_after_a_start_with_the_clock_an_hour_ahead_go_on(
    files: AsteriskFiles, store: Store, *, anew: bool
) -> None:
    service, call = Service(files, store), a_call("timed_out", 1)
    files.add_queue(started(HOUR))
    await service.look()
    # Then the clock is set right.
    begin(files, call)
    await service.look(anew=anew)
    assert await one(store, "SELECT stage FROM call WHERE NOT finished") == "queue"
    assert service.noted.ends == []
    assert await one(store, "SELECT count(*) FROM open_call") == 1
    go_on(files, call)
    await service.look(anew=anew)
    service.keeper.close()
    assert await written(store) == expected(call)
    assert await one(store, "SELECT count(*) FROM open_call") == 0
    assert [record.outcome for record in service.noted.ends] == [Outcome.TIMED_OUT]
    await service.same_anew()


@pytest.mark.parametrize("anew", [False, True], ids=["same service", "service started anew"])
@pytest.mark.parametrize("queued", [False, True], ids=["greeted", "waiting"])
async def test_a_call_that_asterisk_is_killed_in_after_the_clock_was_set_back_is_over(
    files: AsteriskFiles, store: Store, *, anew: bool, queued: bool
) -> None:
    service, call, after = Service(files, store), a_call("timed_out", 1), a_call("timed_out", 2, 60 - HOUR)
    files.add_queue(started(-HOUR))
    begin(files, call if queued else Written(call.events, []), WAITING if queued else 4)
    await service.look()
    assert await one(store, "SELECT count(*) FROM open_call") == 1
    files.add_queue(started(50 - HOUR))
    begin(files, after)
    await service.look(anew=anew)
    assert await reasons(store) == ["asterisk-restart", "open:hours"]
    assert [record.id for record in service.noted.ends] == [call.id]
    assert await one(store, "SELECT count(*) FROM open_call") == 1
    await service.same_anew()
    go_on(files, after)
    await service.look(anew=anew)
    service.keeper.close()
    assert (await written(store))[after.id] == expected(after)[after.id]
    assert await one(store, "SELECT count(*) FROM open_call") == 0
    await service.same_anew()


async def test_what_was_read_only_after_a_start_is_told_apart_by_queue_log(
    files: AsteriskFiles, store: Store
) -> None:
    """Nobody looked at the files while it happened, and the clock is an hour behind."""
    service = Service(files, store)
    files.add_queue(started(-HOUR))
    await service.look()
    before, after = a_call("timed_out", 1), a_call("timed_out", 2, 60)
    begin(files, before)
    files.add_queue(started(50 - HOUR))
    begin(files, after)
    await service.look(anew=True)
    service.keeper.close()
    assert await reasons(store) == ["asterisk-restart", "open:hours"]
    await service.same_anew()


async def test_a_call_that_an_asterisk_took_before_it_told_of_its_start_goes_on(
    files: AsteriskFiles, store: Store
) -> None:
    """It takes calls already while it loads the rest of itself."""
    service, call = Service(files, store), a_call("timed_out", 1)
    files.add(b"".join(map(cel_line, call.events[:4])))
    await service.look()
    files.add_queue(started(1))
    await service.look()
    files.add(b"".join(map(cel_line, call.events[4:])))
    files.add_queue(b"".join(map(queue_line, call.queue_events)))
    await service.look()
    service.keeper.close()
    assert await written(store) == expected(call)
    await service.same_anew()


async def test_a_start_that_was_read_as_one_in_thousands_of_years_stops_nobody(
    files: AsteriskFiles, store: Store
) -> None:
    """It stands in the record of whoever read half of a time before the next one."""
    service, call = Service(files, store), a_call("timed_out", 1)
    row = "('main', 1, 1, 511785451795451234, 'QUEUESTART', 'NONE', 'NONE', '')"
    near = "('main', 1, 2, 11795451234000000, 'QUEUESTART', 'NONE', 'NONE', '')"
    columns = "node, generation, start, at, event, queue, operator, data"
    await store.write(
        lambda connection: connection.execute(
            text(f"INSERT INTO queue_event ({columns}) VALUES {row}, {near}")  # noqa: S608
        )
    )
    begin(files, call)
    await service.look()
    assert await one(store, "SELECT count(*) FROM open_call") == 1
    go_on(files, call)
    await service.look(anew=True)
    service.keeper.close()
    assert await written(store) == expected(call)


async def test_after_the_clock_was_set_back_the_end_of_a_call_is_waited_for_as_before(
    files: AsteriskFiles, store: Store
) -> None:
    """What queue_log has gone has not lost its end because the clock stood later once."""
    service, call = Service(files, store), a_call("abandoned_in_queue", 1, -HOUR)
    files.write(a_call("closed_heard_in_full", 2))
    await service.look()
    end = next(
        n for n, event in enumerate(call.events) if event.kind == "HANGUP" and event.channel == call.id
    )
    files.add(b"".join(map(cel_line, call.events[:end])))
    files.add_queue(b"".join(map(queue_line, call.queue_events)))
    await service.look()
    assert await one(store, "SELECT count(*) FROM call WHERE NOT finished") == 1
    files.add(b"".join(map(cel_line, call.events[end:])))
    await service.look()
    service.keeper.close()
    assert (await written(store))[call.id] == expected(call)[call.id]
    assert [record.id for record in service.noted.ends][-1:] == [call.id]

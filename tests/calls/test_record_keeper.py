"""The record is whole, each event once, whatever fails and whenever."""

from __future__ import annotations

import asyncio
import random

import pytest
from blockbuster import blockbuster_ctx

from hotline_ivr.calls.calls_in_hand import Limits
from hotline_ivr.calls.record_pace import Pace
from hotline_ivr.routing.steps import Outcome
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
    started,
)
from tests.calls.keeping import (
    all_events,
    events_kept,
    expected,
    many_calls,
    mixed,
    one,
    opened,
    until,
    written,
)


async def test_calls_that_ran_at_the_same_time_each_get_their_row(
    files: AsteriskFiles, database_url: str
) -> None:
    """With both databases, from one pass over both files."""
    calls = many_calls()
    cel, queue_log = mixed(calls)
    files.add(cel)
    files.add_queue(queue_log)
    noted = Noted()
    async for store in opened(database_url):
        keeper = a_keeper(files, DatabaseLedger(store, NODE), observer=noted)
        await keeper.catch_up()
        keeper.close()
        assert await written(store) == expected(*calls)
        assert await events_kept(store) == all_events(calls)
        assert await one(store, "SELECT count(*) FROM open_call") == 0
    assert sorted(record.id for record in noted.ends) == sorted(call.id for call in calls)
    assert (noted.events, noted.rejected) == (all_events(calls), 0)


@pytest.mark.parametrize("seed", range(12))
async def test_files_that_grow_by_any_splits_and_a_service_that_dies_in_between_give_the_same_rows(
    files: AsteriskFiles, store: Store, seed: int
) -> None:
    chance = random.Random(seed)
    calls = many_calls(20)
    cel, queue_log = mixed(calls)
    clock, ledger = Clock(), DatabaseLedger(store, NODE)
    limits = Limits(refresh=1.0, linger=chance.choice([0.0, 2.0]), calls=chance.choice([2, 100]))
    keeper = a_keeper(files, ledger, limits=limits, clock=clock)
    while cel or queue_log:
        cut, queue_cut = chance.randint(0, 4_000), chance.randint(0, 300)
        files.add(cel[:cut])
        files.add_queue(queue_log[:queue_cut])
        cel, queue_log = cel[cut:], queue_log[queue_cut:]
        clock.now += chance.random()
        await keeper.catch_up()
        if chance.random() < 0.2:
            # As kill -9: nothing that was in memory is written.
            keeper.close()
            keeper = a_keeper(files, ledger, limits=limits, clock=clock)
    clock.now += 10
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == expected(*calls)
    assert await events_kept(store) == all_events(calls)
    assert await one(store, "SELECT count(*) FROM open_call") == 0


async def test_a_call_under_way_is_shown_after_a_while_and_written_whole_at_its_end(
    files: AsteriskFiles, store: Store
) -> None:
    call = a_call("timed_out")
    clock, noted = Clock(), Noted()
    keeper = a_keeper(
        files, DatabaseLedger(store, NODE), limits=Limits(refresh=5), clock=clock, observer=noted
    )
    files.add(b"".join(map(cel_line, call.events[:7])))
    await keeper.catch_up()
    assert await written(store) == {}
    assert await one(store, "SELECT count(*) FROM open_call") == 1
    clock.now = 5
    await keeper.catch_up()
    assert await one(store, "SELECT stage FROM call WHERE NOT finished") == "queue"
    files.add(b"".join(map(cel_line, call.events[7:])))
    files.add_queue(b"".join(map(queue_line, call.queue_events)))
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == expected(call)
    assert await one(store, "SELECT count(*) FROM open_call") == 0
    assert [record.outcome for record in noted.ends] == [Outcome.TIMED_OUT]


async def test_a_queue_line_that_comes_long_after_the_call_is_joined_to_it(
    files: AsteriskFiles, store: Store
) -> None:
    call = a_call("timed_out")
    clock, noted = Clock(), Noted()
    keeper = a_keeper(
        files, DatabaseLedger(store, NODE), limits=Limits(linger=2), clock=clock, observer=noted
    )
    files.write(call, queue_too=False)
    await keeper.catch_up()
    clock.now = 60
    await keeper.catch_up()
    files.add_queue(b"".join(map(queue_line, call.queue_events)))
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == expected(call)
    assert len(noted.ends) == 1


async def test_stop_reads_what_is_there_and_brings_every_row_up_to_date(
    files: AsteriskFiles, store: Store
) -> None:
    ended, under_way = a_call("timed_out", 0), a_call("timed_out", 1)
    keeper = a_keeper(files, DatabaseLedger(store, NODE), pace=Pace(poll=3_600))
    running = asyncio.create_task(keeper.run())
    await until(lambda: keeper.healthy)
    files.write(ended)
    files.add(b"".join(map(cel_line, under_way.events[:7])))
    await keeper.stop()
    await running
    rows = await written(store)
    assert rows[ended.id] == expected(ended)[ended.id]
    assert await one(store, "SELECT stage FROM call WHERE NOT finished") == "queue"


async def test_stop_before_run_returns_at_once(files: AsteriskFiles, store: Store) -> None:
    keeper = a_keeper(files, DatabaseLedger(store, NODE))
    await keeper.stop()
    keeper.close()


async def test_the_event_loop_is_never_blocked(files: AsteriskFiles, store: Store) -> None:
    calls = many_calls(20)
    files.write(*calls)
    noted = Noted()
    keeper = a_keeper(files, DatabaseLedger(store, NODE), observer=noted)
    with blockbuster_ctx():
        running = asyncio.create_task(keeper.run())
        await until(lambda: len(noted.ends) == len(calls))
        await keeper.stop()
        await running
    assert await written(store) == expected(*calls)


async def test_channel_events_that_come_long_after_the_queue_lines_are_joined_to_them(
    files: AsteriskFiles, store: Store
) -> None:
    """A call that queue_log told of, to its end, before a word of it was in the other file."""
    call, ledger, noted = a_call("timed_out"), DatabaseLedger(store, NODE), Noted()
    files.add_queue(b"".join(map(queue_line, call.queue_events)))
    keeper = a_keeper(files, ledger, limits=Limits(refresh=0), observer=noted)
    await keeper.catch_up()
    keeper.close()
    assert await one(store, "SELECT discrepancy FROM call") == "no-channel-events"
    assert await one(store, "SELECT count(*) FROM open_call") == 1
    files.write(call, queue_too=False)
    keeper = a_keeper(files, ledger, limits=Limits(refresh=0))
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == expected(call)
    assert await one(store, "SELECT count(*) FROM open_call") == 0


async def test_a_call_of_which_more_is_known_after_its_end_is_told_again(
    files: AsteriskFiles, store: Store
) -> None:
    """Its end once, as an end; and that its row is another now."""
    call, noted = a_call("closed_but_a_message"), Noted()
    left = [event for event in call.events if "|record" in event.extra or '"record' in event.extra]
    assert left
    files.add(b"".join(cel_line(event) for event in call.events if event not in left))
    keeper = a_keeper(files, DatabaseLedger(store, NODE), observer=noted)
    await keeper.catch_up()
    assert [each.outcome for each in noted.ends] == [Outcome.CLOSED]
    files.add(b"".join(map(cel_line, left)))
    await keeper.catch_up()
    keeper.close()
    assert len(noted.ends) == 1
    assert [each.outcome for each in noted.amendments] == [Outcome.VOICEMAIL]


async def test_more_calls_than_are_held_are_all_recorded(files: AsteriskFiles, store: Store) -> None:
    """Those let go are read from the database again when they go on."""
    calls = [a_call("timed_out", number) for number in range(12)]
    keeper = a_keeper(files, DatabaseLedger(store, NODE), limits=Limits(calls=3))
    for start in range(0, max(len(call.events) for call in calls), 4):
        for call in calls:
            files.add(b"".join(map(cel_line, call.events[start : start + 4])))
        await keeper.catch_up()
    for call in calls:
        files.add_queue(b"".join(map(queue_line, call.queue_events)))
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == expected(*calls)


async def test_rejected_lines_are_counted_and_kept(files: AsteriskFiles, store: Store) -> None:
    call, noted = a_call("closed_heard_in_full"), Noted()
    files.add(b"garbage of a crash\n")
    files.write(call)
    files.add_queue(b"more of it\n")
    keeper = a_keeper(files, DatabaseLedger(store, NODE), observer=noted)
    await keeper.catch_up()
    keeper.close()
    assert noted.rejected == 2
    assert await one(store, "SELECT count(*) FROM rejected_line") == 2
    assert await written(store) == expected(call)


async def test_lag_is_the_age_of_the_oldest_event_while_it_is_not_yet_written(
    files: AsteriskFiles, store: Store
) -> None:
    noted = Noted()
    files.write(a_call("closed_heard_in_full"))
    keeper = a_keeper(files, DatabaseLedger(store, NODE), observer=noted, pace=Pace(poll=3_600))
    running = asyncio.create_task(keeper.run())
    await until(lambda: keeper.healthy)
    await keeper.stop()
    await running
    assert noted.lags[0] == pytest.approx(10.0)
    assert noted.lags[-1] == 0.0


async def test_an_operators_own_call_leaves_no_row(files: AsteriskFiles, store: Store) -> None:
    call = a_call("abandoned_before_anything")
    own = [event._replace(channel_name="PJSIP/anna.k3v9-00000001") for event in call.events]
    keeper = a_keeper(files, DatabaseLedger(store, NODE))
    files.add(b"".join(map(cel_line, own[:1])))
    await keeper.catch_up()
    files.add(b"".join(map(cel_line, own[1:])))
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == {}
    assert await one(store, "SELECT count(*) FROM open_call") == 0


@pytest.mark.parametrize("anew", [False, True], ids=["same service", "service started anew"])
async def test_an_operators_own_call_that_asterisk_is_killed_in_is_not_under_way_for_ever(
    files: AsteriskFiles, store: Store, *, anew: bool
) -> None:
    call, ledger = a_call("abandoned_before_anything"), DatabaseLedger(store, NODE)
    own = [event._replace(channel_name="PJSIP/anna.k3v9-00000001") for event in call.events]
    keeper = a_keeper(files, ledger)
    files.add(cel_line(own[0]))
    await keeper.catch_up()
    assert await one(store, "SELECT count(*) FROM open_call") == 1
    if anew:
        keeper.close()
        keeper = a_keeper(files, ledger)
    files.add_queue(started(60))
    await keeper.catch_up()
    keeper.close()
    assert await written(store) == {}
    assert await one(store, "SELECT count(*) FROM open_call") == 0

"""Rows made anew, on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy import text

from hotline_ivr.launch.refolding import refold_record
from hotline_ivr.routing.fold import FOLD_VERSION
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import known_tables, upgrade
from hotline_ivr.store.refolding import Refolded
from tests.calls.asterisk_files import Written, a_call, a_keeper, started
from tests.calls.keeping import EVERY_END, many_calls, written
from tests.launch.place import NAMES, Place
from tests.routing.call_tables import START


async def refold(place: Place, *, dry_run: bool = False, since: int | None = None) -> Refolded:
    span = (None if since is None else datetime.fromtimestamp(START + since, UTC), None)
    return await refold_record(place.settings, span, dry_run=dry_run, progress=lambda *_: None)


async def rows(place: Place) -> dict[str, tuple[object, ...]]:
    store = open_store(place.settings.database)
    try:
        legs = await store.read(
            lambda connection: connection.execute(text("SELECT * FROM leg ORDER BY call_id, channel")).all()
        )
        return await written(store) | {"legs": tuple(map(tuple, legs))}
    finally:
        await store.close()


async def versions(place: Place) -> set[int]:
    """Of the fold, in all rows of calls."""
    store = open_store(place.settings.database)
    query = text("SELECT DISTINCT fold_version FROM call")
    try:
        return await store.read(lambda connection: set(connection.execute(query).scalars()))
    finally:
        await store.close()


async def test_rows_that_the_present_fold_made_stay_as_they_are(place: Place) -> None:
    place.write(*(a_call(name, number, 100 * number) for number, name in enumerate(NAMES)))
    await place.keep()
    before = await rows(place)
    done = await refold(place)
    assert (done.changed, done.made, done.removed, done.failed) == (0, 0, 0, []), done.columns
    assert done.looked_at >= len(NAMES)
    assert await rows(place) == before


async def test_rows_that_were_changed_or_deleted_are_as_they_were_and_it_is_told_which(place: Place) -> None:
    calls = many_calls(len(EVERY_END))
    place.write(*calls)
    await place.keep()
    before = await rows(place)
    await place.change("UPDATE call SET fold_version = 0, outcome = 'closed' WHERE outcome = 'answered'")
    await place.change("UPDATE leg SET result = 'busy' WHERE result = 'answered'")
    await place.change(f"DELETE FROM call WHERE id = '{calls[3].id}'")  # noqa: S608
    odd = f"VALUES ('main', '{calls[4].id}', 'x', 'y')"
    await place.change(f"INSERT INTO leg (node, call_id, channel, channel_name) {odd}")
    spoilt = await rows(place)
    dry = await refold(place, dry_run=True)
    assert await rows(place) == spoilt
    done = await refold(place)
    assert (done.changed, done.made, done.columns) == (dry.changed, dry.made, dry.columns)
    assert done.made == 1
    answered = sum(call.row().outcome == "answered" for call in calls)
    assert done.columns["outcome"] == done.columns["fold_version"] == answered
    assert done.columns["legs"] == answered + 1
    assert await rows(place) == before
    assert (await refold(place)).changed == 0


async def test_only_what_arrived_in_the_time_is_made_anew(place: Place) -> None:
    place.write(
        a_call("closed_heard_in_full"),
        a_call("closed_heard_in_full", 1, 100),
        a_call("closed_heard_in_full", 2, 200),
    )
    await place.keep()
    await place.change("UPDATE call SET fold_version = 0")
    assert (await refold(place, since=50)).changed == 2
    assert (await refold(place)).changed == 1


async def test_a_call_that_asterisk_cut_off_is_so_by_the_restart_that_did_it_and_no_later_one(
    place: Place,
) -> None:
    call, other = a_call("hung_up_by_asterisk"), a_call("answered_caller_hangs_up", 1, 40)
    place.write(call, Written(other.events[:8], other.queue_events[:1]))
    place.files.add_queue(started(60))
    await place.keep()
    before = await rows(place)
    place.files.add_queue(started(600))
    place.files.add_queue(started(6000))
    await place.keep()
    assert (await refold(place)).changed == 0
    assert await rows(place) == before


async def test_a_call_under_way_is_left_to_the_service(place: Place) -> None:
    call = a_call("answered_caller_hangs_up")
    place.write(Written(call.events[:8], call.queue_events[:1]))
    await place.keep()
    await place.change("UPDATE call SET stage = 'talk'")
    done = await refold(place)
    assert (done.under_way, done.changed) == (1, 0)


async def test_beside_a_service_that_writes_nothing_is_lost_or_old(place: Place) -> None:
    """Each call's end is read late, while its row is made anew again and again."""
    calls = many_calls(60)
    place.write(*(Written(call.events, []) for call in calls))
    await place.keep()
    store = open_store(place.settings.database)
    keeper = a_keeper(place.files, DatabaseLedger(store, "main"))

    async def refolds() -> None:
        while not late.done():
            await refold(place)

    async def later() -> None:
        for call in calls:
            place.files.write(Written([], call.queue_events))
            await keeper.catch_up()

    late = asyncio.create_task(later())
    await refolds()
    await late
    keeper.close()
    await store.close()
    expected = {call.id: call.row() for call in calls}
    found = await rows(place)
    del found["legs"]
    assert {key: row[3:8] for key, row in found.items()} == {
        key: tuple(row)[3:8] for key, row in expected.items()
    }
    # What came late counts in every row: refolding once more finds nothing to change.
    assert (await refold(place)).changed == 0
    assert await versions(place) == {FOLD_VERSION}


NEWER_COLUMNS = ("recorded", "consent", "fold_version")
NEWER_TABLES = (
    "log_clock",
    "node_lease",
    "purge",
    "recording",
    "webhook",
    "webhook_subject",
    "webhook_delivery",
    "register_entry",
    "register_import",
    "register_batch",
    "register_request",
    "register_search",
    "balance_night",
)
NEWER_FUNCTIONS = ("DROP FUNCTION register_indexed", "DROP FUNCTION register_weighted")
"""What the tables of before versions were counted did not have."""


async def test_rows_of_an_older_database_are_brought_up_to_date(place: Place) -> None:
    """Tables as they were before versions were counted, with a call in them."""
    place.write(a_call("answered_caller_hangs_up"))
    await place.keep()
    before = await rows(place)
    before_that = max(each for each in known_tables() if each < "0009")
    for statement in (
        *(f"ALTER TABLE call DROP COLUMN {name}" for name in NEWER_COLUMNS),
        *(f"DROP TABLE {name}" for name in NEWER_TABLES),
        *(NEWER_FUNCTIONS if place.settings.database.startswith("postgresql") else ()),
        f"UPDATE alembic_version SET version_num = '{before_that}'",  # noqa: S608
    ):
        await place.change(statement)
    await upgrade(place.settings.database)
    done = await refold(place)
    assert (done.changed, dict(done.columns)) == (1, {"fold_version": 1})
    assert await rows(place) == before

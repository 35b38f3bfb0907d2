"""`kill -9` at any moment, also in the middle of a transaction: no event is lost, none counts twice."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from hotline_ivr.store.engine import open_store
from hotline_ivr.store.migrate import upgrade
from tests.calls.asterisk_files import AsteriskFiles
from tests.calls.keeper_process import keep_until_killed
from tests.calls.keeping import all_events, events_kept, expected, many_calls, mixed, written
from tests.calls.lives import live

# More than enough: each life writes something, or is killed before it does.
MOST_LIVES = 200
# A life asks about 35 things of the database before it writes the first, and 10 for each commit.
MOMENTS = (25, 85)


@pytest.mark.parametrize("seed", range(2))
async def test_a_keeper_killed_at_random_moments_makes_the_same_record(
    tmp_path: Path, database_url: str, seed: int
) -> None:
    chance = random.Random(seed)
    calls = many_calls(300)
    cel, queue_log = mixed(calls)
    files = AsteriskFiles(tmp_path)
    files.add(cel)
    files.add_queue(queue_log)
    await upgrade(database_url)
    codes: list[int] = []
    while 0 not in codes:
        assert len(codes) < MOST_LIVES
        codes.append(live(keep_until_killed, database_url, str(tmp_path), chance.randint(*MOMENTS)))
    assert set(codes) == {0, -signal.SIGKILL}, "some lives were cut short"
    store = open_store(database_url)
    assert await written(store) == expected(*calls)
    assert await events_kept(store) == all_events(calls)
    await store.close()

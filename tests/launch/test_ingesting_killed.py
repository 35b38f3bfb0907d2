"""`kill -9` in the middle of taking old logs in, on both databases: given again, it makes the same record."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from hotline_ivr.store.migrate import upgrade
from tests.calls.asterisk_files import AsteriskFiles
from tests.calls.lives import live
from tests.launch.ingest_process import ingest_until_killed
from tests.launch.place import Place
from tests.launch.test_ingesting import every_call, ingest, kept_apart, write
from tests.launch.test_refolding import refold, rows

# More than enough: most lives take something in.
MOST_LIVES = 100


@pytest.mark.parametrize("seed", range(2))
async def test_ingesting_killed_at_random_moments_makes_the_same_record(
    place: Place, attic: AsteriskFiles, tmp_path: Path, seed: int
) -> None:
    """`kill -9` in the middle of the work, again and again, until all is in."""
    chance = random.Random(seed)
    write(attic, every_call())
    attic.add(b"\x00rubbish\n")
    await upgrade(place.settings.database)
    codes: list[int] = []
    while 0 not in codes:
        assert len(codes) < MOST_LIVES
        arguments = (place.settings.database, str(tmp_path / "state"), str(attic.cel.parent))
        codes.append(live(ingest_until_killed, *arguments, chance.randint(5, 60)))
    assert codes.count(-signal.SIGKILL) > 1
    assert set(codes) == {0, -signal.SIGKILL}
    other = Place(tmp_path / "other", f"sqlite:///{tmp_path / 'other.db'}")
    await ingest(other, attic.queue_log, attic.cel)
    assert await rows(place) == await rows(other)
    assert await kept_apart(place) == await kept_apart(other)
    assert (await ingest(place, attic.cel, attic.queue_log)).added == 0
    assert (await refold(place)).changed == 0

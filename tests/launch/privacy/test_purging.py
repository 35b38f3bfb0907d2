"""What was kept long enough goes, once a night, and what is counted stays; a killed purge is done again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.errors import SetupError
from hotline_ivr.launch.balancing import prove, span_of_day
from hotline_ivr.launch.locking import only_one
from hotline_ivr.launch.privacy.nightly import NightlyPurge
from hotline_ivr.launch.privacy.place import privacy_place
from hotline_ivr.launch.privacy.purging import PurgedKind, purge
from hotline_ivr.routing.pseudonym import is_pseudonym
from hotline_ivr.routing.purge_days import purge_due
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.purges import last_purges
from hotline_ivr.store.tables import call, call_event
from tests.calls.asterisk_files import Written, a_call
from tests.launch.place import DAY, ZONE, Place
from tests.launch.privacy.persons import CALLED_AT, OTHER, PERSON, a_node, by, every_call, of_counts
from tests.launch.privacy.test_erasing import rows
from tests.plans import a_plan

OSLO = ZoneInfo("Europe/Oslo")


async def purged(
    settings: Settings, days_later: float, *, dry_run: bool = False, once: bool = False
) -> dict[str, PurgedKind]:
    async with privacy_place(settings, by="tester", now=CALLED_AT + timedelta(days=days_later)) as place:
        return {each.name: each for each in await purge(place, dry_run=dry_run, once=once)}


async def filled(tmp_path: Path, url: str, **keep: int) -> Place:
    """Calls of two days: every kind by the person, ten days later one by somebody else."""
    place = a_node(tmp_path, url, keep)
    place.write(*every_call(), by(a_call("answered_caller_hangs_up", 900, 864_000), OTHER))
    await place.keep()
    return place


@pytest.mark.postgres
async def test_numbers_go_from_rows_events_and_files_and_totals_stay(
    tmp_path: Path, database_url: str
) -> None:
    node = await filled(tmp_path, database_url, numbers=5, keys=5)
    before, balance = await rows(node.settings), await prove(node.settings, span_of_day(DAY, ZONE))
    files = {path: path.stat().st_size for path in (node.files.cel, node.files.queue_log)}
    told = await purged(node.settings, 11, dry_run=True)
    assert told["numbers"].count >= 20
    assert await rows(node.settings) == before
    done = await purged(node.settings, 11)
    assert done["numbers"].count >= 20
    after = await rows(node.settings)
    assert [of_counts(row) for row in after] == [of_counts(row) for row in before]
    assert [row["caller"] for row in after if not is_pseudonym(row["caller"]) and row["caller"]] == [OTHER]
    for path, size in files.items():
        assert path.stat().st_size == size
        assert b"98765432" not in path.read_bytes()
    assert OTHER.encode() in node.files.cel.read_bytes()
    if (database := tmp_path / "hotline.db").exists():
        assert b"98765432" not in database.read_bytes()
    again = await prove(node.settings, span_of_day(DAY, ZONE))
    assert (again.lines, again.differences) == (balance.lines, balance.differences)
    # Nothing is left for the next night, and what comes later is read on.
    assert (await purged(node.settings, 12))["numbers"].count == 0
    node.files.write(by(a_call("closed_heard_in_full", 901, 864_100), OTHER))
    await node.keep()
    assert len(await rows(node.settings)) == len(before) + 1
    assert (await purged(node.settings, 30))["numbers"].count == 2
    assert OTHER.encode() not in node.files.cel.read_bytes()


async def test_what_is_not_written_down_is_kept(tmp_path: Path, database_url: str) -> None:
    node = await filled(tmp_path, database_url)
    before = await rows(node.settings)
    done = await purged(node.settings, 5_000)
    assert {each.days for each in done.values()} == {None}
    assert await rows(node.settings) == before


@pytest.mark.postgres
async def test_whole_calls_go_with_all_that_is_theirs(tmp_path: Path, database_url: str) -> None:
    node = await filled(tmp_path, database_url, calls=5, logs=5)
    assert (await purged(node.settings, 11))["calls"].count > 20
    (row,) = [each for each in await rows(node.settings) if each["finished"]]
    store = open_store(node.settings.database)
    left = await store.read(lambda on: set(on.scalars(select(call_event.c.call_id))))
    count = await store.read(lambda on: on.scalar(select(func.count()).select_from(call)))
    await store.close()
    assert row["id"] in left
    assert len(left) == count


@pytest.mark.postgres
async def test_operators_own_calls_go_when_calls_do(tmp_path: Path, database_url: str) -> None:
    """They have no row by which they would be found; one that is under way stays."""
    node = a_node(tmp_path, database_url, {"calls": 5, "logs": 5})
    ended, later, under_way = (
        a_call("abandoned_before_anything", number, seconds)
        for number, seconds in ((1, 0), (2, 864_000), (3, 0))
    )
    for each in (ended, later, under_way):
        kept = each.events[:1] if each is under_way else each.events
        kept = [event._replace(channel_name="PJSIP/anna.k3v9-00000001") for event in kept]
        node.files.write(Written(kept, []))
    await node.keep()
    assert (await purged(node.settings, 11, dry_run=True))["calls"].count == 1
    assert (await purged(node.settings, 11))["calls"].count == 1
    store = open_store(node.settings.database)
    left = await store.read(lambda on: set(on.scalars(select(call_event.c.call_id))))
    await store.close()
    assert left == {later.id, under_way.id}


async def test_logs_that_were_not_read_stay(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}", logs=5)
    read, unread = (node.files.cel.with_name(f"hotline.json.{name}") for name in ("1", "2"))
    node.files.cel.rename(read)
    unread.write_bytes(read.read_bytes().replace(b"main-17", b"main-16"))
    for path in (read, unread):
        os.utime(path, (CALLED_AT.timestamp(), CALLED_AT.timestamp()))
    assert (await purged(node.settings, 11))["logs"].count == 1
    assert not read.exists()
    assert unread.exists()


async def test_the_trail_forgets_and_goes_on(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}", audit=30)
    trail = AuditTrail(node.settings.audit_file)
    for day in (0, 20, 40):
        trail.note(AuditEntry(CALLED_AT + timedelta(days=day), "x", "rest", f"day.{day}", "s", {}))
    assert (await purged(node.settings, 41))["audit"].count == 1
    actions = [each.action for each in trail.entries()]
    assert actions == ["day.20", "day.40", "privacy.purge"]


async def test_the_file_is_written_anew_only_where_rows_went(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}", numbers=100, audit=5)
    AuditTrail(node.settings.audit_file).note(AuditEntry(CALLED_AT, "anna", "cli", "override.set", "x", {}))
    with capture_logs() as logs:
        assert (await purged(node.settings, 11))["audit"].count == 1
    assert "the database has been written anew" not in {each["event"] for each in logs}
    with capture_logs() as logs:
        assert (await purged(node.settings, 200))["numbers"].count
    assert "the database has been written anew" in {each["event"] for each in logs}


@pytest.mark.postgres
async def test_two_processes_purge_once(tmp_path: Path, database_url: str) -> None:
    node = await filled(tmp_path, database_url, numbers=5)
    with only_one(node.settings.privacy_lock, "A purge"), pytest.raises(SetupError):
        await purged(node.settings, 11, once=True)
    assert (await purged(node.settings, 11, once=True))["numbers"].count > 0
    assert await purged(node.settings, 11, once=True) == {}
    store = open_store(node.settings.database)
    (done,) = await store.read(lambda on: last_purges(on, "main", 9))
    await store.close()
    assert done.done_at is not None
    assert done.report["numbers"] > 0


async def test_the_service_makes_up_a_night_that_it_missed(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}", numbers=5)
    store = open_store(node.settings.database)
    plan = a_plan(sections={"privacy": {"keep": {"numbers": 5}}})
    moment = [datetime(2026, 11, 27, 2, 0, tzinfo=UTC)]
    worked: list[datetime] = []
    says = [""]

    async def work() -> str:
        if not says[0]:
            async with privacy_place(node.settings, by="tester", now=moment[0]) as place:
                await purge(place, once=True)
            worked.append(moment[0])
        return says[0]

    nights = NightlyPurge(node.settings, store, lambda: plan, work=work, clock=lambda: moment[0])
    assert await nights.look(), "never done before"
    assert not await nights.look()
    moment[0] += timedelta(minutes=44)
    assert not await nights.look(), "03:44 in Oslo"
    says[0] = "the disk is full"
    moment[0] += timedelta(minutes=2)
    assert not await nights.look()
    says[0] = ""
    assert not await nights.look(), "tried again after a while"
    moment[0] += timedelta(minutes=11)
    assert await nights.look()
    moment[0] += timedelta(days=9)
    assert await nights.look(), "nine nights by one"
    assert not await nights.look()
    never = node.settings.model_copy(update={"purge_at": "never"})
    nobody = NightlyPurge(never, store, lambda: plan, work=work, clock=lambda: moment[0])
    moment[0] += timedelta(days=1)
    assert not await nobody.look()
    await store.close()
    assert len(worked) == 3


def test_a_night_is_due_once_also_where_the_hour_does_not_exist() -> None:
    spring = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
    at = time(2, 30)
    yesterday = spring.astimezone(OSLO).date() - timedelta(days=1)
    assert not purge_due(spring, at, OSLO, yesterday)
    assert purge_due(spring + timedelta(hours=1), at, OSLO, yesterday)
    assert purge_due(spring, at, OSLO, None)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("verb", [("purge",), ("erase", PERSON)])
async def test_killed_at_any_moment_it_is_done_by_doing_it_again(
    tmp_path: Path, verb: tuple[str, ...]
) -> None:
    """kill -9 after more and more of the work, until it gets through."""
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}", numbers=1)
    before, balance = await rows(node.settings), await prove(node.settings, span_of_day(DAY, ZONE))
    kills, code = 0, 1
    for delay in (0, 2, 5, 20, 45, 200):
        code = await run_and_kill(node.settings, verb, delay)
        if code != -signal.SIGKILL:
            break
        kills += 1
        assert [of_counts(row) for row in await rows(node.settings)] == [of_counts(row) for row in before]
    assert code == 0
    assert kills >= 3, "it was through before it was killed"
    after = await rows(node.settings)
    assert PERSON not in {row["caller"] for row in after}
    assert [of_counts(row) for row in after] == [of_counts(row) for row in before]
    for path in (node.files.cel, node.files.queue_log, tmp_path / "hotline.db"):
        assert b"98765432" not in path.read_bytes(), path
    again = await prove(node.settings, span_of_day(DAY, ZONE))
    assert (again.lines, again.differences) == (balance.lines, balance.differences)


async def run_and_kill(settings: Settings, verb: tuple[str, ...], writes: int) -> int:
    """Run it, and kill it with SIGKILL at its n-th change of a file or commit."""
    program = f"""
import os, signal, sys
import hotline_ivr.asterisk.spool_redaction as files
import hotline_ivr.store.engine as engine
left = [{writes}]
def count():
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
put = files._put
def _put(*a):
    count(); put(*a)
files._put = _put
write = engine.SqliteStore.write
async def _write(self, work):
    count(); done = await write(self, work); count(); return done
engine.SqliteStore.write = _write
from hotline_ivr.cli.main import main
sys.argv = ["hotline", "privacy", *{list(verb)!r}]
main()
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        env={
            **os.environ,
            "HOTLINE_STATE": str(settings.state),
            "HOTLINE_CONFIG": str(settings.config),
            "HOTLINE_DATABASE_URL": settings.database,
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode in {0, -signal.SIGKILL}, said.decode()
    return int(process.returncode or 0)

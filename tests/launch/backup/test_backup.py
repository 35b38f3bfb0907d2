"""A node into one file and back: whole, verified, read on from where it stood, whatever is killed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.errors import ArgumentError, SetupError, StoreError
from hotline_ivr.launch.backup.making import Made, make_backup
from hotline_ivr.launch.backup.reading import read_backup
from hotline_ivr.launch.backup.restoring import Restored, refuse_half_restored, restore
from hotline_ivr.launch.balancing import prove, span_of_day
from hotline_ivr.launch.locking import only_one
from hotline_ivr.launch.privacy.repeating import erase_again
from hotline_ivr.settings import Settings
from hotline_ivr.store.migrate import upgrade
from tests.calls.asterisk_files import a_call
from tests.launch.place import DAY, ZONE, Place
from tests.launch.privacy.persons import OTHER, a_node, by, every_call
from tests.launch.privacy.test_erasing import erased, rows
from tests.postgres import PostgresServer

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


async def filled(tmp_path: Path, url: str) -> Place:
    place = a_node(tmp_path, url)
    place.write(*every_call())
    await place.keep()
    sound = place.settings.voicemail_dir / "desk" / "main-1795451000.1.wav"
    sound.parent.mkdir(parents=True)
    sound.write_bytes(b"RIFF voice")
    place.settings.secrets_file.write_text("ami: {secret: s3}\n")
    place.settings.secrets_file.chmod(0o600)
    (place.settings.config / "prompts").mkdir()
    (place.settings.config / "prompts" / "greeting.wav").write_bytes(b"RIFF words")
    AuditTrail(place.settings.audit_file).note(AuditEntry(NOW, "x", "rest", "a", "b", {}))
    return place


async def backed_up(settings: Settings, where: Path, *, keep: int = 14, now: datetime = NOW) -> Made:
    where.mkdir(exist_ok=True)
    return await make_backup(settings, where, keep=keep, now=now)


async def restored(settings: Settings, file: Path) -> Restored:
    return await restore(settings, file, now=NOW, by="tester")


def elsewhere(place: Place, folder: Path, url: str) -> Place:
    """Another machine: nothing there yet."""
    new = Place(folder / "state", url)
    new.settings = new.settings.model_copy(update={"config": folder / "config"})
    shutil.rmtree(folder / "state")
    assert place.settings.node == new.settings.node
    return new


async def test_everything_comes_back_on_another_machine(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    before = await rows(node.settings)
    made = await backed_up(node.settings, tmp_path / "backups")
    assert made.path.stat().st_mode & 0o777 == 0o600
    said = read_backup(made.path)
    assert (said.node, said.made_at) == ("main", NOW)
    new = elsewhere(node, tmp_path / "other", f"sqlite:///{tmp_path / 'other' / 'new.db'}")
    done = await restored(new.settings, made.path)
    assert not done.logs_stayed
    assert await rows(new.settings) == before
    assert (new.settings.secrets_file.read_text(), new.settings.secrets_file.stat().st_mode & 0o777) == (
        "ami: {secret: s3}\n",
        0o600,
    )
    assert [path.name for path in (new.settings.voicemail_dir / "desk").iterdir()] == [
        "main-1795451000.1.wav"
    ]
    assert (new.settings.config / "prompts" / "greeting.wav").read_bytes() == b"RIFF words"
    assert [each.action for each in AuditTrail(new.settings.audit_file).entries()] == ["a", "backup.restore"]
    # The record goes on in the restored files: each call once.
    new.files.write(by(a_call("closed_heard_in_full", 901, 9_100), OTHER))
    await new.keep()
    assert len(await rows(new.settings)) == len(before) + 1
    refuse_half_restored(new.settings)


async def test_what_happened_after_the_backup_is_read_on_and_nothing_twice(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    before = len(await rows(node.settings))
    # Written and not read yet when the backup is made, and after it, and a rotation in between.
    node.files.write(by(a_call("closed_heard_in_full", 901, 9_100), OTHER))
    made = await backed_up(node.settings, tmp_path / "backups")
    node.files.write(by(a_call("closed_heard_in_full", 902, 9_200), OTHER))
    await node.keep()
    node.files.cel.rename(node.files.cel.with_name("hotline.json.1"))
    node.files.queue_log.rename(node.files.queue_log.with_name("queue_log.1"))
    node.files.write(by(a_call("closed_heard_in_full", 903, 9_300), OTHER))
    await node.keep()
    whole = await rows(node.settings)
    assert len(whole) == before + 3
    (tmp_path / "hotline.db").write_bytes(b"spoilt")
    done = await restored(node.settings, made.path)
    assert done.logs_stayed
    assert len(await rows(node.settings)) == before
    assert (done.aside / "hotline.db").read_bytes() == b"spoilt"
    # One look finishes the rotated file, the next goes on with its successor.
    await node.keep()
    await node.keep()
    assert await rows(node.settings) == whole
    report = await prove(node.settings, span_of_day(DAY, ZONE))
    assert report.arrivals + report.callbacks == len(whole)


@pytest.mark.parametrize("here", ["as they were", "rotated", "gone", "another's"])
async def test_a_backup_of_a_record_that_had_read_nothing_loses_no_call(tmp_path: Path, here: str) -> None:
    """As one that is made in the moment after the first start. Logs that go on from its own stay."""
    node = a_node(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    await upgrade(node.settings.database)
    node.write(by(a_call("closed_heard_in_full", 901, 9_100), OTHER))
    made = await backed_up(node.settings, tmp_path / "backups")
    node.files.write(by(a_call("closed_heard_in_full", 902, 9_200), OTHER))
    for path in (node.files.cel, node.files.queue_log):
        match here:
            case "rotated":
                path.rename(path.with_name(f"{path.name}.1"))
            case "gone":
                path.unlink()
            case "another's":
                path.write_bytes(path.read_bytes()[1:])
            case _:
                pass
    done = await restored(node.settings, made.path)
    assert done.logs_stayed is (here in {"as they were", "rotated"})
    await node.keep()
    await node.keep()
    assert len(await rows(node.settings)) == (2 if done.logs_stayed else 1)


@pytest.mark.postgres
async def test_from_a_server_into_an_empty_one_or_a_file(tmp_path: Path, postgres: PostgresServer) -> None:
    node = await filled(tmp_path, await asyncio.to_thread(postgres.new_database))
    before = await rows(node.settings)
    made = await backed_up(node.settings, tmp_path / "backups")
    node.files.write(by(a_call("closed_heard_in_full", 901, 9_100), OTHER))
    await node.keep()
    with pytest.raises(StoreError, match="holds rows already"):
        await restored(node.settings, made.path)
    for name, url in (
        ("server", await asyncio.to_thread(postgres.new_database)),
        ("file", f"sqlite:///{tmp_path / 'file' / 'x.db'}"),
    ):
        new = elsewhere(node, tmp_path / name, url)
        await restored(new.settings, made.path)
        assert await rows(new.settings) == before


async def test_what_is_damaged_or_not_ours_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    made = await backed_up(node.settings, tmp_path / "backups")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    data = made.path.read_bytes()
    for name, content in (
        ("cut", data[: len(data) // 2]),
        ("flipped", data[:-4000] + bytes([data[-4000] ^ 1]) + data[-3999:]),
        ("none", b"no archive at all"),
        ("empty", b""),
    ):
        bad = tmp_path / name
        bad.write_bytes(content)
        with pytest.raises(ArgumentError, match=r"no whole backup|damaged"):
            await restored(node.settings, bad)
    other = node.settings.model_copy(update={"node": "second"})
    with pytest.raises(ArgumentError, match="of node main"):
        await restored(other, made.path)
    with only_one(node.settings.state_dir / "service.lock", "A service"), pytest.raises(SetupError):
        await restored(node.settings, made.path)
    after = {path: path.read_bytes() for path in before}
    assert after == before


async def test_so_many_stay_and_the_list_of_backups_is_true(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    folder = tmp_path / "backups"
    made = await backed_up(node.settings, folder, keep=2, now=NOW)
    for day in range(1, 4):
        made = await backed_up(node.settings, folder, keep=2, now=NOW + timedelta(days=day))
    assert len(list(folder.glob("hotline-main-*"))) == 2
    assert made.path.exists()
    listed = json.loads(node.settings.backups_file.read_text())["backups"]
    assert [Path(each["path"]).exists() for each in listed] == [True, True]
    done = await erased(node.settings)
    assert [each.made_at.day for each in done.proof.backups] == [29, 30]
    assert "2 newer ones" in done.proof.backups[0].expires
    with pytest.raises(ArgumentError, match="is there already"):
        await make_backup(node.settings, made.path, keep=2, now=NOW)


async def test_who_was_erased_after_the_backup_is_erased_again(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    made = await backed_up(node.settings, tmp_path / "backups", now=NOW - timedelta(days=9_999))
    await erased(node.settings)
    after = await rows(node.settings)
    done = await restored(node.settings, made.path)
    assert (done.again.persons, done.again.places) == (1, ())
    assert await rows(node.settings) == after
    again = await erase_again(node.settings, by="tester", since=done.backup.made_at)
    assert again.persons == 0


@pytest.mark.timeout(300)
async def test_killed_while_it_is_made_or_put_back_nothing_is_half(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    before = await rows(node.settings)
    folder = tmp_path / "backups"
    folder.mkdir()
    for count in (1, 5):
        assert await run_and_kill(node.settings, ["backup", str(folder)], count) == -signal.SIGKILL
        assert list(folder.glob("hotline-*")) == []
    assert await run_and_kill(node.settings, ["backup", str(folder)], 10_000) == 0
    (file,) = folder.iterdir()
    read_backup(file)
    node.files.write(by(a_call("closed_heard_in_full", 901, 9_100), OTHER))
    await node.keep()
    AuditTrail(node.settings.audit_file).note(AuditEntry(NOW, "x", "rest", "later", "b", {}))
    for count in (1, 2, 4, 6):
        if await run_and_kill(node.settings, ["restore", str(file)], count) == 0:
            break
        with pytest.raises(SetupError, match="half-way"):
            refuse_half_restored(node.settings)
    assert await run_and_kill(node.settings, ["restore", str(file)], 10_000) == 0
    refuse_half_restored(node.settings)
    assert await rows(node.settings) == before
    actions = [each.action for each in AuditTrail(node.settings.audit_file).entries()]
    assert actions[:1] == ["a"]
    assert "later" not in actions


async def run_and_kill(
    settings: Settings, verb: list[str], steps: int, at: str = "files", by: int = signal.SIGKILL
) -> int:
    """Run it, and kill it at its n-th file, or at the n-th step of an erasure."""
    program = f"""
import os, signal, sys
import hotline_ivr.launch.backup.making as making
import hotline_ivr.launch.backup.restoring as restoring
import hotline_ivr.launch.privacy.erasing as erasing
left = [{steps}]
def count():
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), {int(by)})
if {at == "files"}:
    add = making._Writer.add
    def _add(*a):
        count(); add(*a)
    making._Writer.add = _add
    move = restoring._move
    def _move(*a):
        count(); move(*a); count()
    restoring._move = _move
else:
    erase_again = restoring.erase_again
    async def _erase_again(*a, **k):
        count(); return await erase_again(*a, **k)
    restoring.erase_again = _erase_again
    for name in ("redact_logs", "_database"):
        def wrapped(work):
            async def _work(*a, **k):
                count(); done = await work(*a, **k); count(); return done
            return _work
        setattr(erasing, name, wrapped(getattr(erasing, name)))
from hotline_ivr.cli.main import main
sys.argv = ["hotline", *{verb!r}]
main()
"""
    environment: dict[str, Any] = {
        **os.environ,
        "HOTLINE_STATE": str(settings.state),
        "HOTLINE_CONFIG": str(settings.config),
        "HOTLINE_DATABASE_URL": settings.database,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert by != signal.SIGKILL or process.returncode in {0, -signal.SIGKILL}, said.decode()
    return int(process.returncode or 0)


def test_a_snapshot_is_one_moment_while_somebody_writes(tmp_path: Path) -> None:
    """SQLite's own promise, held: the copy is a state between two commits."""
    source = tmp_path / "a.db"
    writer = sqlite3.connect(source)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE t (n INTEGER)")
    writer.execute("CREATE TABLE alembic_version (version_num TEXT)")
    writer.execute("INSERT INTO alembic_version VALUES ('0014')")
    writer.commit()
    writer.execute("INSERT INTO t VALUES (1)")
    from hotline_ivr.store.snapshot import _copy_sqlite, check_file

    _copy_sqlite(source, tmp_path / "b.db")
    assert check_file(tmp_path / "b.db") == "0014"
    writer.commit()
    writer.close()
    copied = sqlite3.connect(tmp_path / "b.db")
    assert copied.execute("SELECT count(*) FROM t").fetchone() == (0,)
    copied.close()

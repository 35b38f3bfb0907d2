"""Asterisk's own database is whole in a backup, whatever Asterisk does to it, and nothing disturbs it."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hotline_ivr.launch.backup.astdb import NAME, copy_astdb
from hotline_ivr.launch.backup.reading import read_backup
from tests.launch.backup.test_backup import backed_up, filled

MEMBERS = 400


def opened(path: Path) -> sqlite3.Connection:
    """As Asterisk opens it: no waiting for a lock, and a commit that finds one is lost."""
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def write(connection: sqlite3.Connection, value: str) -> None:
    rows = [(f"/Queue/PersistentMembers/{number}", value * 60) for number in range(MEMBERS)]
    connection.executemany("INSERT OR REPLACE INTO astdb VALUES (?, ?)", rows)


def held(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {value[0] for (value,) in connection.execute("SELECT value FROM astdb")}


@pytest.fixture
def asterisk(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    (tmp_path / "lib").mkdir()
    connection = opened(tmp_path / "lib" / NAME)
    connection.execute("CREATE TABLE astdb (key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key))")
    write(connection, "a")
    yield connection
    connection.close()


def test_in_the_middle_of_a_commit_the_copy_is_what_was_before_it(
    tmp_path: Path, asterisk: sqlite3.Connection
) -> None:
    """Half of the new pages are in the file, the old ones in the journal beside it."""
    asterisk.execute("PRAGMA cache_size=2")
    asterisk.execute("BEGIN")
    write(asterisk, "b")
    source = tmp_path / "lib" / NAME
    torn = tmp_path / "torn.sqlite3"
    shutil.copy(source, torn)
    assert torn.read_bytes().count(b"bbbb") > 0, "a plain copy has what was never committed"
    copied = copy_astdb(source, tmp_path)
    assert copied is not None
    assert held(copied) == {"a"}
    asterisk.execute("COMMIT")
    assert held(source) == {"b"}


def test_asterisk_never_finds_a_lock_and_each_copy_is_one_moment(
    tmp_path: Path, asterisk: sqlite3.Connection
) -> None:
    stop, failed, rounds = threading.Event(), list[sqlite3.Error](), [0]

    def work() -> None:
        while not stop.is_set():
            try:
                asterisk.execute("BEGIN")
                write(asterisk, chr(ord("c") + rounds[0] % 20))
                asterisk.execute("COMMIT")
            except sqlite3.Error as error:
                failed.append(error)
            rounds[0] += 1
            stop.wait(0.2)

    writer = threading.Thread(target=work)
    writer.start()
    try:
        for _ in range(5):
            copied = copy_astdb(tmp_path / "lib" / NAME, tmp_path)
            assert copied is not None
            assert len(held(copied)) == 1
    finally:
        stop.set()
        writer.join()
    assert rounds[0] > 0
    assert failed == []


async def test_a_damaged_one_is_told_and_does_not_keep_the_rest_from_being_saved(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    file = node.settings.astdb_file
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(opened(file)) as connection:
        connection.execute("CREATE TABLE astdb (key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key))")
        write(connection, "a")
    whole = await backed_up(node.settings, tmp_path / "whole")
    assert whole.left_out == ()
    assert "state/asterisk/lib/astdb.sqlite3" in read_backup(whole.path).files
    data = file.read_bytes()
    file.write_bytes(data[:4096] + b"\xff" * 4096 + data[8192:])
    made = await backed_up(node.settings, tmp_path / "damaged")
    assert made.left_out == ("asterisk/lib/astdb.sqlite3",)
    assert "state/asterisk/lib/astdb.sqlite3" not in read_backup(made.path).files

"""Disks without room are seen, each once, and they are well again only with some more than the least."""

from __future__ import annotations

from pathlib import Path

from hotline_ivr.launch.disk_watch import DiskWatch
from hotline_ivr.settings import Settings
from tests.small_disk import small_disk_at

MIB = 2**20


def test_a_full_disk_is_told_once_with_all_that_lies_on_it(tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "state", 4 * MIB) as disk:
        settings = Settings.from_environment({"HOTLINE_STATE": str(disk.folder)})
        settings.cel_file.parent.mkdir(parents=True)
        watch = DiskWatch(settings)
        watch.look()
        assert not watch.wrong
        assert watch.rooms["call events"].size == 4 * MIB
        disk.fill()
        watch.look()
        assert watch.wrong == {"state": "0 of 4 MiB are free for state, call events, queue_log, database"}
        assert watch.full == {"state", "call events", "queue_log", "database"}
        disk.empty()
        watch.look()
        assert not watch.wrong


def test_each_disk_is_told_by_itself_and_some_more_than_the_least_ends_it(tmp_path: Path) -> None:
    log = tmp_path / "state" / "asterisk" / "log"
    with small_disk_at(log, 4 * MIB) as disk:
        settings = Settings.from_environment(
            {"HOTLINE_STATE": str(tmp_path / "state"), "DATABASE_URL": "postgresql://localhost/hotline"}
        )
        settings.cel_file.parent.mkdir()
        watch = DiskWatch(settings)
        least = 4 * MIB // 20
        disk.fill(leave=least - 4096)
        watch.look()
        assert watch.wrong.keys() == {"call events"}
        assert watch.full == {"call events", "queue_log"}
        disk.empty()
        disk.fill(leave=least + 4096)
        watch.look()
        assert watch.wrong
        disk.empty()
        disk.fill(leave=2 * least)
        watch.look()
        assert not watch.wrong


def test_what_is_not_there_yet_is_no_full_disk(tmp_path: Path) -> None:
    watch = DiskWatch(Settings.from_environment({"HOTLINE_STATE": str(tmp_path / "none")}))
    watch.look()
    assert (watch.rooms, watch.wrong) == ({}, {})


def test_nothing_need_be_free_where_nobody_asks_for_it(tmp_path: Path) -> None:
    with small_disk_at(tmp_path, MIB) as disk:
        settings = Settings.from_environment({"HOTLINE_STATE": str(tmp_path), "HOTLINE_DISK_LEAST_FREE": "0"})
        watch = DiskWatch(settings)
        disk.fill()
        watch.look()
        assert not watch.wrong

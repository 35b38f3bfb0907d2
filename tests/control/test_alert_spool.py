"""Alerts on the disk: whole files, known ids, bounds, and what is left after a kill."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.control import alert_spool
from hotline_ivr.control.alert_spool import AlertSpool
from hotline_ivr.errors import AlertError
from hotline_ivr.routing.alerts import Alert, AlertState, Channel, Delivery, QueuedAlert, Result
from tests.small_disk import small_disk_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def queued(name: str, *targets: str, at: datetime = NOON) -> QueuedAlert:
    alert = Alert(name, "record", AlertState.RAISED, "record", at, "T", "Text\nø", {"why": "full"}, "/a.wav")
    return QueuedAlert(alert, tuple(Delivery(Channel.MAIL, target, at) for target in targets))


def test_what_is_added_is_there_for_the_next_process(tmp_path: Path) -> None:
    first = queued("a-1", "ops@example.org")
    second = queued("b-1", "ops@example.org", at=NOON - timedelta(hours=1))
    spool = AlertSpool(tmp_path)
    assert spool.add(first)
    assert spool.add(second)
    assert AlertSpool(tmp_path).queued() == (second, first)


def test_a_known_id_is_not_kept_again_also_when_it_is_done(tmp_path: Path) -> None:
    spool = AlertSpool(tmp_path)
    once = queued("a-1", "ops@example.org")
    assert spool.add(once)
    assert not spool.add(once)
    spool.update("a-1", replace(once.deliveries[0], result=Result.SENT, tries=1))
    assert spool.queued() == ()
    assert not spool.add(once)
    assert not AlertSpool(tmp_path).add(once)
    (done,) = spool.past(10)
    assert done.deliveries[0].result is Result.SENT


def test_who_has_been_told_is_known_after_a_kill(tmp_path: Path) -> None:
    both = queued("a-1", "ops@example.org", "kari@example.org")
    spool = AlertSpool(tmp_path)
    spool.add(both)
    spool.update("a-1", replace(both.deliveries[0], result=Result.SENT, tries=1))
    (left,) = AlertSpool(tmp_path).queued()
    assert [each.result for each in left.deliveries] == [Result.SENT, Result.WAITING]


def test_a_kill_between_the_last_note_and_the_move_sends_nothing_again(tmp_path: Path) -> None:
    once = queued("a-1", "ops@example.org")
    AlertSpool(tmp_path).add(once)
    told = QueuedAlert(once.alert, (replace(once.deliveries[0], result=Result.SENT),))
    file = tmp_path / "queue" / "a-1.json"
    file.unlink()
    AlertSpool(tmp_path)._write(told)
    after = AlertSpool(tmp_path)
    assert after.queued() == ()
    assert [each.alert.id for each in after.past(10)] == ["a-1"]


def test_what_nobody_is_to_be_told_of_is_done_at_once(tmp_path: Path) -> None:
    spool = AlertSpool(tmp_path)
    assert spool.add(queued("a-1"))
    assert spool.queued() == ()
    assert len(spool.past(10)) == 1


def test_there_are_never_more_than_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_spool, "MOST_QUEUED", 3)
    monkeypatch.setattr(alert_spool, "MOST_PAST", 2)
    spool = AlertSpool(tmp_path)
    made = [queued(f"a-{number}", "ops@example.org") for number in range(4)]
    for each in made[:3]:
        spool.add(each)
    with pytest.raises(AlertError, match="3 alerts wait already"):
        spool.add(made[3])
    for age, each in enumerate(made[:3]):
        spool.update(each.alert.id, replace(each.deliveries[0], result=Result.FAILED))
        os.utime(tmp_path / "past" / f"{each.alert.id}.json", (age, age))
    spool.add(queued("a-9"))
    assert len(list((tmp_path / "past").iterdir())) == 2


def test_a_strange_id_is_no_way_out_of_the_folder(tmp_path: Path) -> None:
    spool = AlertSpool(tmp_path / "alerts")
    spool.add(queued("../../etc/passwd", "ops@example.org"))
    assert [path.name for path in tmp_path.iterdir()] == ["alerts"]
    assert AlertSpool(tmp_path / "alerts").queued()[0].alert.id == "../../etc/passwd"


def test_what_somebody_has_spoilt_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "queue").mkdir()
    (tmp_path / "queue" / "half.json").write_text('{"schema": "hotline/alert-queued/1", "id"')
    (tmp_path / "queue" / "other.json").write_text('{"schema": "hotline/alert-queued/9"}')
    assert AlertSpool(tmp_path).queued() == ()


def test_a_folder_that_cannot_be_written_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "queue").write_text("no folder")
    with pytest.raises(AlertError, match="cannot be written"):
        AlertSpool(tmp_path).add(queued("a-1", "ops@example.org"))


def test_on_a_full_disk_an_alert_is_kept_in_memory_and_told_once(tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "alerts", 2**20) as disk:
        spool = AlertSpool(disk.folder)
        kept = queued("before", "ops@example.org")
        assert spool.add(kept)
        disk.fill()
        full = queued("full", "ops@example.org")
        assert spool.add(full)
        assert not spool.add(full)
        assert {each.alert.id for each in spool.queued()} == {"before", "full"}
        for each in (kept, full):
            spool.update(each.alert.id, replace(each.deliveries[0], result=Result.SENT, tries=1))
        assert spool.queued() == ()
        disk.empty()
        assert spool.add(queued("after", "ops@example.org"))
        assert [each.alert.id for each in spool.queued()] == ["after"]

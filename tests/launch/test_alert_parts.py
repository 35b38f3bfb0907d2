"""Alerts wired together: what is wrong with the parts is told by a real mail server, and so is its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from hotline_ivr.asterisk.secrets import Secrets
from hotline_ivr.calls.waker import WakeObserver
from hotline_ivr.launch.alert_parts import AlertParts
from hotline_ivr.launch.disk_watch import DiskWatch
from hotline_ivr.launch.floor_parts import FloorParts
from hotline_ivr.launch.loops import running
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.pauses import DatabasePauses
from hotline_ivr.testing.mailbox import Mailbox
from hotline_ivr.testing.ports import free_port
from hotline_ivr.web.metrics import Metrics
from hotline_ivr.web.observers import AlertObserver
from hotline_ivr.web.observers import WakeObserver as CountedWakes
from tests.plans import a_plan


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.mark.timeout(60)
async def test_a_record_that_cannot_be_written_and_a_lost_link_are_told_and_counted(tmp_path: Path) -> None:
    metrics = Metrics()
    async with Mailbox() as mailbox:
        server = {"host": "127.0.0.1", "port": mailbox.port, "security": "none", "sender": "h@example.org"}
        alerts = {"mail": server, "to": [{"mail": ["duty"]}], "trouble_after": "2s", "ghost_open_after": "2s"}
        duty = {"people": {"kari": {"name": "Kari", "mail": "kari@example.org"}}, "weeks": ["kari"]}
        plan = a_plan(sections={"alerts": alerts, "duty": duty})
        book = Rulebook(plan)
        settings = Settings.from_environment(
            {"HOTLINE_STATE": str(tmp_path), "HOTLINE_AMI_PORT": str(free_port())}
        )
        store = open_store(settings.database)
        observer: WakeObserver = CountedWakes(metrics)
        floor = FloorParts(
            settings,
            Secrets("secret", {}),
            plan,
            book=lambda: book,
            pauses=DatabasePauses(store, "main"),
            observer=observer,
        )
        wrong = {"record": "the database is away", "unread": ""}
        parts = AlertParts(
            settings,
            book=lambda: book,
            floor=floor,
            record=lambda: wrong["record"],
            disks=DiskWatch(settings),
            observer=AlertObserver(metrics),
            unread=lambda: wrong["unread"],
        )
        metrics.watch_alerts(lambda: parts.sender.waiting, parts.alarms)
        async with running(parts.loops()):
            await until(lambda: len(mailbox.mails) == 2)
            subjects = {str(each.message["Subject"]) for each in mailbox.mails}
            assert subjects == {
                "[Example University] The record of calls cannot be written",
                "[Example University] The service does not hear Asterisk",
            }
            assert all("On duty: Kari, kari@example.org." in each.text for each in mailbox.mails)
            told = metrics.text().decode()
            assert 'hotline_alarms{kind="record"} 1.0' in told
            # Without the link nobody can tell whether operators are ready.
            assert 'hotline_alarms{kind="ghost-open"} 0.0' in told
            wrong["unread"] = "41 rotated files are not in it yet"
            await until(lambda: len(mailbox.mails) == 3)
            assert "41 rotated files are not in it yet" in mailbox.mails[2].text
            wrong.update(record="", unread="")
            await until(lambda: len(mailbox.mails) == 5)
            assert all("is written again" in each.text for each in mailbox.mails[3:])
            sent = 'hotline_alert_deliveries_total{channel="mail",result="sent"} 5.0'
            await until(lambda: sent in metrics.text().decode())
            await until(lambda: "hotline_alerts_queued 0.0" in metrics.text().decode())
        await store.close()

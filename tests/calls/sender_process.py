"""A sender in a process of its own, that kills itself at a given moment as `kill -9` would."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hotline_ivr.calls.alert_sender import AlertSender
from hotline_ivr.control.alert_spool import AlertSpool
from hotline_ivr.launch.alert_mail import SmtpMail
from hotline_ivr.routing.alerts import Alert, AlertState, Channel, Delivery, QueuedAlert, Result
from tests.plans import a_plan

ALERTS = 3
SEEN = ("open", "os.rename", "socket.connect")
"""What counts as a moment: each file that is opened or renamed, each connection."""


class Uncounted:
    def tried(self, channel: Channel, result: Result) -> None:
        pass


def send_until_killed(folder: str, port: int, moment: int) -> None:
    """Keep some alerts and send them all; the `moment`-th thing asked of the system is the last.

    Exits with 0 if it came to the end before that.
    """
    left = moment

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event not in SEEN or (event != "socket.connect" and folder not in str(arguments[0])):
            return
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    asyncio.run(_send(Path(folder), port))


async def _send(folder: Path, port: int) -> None:
    server = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "hotline@example.org"}
    plan = a_plan(sections={"alerts": {"mail": server}})
    spool = AlertSpool(folder)
    sender = AlertSender(
        spool,
        {Channel.MAIL: SmtpMail(lambda: plan)},
        Uncounted(),
        clock=lambda: datetime.now(UTC),
        draw=lambda: 0.5,
        give_up=lambda: timedelta(hours=1),
    )
    task = asyncio.create_task(sender.run())
    for number in range(ALERTS):
        # As whoever tells of something does after a kill: again, under the same id.
        await sender.tell(alert(f"a-{number}"))
    while spool.queued():
        await asyncio.sleep(0.01)
    task.cancel()


def alert(name: str) -> QueuedAlert:
    now = datetime.now(UTC)
    told = Alert(name, "record", AlertState.TOLD, "record", now, "Title", "Text")
    return QueuedAlert(told, (Delivery(Channel.MAIL, "ops@example.org", now),))

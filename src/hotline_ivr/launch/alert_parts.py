"""Alerts, wired together: what is watched, where alerts wait, and how they leave."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from hotline_ivr.asterisk.ami_link import LinkState
from hotline_ivr.calls.alarm_watch import AlarmWatch, Seen
from hotline_ivr.calls.alert_sender import AlertSender, SendObserver
from hotline_ivr.config.models import Plan
from hotline_ivr.control.alarms_file import AlarmsFile
from hotline_ivr.control.alert_spool import AlertSpool
from hotline_ivr.launch.alert_mail import SmtpMail
from hotline_ivr.launch.alert_webhook import WebhookPost
from hotline_ivr.launch.disk_watch import DiskWatch
from hotline_ivr.launch.floor_parts import FloorParts
from hotline_ivr.launch.loops import Loop
from hotline_ivr.routing.alarms import AlarmKey, Alarms
from hotline_ivr.routing.alert_words import ASTERISK, DISK, RECORD, trial
from hotline_ivr.routing.alerts import Alert, Channel, QueuedAlert, addressed
from hotline_ivr.routing.ghost_open import deserted
from hotline_ivr.routing.on_duty import OnDuty, on_duty
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.shifts import shift_zone
from hotline_ivr.settings import Settings


class AlertParts:
    """One node's alerts. `record` says what is wrong with the record, empty when nothing is.

    `unread` says in the same way which files will be deleted before they are in it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        book: Callable[[], Rulebook],
        floor: FloorParts,
        record: Callable[[], str],
        disks: DiskWatch,
        observer: SendObserver,
        unread: Callable[[], str] = lambda: "",
    ) -> None:
        self._book, self._floor, self._record, self._disks = book, floor, record, disks
        self._unread = unread
        self._spool = AlertSpool(settings.alerts_dir)
        self._hooks = WebhookPost(self._plan, settings.node, _now)
        self.sender = AlertSender(
            self._spool,
            {Channel.MAIL: SmtpMail(self._plan), Channel.WEBHOOK: self._hooks},
            observer,
            clock=_now,
            draw=random.random,
            give_up=lambda: timedelta(seconds=self._plan().alerts.give_up_after),
        )
        self.watch = AlarmWatch(AlarmsFile(settings.alarms_file), self._look, self.tell, _now)

    def loops(self) -> tuple[Loop, ...]:
        """In the order in which they start."""
        return (
            Loop("alerts", self._send),
            Loop("disks", self._disks.run),
            Loop("alarms", self.watch.run),
        )

    async def tell(
        self, alert: Alert, *, channels: Collection[Channel] = tuple(Channel), mail_to: Sequence[str] = ()
    ) -> QueuedAlert:
        """Keep an alert for all who are to be told, and send it soon. Raises AlertError if that fails."""
        duty = self.duty(alert.at)
        queued = addressed(
            alert,
            self._plan().alerts,
            duty_mail=duty.mail if duty else None,
            channels=channels,
            mail_to=mail_to,
        )
        await self.sender.tell(queued)
        return queued

    async def test(self, by: str) -> QueuedAlert:
        """Tell everybody that nothing is wrong. Raises AlertError if it cannot be kept."""
        now = _now()
        return await self.tell(trial(now, by, self.duty(now)))

    def duty(self, now: datetime) -> OnDuty | None:
        """Who is on duty."""
        plan = self._plan()
        return on_duty(plan.duty, shift_zone(plan), now)

    def alarms(self) -> Alarms:
        """What is wrong now, told or not yet."""
        return self.watch.alarms

    def queued(self) -> tuple[QueuedAlert, ...]:
        """Alerts on their way; called in a thread."""
        return self._spool.queued()

    def past(self, limit: int) -> tuple[QueuedAlert, ...]:
        """The newest alerts that are done, newest first; called in a thread."""
        return self._spool.past(limit)

    async def _send(self) -> None:
        try:
            await self.sender.run()
        finally:
            await self._hooks.close()

    def _plan(self) -> Plan:
        return self._book().plan

    def _look(self, now: datetime) -> Seen:
        book, floor = self._book(), self._floor
        empty = deserted(book, floor.seen, floor.operators.presences(), now, linked=floor.linked)
        return Seen(book.plan, empty, self._wrong(), self.duty(now))

    def _wrong(self) -> Mapping[AlarmKey, str]:
        found: dict[AlarmKey, str] = {}
        if why := self._record():
            found[AlarmKey(RECORD, "record")] = why
        if why := self._unread():
            found[AlarmKey(RECORD, "unread-files")] = why
        for place, why in self._disks.wrong.items():
            found[AlarmKey(DISK, place.replace(" ", "-"))] = why
        match self._floor.ami.state:
            case LinkState.CONNECTED:
                pass
            case LinkState.DISCONNECTED:
                found[AlarmKey(ASTERISK, "link")] = "there is no link to its manager interface"
            case LinkState.REFUSED:
                why = "it refuses the login: run `hotline render`, then reload Asterisk"
                found[AlarmKey(ASTERISK, "link")] = why
        return found


def _now() -> datetime:
    return datetime.now(UTC)

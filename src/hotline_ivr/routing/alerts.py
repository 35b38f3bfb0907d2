"""An alert and its way to the people and programs that are told: values, and when it is tried again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from hotline_ivr.config.alerts import Alerts
from hotline_ivr.config.mailing import ON_DUTY

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=5), timedelta(minutes=15)
"""Pauses between tries double from the first to the longest."""

JITTER = 0.25
"""So much of a pause is drawn by lot, both ways, so that many alerts do not come back together."""

TEST = "test"
"""The kind of an alert that somebody sends to see whether alerts arrive."""


class AlertState(StrEnum):
    """What an alert says of its subject."""

    RAISED = "raised"
    #: The all-clear.
    OVER = "over"
    #: Something that has happened and has no end, such as a message.
    TOLD = "told"


class Channel(StrEnum):
    """By which way somebody is told."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class Result(StrEnum):
    """How a delivery stands."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that is told. `id` stays the same over all tries and for all recipients.

    `about` is the id of a queue, a box or a part; `recording` is a file that goes with a mail.
    """

    id: str
    kind: str
    state: AlertState
    about: str
    at: datetime
    title: str
    text: str
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    recording: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An alert on its way to one recipient: a mail address, or the id of a web hook."""

    channel: Channel
    target: str
    next_at: datetime
    result: Result = Result.WAITING
    tries: int = 0
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueuedAlert:
    """An alert with all its deliveries."""

    alert: Alert
    deliveries: tuple[Delivery, ...]

    @property
    def open(self) -> bool:
        return any(each.result is Result.WAITING for each in self.deliveries)

    def with_delivery(self, changed: Delivery) -> QueuedAlert:
        """The same after one delivery has come further."""
        return replace(
            self,
            deliveries=tuple(
                changed if (each.channel, each.target) == (changed.channel, changed.target) else each
                for each in self.deliveries
            ),
        )


@dataclass(frozen=True, slots=True)
class Told:
    """How a try ended: it arrived, or not and why; `final`: another try would end the same."""

    arrived: bool
    reason: str = ""
    final: bool = False


def addressed(
    alert: Alert,
    alerts: Alerts,
    *,
    duty_mail: str | None,
    channels: Iterable[Channel] = Channel,
    mail_to: Iterable[str] = (),
) -> QueuedAlert:
    """The alert with a delivery for each who is told; nobody twice. A test goes to everybody.

    `mail_to` are further addresses; `duty` among addresses is whoever is on duty, or nobody.
    """
    routes = [route for route in alerts.to if alert.kind == TEST or alert.kind in route.kinds]
    wanted = set(channels)
    written = [address for route in routes for address in route.mail] + list(mail_to)
    mails = [duty_mail if address == ON_DUTY else address for address in written]
    targets: dict[tuple[Channel, str], None] = {}
    if Channel.MAIL in wanted:
        targets |= dict.fromkeys((Channel.MAIL, address) for address in mails if address is not None)
    if Channel.WEBHOOK in wanted:
        targets |= dict.fromkeys((Channel.WEBHOOK, hook) for route in routes for hook in route.webhooks)
    return QueuedAlert(alert, tuple(Delivery(*target, alert.at) for target in targets))


def after_try(
    delivery: Delivery, told: Told, now: datetime, draw: float, *, give_up_at: datetime
) -> Delivery:
    """The delivery after a try at `now`; `draw` in [0, 1) decides the jitter."""
    tried = replace(delivery, tries=delivery.tries + 1, at=now, reason=told.reason)
    if told.arrived:
        return replace(tried, result=Result.SENT)
    again = now + pause_after(tried.tries, draw)
    if told.final or again > give_up_at:
        return replace(tried, result=Result.FAILED)
    return replace(tried, next_at=again)


def pause_after(tries: int, draw: float) -> timedelta:
    """How long is waited after so many tries in vain."""
    # Past ten doublings the longest pause has long been reached.
    pause = min(FIRST_RETRY * (1 << min(tries - 1, 10)), LONGEST_RETRY)
    return pause * (1 + JITTER * (2 * draw - 1))

"""Alerts leave here: each delivery is tried until it arrives or is given up, the targets beside one another.

A target that hangs holds up nobody but itself. To one target, what is told about one subject goes in order:
an all-clear never comes before its alarm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from hotline_ivr.errors import AlertError
from hotline_ivr.routing.alerts import (
    Alert,
    Channel,
    Delivery,
    QueuedAlert,
    Result,
    Told,
    after_try,
)

log = structlog.get_logger()

LONGEST_REST = 60.0
"""Seconds after which is looked at the latest: somebody may have set the clock."""


class Spool(Protocol):
    """Where alerts wait; see control/alert_spool.py. Called in threads. Raises AlertError."""

    def queued(self) -> Sequence[QueuedAlert]: ...

    def add(self, queued: QueuedAlert) -> bool: ...

    def update(self, alert_id: str, changed: Delivery) -> None: ...


class Transport(Protocol):
    """A way to tell somebody. Never raises, and has a deadline of its own."""

    async def send(self, alert: Alert, target: str) -> Told: ...


class SendObserver(Protocol):
    """Counts deliveries by how a try ended."""

    def tried(self, channel: Channel, result: Result) -> None: ...


class AlertSender:
    """Sends what is in the spool. `draw` gives numbers in [0, 1), `give_up` how long is tried."""

    def __init__(
        self,
        spool: Spool,
        transports: Mapping[Channel, Transport],
        observer: SendObserver,
        *,
        clock: Callable[[], datetime],
        draw: Callable[[], float],
        give_up: Callable[[], timedelta],
    ) -> None:
        self._spool, self._transports, self._observer = spool, transports, observer
        self._clock, self._draw, self._give_up = clock, draw, give_up
        self._wake = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}
        #: Alerts that wait to be sent, as last seen.
        self.waiting = 0

    async def tell(self, queued: QueuedAlert) -> bool:
        """Keep an alert and send it soon; it is on the disk when this returns. False: it was known already.

        Raises AlertError if it cannot be kept.
        """
        kept = await asyncio.to_thread(self._spool.add, queued)
        self._wake.set()
        return kept

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                self._wake.clear()
                rest = await self._look()
                try:
                    async with asyncio.timeout(rest):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        finally:
            busy = tuple(self._busy.values())
            for task in busy:
                task.cancel()
            await asyncio.gather(*busy, return_exceptions=True)

    async def _look(self) -> float:
        """Start what is due; seconds until the next look."""
        try:
            queued = await asyncio.to_thread(self._spool.queued)
        except AlertError as error:
            log.error("alerts cannot be read", reason=str(error))  # noqa: TRY400 - it says it all
            return LONGEST_REST
        self.waiting = len(queued)
        now = self._clock()
        rest = LONGEST_REST
        for group, turn in _turns(queued).items():
            if group in self._busy:
                continue  # it wakes us when it is done
            due = [(each, delivery) for each, delivery in turn if delivery.next_at <= now]
            if due:
                self._busy[group] = asyncio.create_task(self._deliver(group, due), name=f"alerts: {group}")
            else:
                soonest = min(delivery.next_at for _, delivery in turn)
                rest = min(rest, (soonest - now).total_seconds())
        return max(0.05, rest)

    async def _deliver(self, group: str, due: list[tuple[QueuedAlert, Delivery]]) -> None:
        try:
            for queued, delivery in due:
                await self._try(queued.alert, delivery)
        finally:
            del self._busy[group]
            self._wake.set()

    async def _try(self, alert: Alert, delivery: Delivery) -> None:
        told = await self._transports[delivery.channel].send(alert, delivery.target)
        give_up_at = alert.at + self._give_up()
        after = after_try(delivery, told, self._clock(), self._draw(), give_up_at=give_up_at)
        self._observer.tried(delivery.channel, after.result)
        seen = {"alert": alert.id, "channel": delivery.channel.value, "target": delivery.target}
        match after.result:
            case Result.SENT:
                log.info("alert sent", **seen, tries=after.tries)
            case Result.WAITING:
                log.warning("alert not sent yet", **seen, tries=after.tries, reason=after.reason)
            case Result.FAILED:
                log.error("alert given up", **seen, tries=after.tries, reason=after.reason)
        try:
            await asyncio.to_thread(self._spool.update, alert.id, after)
        except AlertError as error:
            log.error("an alert's state cannot be written", **seen, reason=str(error))  # noqa: TRY400


def _turns(queued: Sequence[QueuedAlert]) -> Mapping[str, list[tuple[QueuedAlert, Delivery]]]:
    """What may be sent now or later, by server; of one subject only the oldest for each target."""
    groups: dict[str, list[tuple[QueuedAlert, Delivery]]] = {}
    ahead: set[tuple[str, str, Channel, str]] = set()
    for each, delivery in _open(queued):
        subject = (each.alert.kind, each.alert.about, delivery.channel, delivery.target)
        # Messages of one box have no order that matters, and one that is held up must not hold up the others.
        if subject in ahead and each.alert.state.value != "told":
            continue
        ahead.add(subject)
        # All mail goes to one server; each web hook has its own.
        group = "mail" if delivery.channel is Channel.MAIL else delivery.target
        groups.setdefault(f"{delivery.channel}:{group}", []).append((each, delivery))
    return groups


def _open(queued: Sequence[QueuedAlert]) -> Iterator[tuple[QueuedAlert, Delivery]]:
    for each in queued:
        for delivery in each.deliveries:
            if delivery.result is Result.WAITING:
                yield each, delivery

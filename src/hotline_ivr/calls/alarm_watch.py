"""Looking again and again whether something is wrong, and telling it once: raised, and over.

What stands is kept in a file, so that a service that was killed neither tells twice nor forgets an
all-clear.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import AlertError
from hotline_ivr.routing.alarms import AlarmKey, Alarms, watched
from hotline_ivr.routing.alert_words import DISK, GHOST_OPEN, all_clear, ghost_open, part_wrong
from hotline_ivr.routing.alerts import Alert
from hotline_ivr.routing.ghost_open import Deserted
from hotline_ivr.routing.on_duty import OnDuty

log = structlog.get_logger()

PACE = 1.0
"""Seconds between two looks; an alarm and its end come so much later at most."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to see at a moment. `deserted` is None while nobody can tell; `wrong`: parts, and why."""

    plan: Plan
    deserted: Mapping[str, Deserted] | None
    wrong: Mapping[AlarmKey, str]
    duty: OnDuty | None


class Kept(Protocol):
    """Where alarms are kept; see control/alarms_file.py. Called in threads. Raises AlertError."""

    def load(self) -> Alarms: ...

    def save(self, alarms: Alarms) -> None: ...


class AlarmWatch:
    """`look` does not wait; `tell` keeps an alert, raises AlertError, and knows an id again."""

    def __init__(
        self,
        kept: Kept,
        look: Callable[[datetime], Seen],
        tell: Callable[[Alert], Awaitable[object]],
        clock: Callable[[], datetime],
        *,
        pace: float = PACE,
    ) -> None:
        self._kept, self._look, self._tell, self._clock, self._pace = kept, look, tell, clock, pace
        self._failing = False
        #: What is wrong now, told or not yet.
        self.alarms: Alarms = {}
        #: Queues whose callers are to be sent on, because nobody is ready.
        self.deserted: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            self.alarms = await asyncio.to_thread(self._kept.load)
        except AlertError as error:
            log.error("alarms from before the start are not known", reason=str(error))  # noqa: TRY400
        while True:
            await self.watch()
            await asyncio.sleep(self._pace)

    async def watch(self) -> None:
        """Look once, and tell what has begun or ended."""
        now = self._clock()
        seen = self._look(now)
        deserted = {AlarmKey(GHOST_OPEN, queue): found for queue, found in (seen.deserted or {}).items()}
        after = watched(
            self.alarms,
            [*seen.wrong, *deserted],
            lambda key: key.kind == GHOST_OPEN and seen.deserted is None,
            now,
            lambda key: _patience(seen.plan, key),
        )
        settings = seen.plan.alerts
        alerts = [all_clear(seen.plan, key, alarm, now) for key, alarm in after.over.items()]
        for key in after.raised:
            alarm = after.alarms[key]
            if key in deserted:
                overflows = settings.ghost_open_overflow
                alerts.append(
                    ghost_open(seen.plan, deserted[key], alarm, now, duty=seen.duty, overflows=overflows)
                )
            else:
                alerts.append(part_wrong(seen.plan, key, seen.wrong[key], alarm, now, duty=seen.duty))
        # Callers first: they are sent on whatever becomes of the alerts.
        standing = {
            key.about for key, alarm in after.alarms.items() if key.kind == GHOST_OPEN and alarm.raised
        }
        self.deserted = frozenset(standing) if settings.ghost_open_overflow else frozenset()
        try:
            for alert in alerts:
                await self._tell(alert)
                log.warning("alarm", alert=alert.id, state=alert.state.value, title=alert.title)
        except AlertError as error:
            # They stay as they were and are told at the next look; an id that was kept is known again.
            if not self._failing:
                log.error("an alarm could not be told", reason=str(error))  # noqa: TRY400
            self._failing = True
            return
        self._failing = False
        await self._keep(after.alarms)

    async def _keep(self, alarms: Alarms) -> None:
        if alarms == self.alarms:
            return
        self.alarms = alarms
        try:
            await asyncio.to_thread(self._kept.save, alarms)
        except AlertError as error:
            log.error("alarms cannot be kept; a restart would tell them again", reason=str(error))  # noqa: TRY400


def _patience(plan: Plan, key: AlarmKey) -> timedelta:
    alerts = plan.alerts
    if key.kind == DISK:
        # Each second of it may cost what cannot be had again.
        return timedelta()
    return timedelta(seconds=alerts.ghost_open_after if key.kind == GHOST_OPEN else alerts.trouble_after)

"""Messages that callers leave: found when the call is over, told of, and deleted when it is time.

The files are the truth, and the record says whose they are. So a message is found also when it was left while
the service was dead; and whoever is to be told is told once, because the alert has the call's id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import AlertError, StoreError
from hotline_ivr.routing.alerts import Alert, Channel
from hotline_ivr.routing.messages import (
    CallOfRecording,
    Message,
    Recording,
    Strays,
    is_news,
    kept_long_enough,
    message_alert,
    purge_day,
    strays,
)
from hotline_ivr.routing.shifts import shift_zone

log = structlog.get_logger()

PACE = 2.0
"""Seconds between two looks at the folder."""

TOLD_AT_ONCE = 100
"""Messages that are told of in one look."""

LOST = timedelta(hours=1)
"""A file that is older than this and of no call that the record knows is looked up once each `LOST_PACE`."""

LOST_PACE = timedelta(minutes=1)

SETTLED = timedelta(minutes=10)
"""So old a file or a call is before it counts as one that has lost the other."""


class Files(Protocol):
    """The recordings; see control/voicemail_files.py. Called in threads. Raises OSError."""

    def scan(self) -> Sequence[Recording]: ...

    def path(self, box: str, call_id: str) -> Path: ...

    def remove(self, recording: Recording) -> None: ...


class Messages(Protocol):
    """What is known of messages; see store/messages.py. Raises StoreError."""

    async def known(self) -> Collection[str]: ...

    async def add(self, messages: Sequence[Message]) -> None: ...

    async def untold(self, limit: int) -> Sequence[Message]: ...

    async def notified(self, call_id: str, at: datetime) -> None: ...

    async def removed(self, call_ids: Collection[str], at: datetime) -> None: ...

    async def calls_of(self, call_ids: Sequence[str]) -> Sequence[CallOfRecording]: ...

    async def with_file(self) -> Sequence[str]: ...

    async def calls_without_message(self, before: datetime) -> Sequence[str]: ...


class Tell(Protocol):
    """Keeps an alert for these people; raises AlertError."""

    def __call__(
        self, alert: Alert, *, channels: Collection[Channel], mail_to: Sequence[str]
    ) -> Awaitable[object]: ...


class VoicemailKeeper:
    """Keeps the messages of one node. `note` is told of deletions: box, and how many."""

    def __init__(
        self,
        node: str,
        files: Files,
        messages: Messages,
        *,
        plan: Callable[[], Plan],
        tell: Tell,
        note: Callable[[Mapping[str, int]], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._node, self._files, self._messages = node, files, messages
        self._plan, self._tell, self._note, self._clock = plan, tell, note, clock
        #: Files that need no further look: their message is known, or their call left none.
        self._settled: set[str] | None = None
        #: Files of no known call, and when they are looked up again: the record may be far behind.
        self._lost: set[str] = set()
        self._lost_at: datetime | None = None
        self._untold = True
        self._purged: date | None = None

    async def run(self) -> None:
        """Keep until cancelled; whatever cannot be used now is tried again."""
        well = True
        while True:
            try:
                await self.look()
                well = True
            except (StoreError, OSError, AlertError) as error:
                if well:
                    log.warning("messages cannot be looked at now", reason=str(error))
                well = False
            await asyncio.sleep(PACE)

    async def look(self) -> None:
        """Look once. Raises StoreError, OSError, or AlertError."""
        found = await asyncio.to_thread(self._files.scan)
        await self._take(found)
        if self._untold:
            await self._tell_all()
        day = purge_day(shift_zone(self._plan()), self._clock())
        if day != self._purged:
            await self._purge(found)
            self._purged = day

    async def strays(self) -> Strays:
        """What does not belong together. Raises StoreError or OSError."""
        before = self._clock() - SETTLED
        found = await asyncio.to_thread(self._files.scan)
        known = await self._messages.known()
        return strays(
            found,
            known,
            await self._messages.with_file(),
            await self._messages.calls_without_message(before),
            before,
        )

    async def _take(self, found: Sequence[Recording]) -> None:
        """Keep the messages of calls that have ended since the last look."""
        if self._settled is None:
            self._settled = set(await self._messages.known())
        plan, now = self._plan(), self._clock()
        if self._lost_at is None or not timedelta() <= now - self._lost_at < LOST_PACE:
            self._lost, self._lost_at = set(), now
        passed_over = self._settled | self._lost
        new = {each.call_id: each for each in found if each.call_id not in passed_over}
        if not new:
            return
        known = await self._messages.calls_of(list(new))
        old = {each.call_id for each in new.values() if now - each.at > LOST}
        self._lost |= old - {each.call_id for each in known}
        calls = [each for each in known if each.over]
        made = []
        for each in calls:
            recording = new[each.call_id]
            if each.left_message:
                told = None if is_news(recording, plan.voicemails.get(recording.box), now) else now
                made.append(self._message(recording, told))
        if made:
            await self._messages.add(made)
            self._untold = True
            log.info("messages left", boxes=sorted({each.box for each in made}), messages=len(made))
        self._settled.update(each.call_id for each in calls)

    def _message(self, recording: Recording, notified_at: datetime | None) -> Message:
        return Message(
            node=self._node,
            call_id=recording.call_id,
            box=recording.box,
            recorded_at=recording.at,
            length_ms=recording.length_ms,
            size=recording.size,
            notified_at=notified_at,
        )

    async def _tell_all(self) -> None:
        """Tell of what nobody has been told of; also of what a kill left half told."""
        untold = await self._messages.untold(TOLD_AT_ONCE)
        for message in untold:
            plan, now = self._plan(), self._clock()
            box = plan.voicemails.get(message.box)
            if box is not None and box.notify:
                path = str(self._files.path(message.box, message.call_id))
                alert = message_alert(plan, message.box, message, path, now)
                channels = tuple(Channel(each) for each in box.notify)
                await self._tell(alert, channels=channels, mail_to=box.mail_to)
            await self._messages.notified(message.call_id, now)
        self._untold = len(untold) == TOLD_AT_ONCE

    async def _purge(self, found: Sequence[Recording]) -> None:
        """Delete what has been kept long enough."""
        now = self._clock()
        old = kept_long_enough(self._plan(), found, now)
        if not old:
            return
        # Noted first: a file that is left by a kill in between goes at the next start.
        await self._messages.removed([each.call_id for each in old], now)
        for each in old:
            await asyncio.to_thread(self._files.remove, each)
        counted = {box: sum(each.box == box for each in old) for box in sorted({each.box for each in old})}
        log.info("messages deleted that were kept long enough", boxes=counted)
        await asyncio.to_thread(self._note, counted)

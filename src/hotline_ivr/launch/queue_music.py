"""The music of queues made ready beside the calls: at the start, and when a plan asks for other music.

Until it is there callers hear the music of all.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from hotline_ivr.asterisk.render.instance import QUEUE_MUSIC
from hotline_ivr.config.models import Plan
from hotline_ivr.errors import SetupError
from hotline_ivr.files import write
from hotline_ivr.settings import Settings
from hotline_ivr.setup.queue_music import build_queue_music, classes_conf

log = structlog.get_logger()

# How long (seconds) until what could not be made is tried again: its prompts may be in the making.
RETRY = 30.0


class QueueMusic:
    """Of the plan in force, which `plan` gives."""

    def __init__(self, settings: Settings, plan: Callable[[], Plan]) -> None:
        self._settings, self._plan = settings, plan
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """The plan has changed."""
        self._changed.set()

    async def run(self) -> None:
        """Make music until cancelled."""
        while True:
            self._changed.clear()
            whole = await asyncio.to_thread(self._make, self._plan())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if whole else RETRY):
                    await self._changed.wait()

    def _make(self, plan: Plan) -> bool:
        """Whether all of it is there."""
        try:
            ready, wrong = build_queue_music(self._settings, plan)
            write(self._settings.etc_dir, {QUEUE_MUSIC: classes_conf(self._settings, ready)})
        except (SetupError, OSError) as error:
            log.error("the music of queues could not be made", reason=str(error))  # noqa: TRY400 - says it all
            return False
        for problem in wrong:
            log.error("a queue has the music of all: its own could not be made", reason=problem)
        return not wrong

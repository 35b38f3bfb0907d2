"""How a configuration on disk comes into use: by a signal, a saved file, or because somebody asks for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog

from hotline_ivr.asterisk.secrets import Secrets
from hotline_ivr.calls.asks import Asks
from hotline_ivr.config.models import Plan
from hotline_ivr.errors import ConfigError
from hotline_ivr.files import replace
from hotline_ivr.launch.overriding import standing_overrides
from hotline_ivr.launch.plans import ChosenPlan, choose_plan
from hotline_ivr.launch.preparing import render_for_plan
from hotline_ivr.launch.reloading import wait_until_loaded
from hotline_ivr.launch.saving import saves
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.settings import Settings
from hotline_ivr.web.metrics import Metrics

log = structlog.get_logger()

# How long (seconds) a new plan waits for Asterisk to have loaded its queues before it is used all the same.
LOAD_TIMEOUT = 15.0
# The same without a link to Asterisk, which then most often does not run: two looks of who would load them.
UNLINKED_TIMEOUT = 1.5


class PlanDoor:
    """Takes the plan on disk into use, whole or not at all; what is refused is kept in `refused`."""

    def __init__(
        self,
        settings: Settings,
        asks: Asks,
        metrics: Metrics,
        chosen: ChosenPlan,
        *,
        linked: Callable[[], bool],
        used: Callable[[Plan, Secrets], Awaitable[None]],
    ) -> None:
        """`used` is called when a new plan answers asks, for everybody else who goes by it."""
        self._settings, self._asks, self._metrics = settings, asks, metrics
        self._linked, self._used = linked, used
        self._reload = asyncio.Event()
        # A signal, a saved file and a request may come at once; each takes the whole of what is on disk.
        self._taking = asyncio.Lock()
        self.refused = chosen.refused
        self.note(chosen)
        replace(settings.in_use_file, f"{chosen.plan.version}\n")

    def reload(self) -> None:
        """Look at what is on disk, soon."""
        self._reload.set()

    async def reload_on_signal(self) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            try:
                await self._take()
            except Exception:
                log.exception("the configuration could not be read again; the old one stays")

    async def reload_on_save(self) -> None:
        if self._settings.apply == "auto":
            async for _ in saves(self._settings.config):
                log.info("the configuration was saved")
                self._reload.set()

    async def _take(self) -> ChosenPlan:
        async with self._taking:
            chosen = await asyncio.to_thread(choose_plan, self._settings)
            await self._use(chosen)
            return chosen

    async def apply(self) -> str:
        """What somebody asked for over the interface. Raises ConfigError where the old one stays."""
        chosen = await self._take()
        if chosen.refused:
            raise ConfigError(chosen.refused)
        return chosen.plan.version

    async def _use(self, chosen: ChosenPlan) -> None:
        self.note(chosen)
        if chosen.refused:
            log.error("the configuration is refused; the last good one stays", problems=chosen.refused)
            return
        now = datetime.now(UTC)
        standing = standing_overrides(self._settings, now)
        rendered = await asyncio.to_thread(render_for_plan, self._settings, chosen.plan, now, standing)
        patience = LOAD_TIMEOUT if self._linked() else UNLINKED_TIMEOUT
        if not await wait_until_loaded(self._settings.etc_dir, patience):
            log.warning("Asterisk has not loaded the rendered files yet; a new queue may be unknown to it")
        self._asks.use(await asyncio.to_thread(ready_book, chosen.plan))
        replace(self._settings.in_use_file, f"{chosen.plan.version}\n")
        await self._used(chosen.plan, rendered.secrets)
        log.info("configuration in use", version=chosen.plan.version, changed=list(rendered.changed))

    def note(self, chosen: ChosenPlan) -> None:
        self.refused = chosen.refused
        self._metrics.config_ok.set(0 if chosen.refused else 1)
        if not chosen.refused:
            self._metrics.config_time.set(time.time())


def ready_book(plan: Plan) -> Rulebook:
    """The plan with its years compiled, so that no caller waits for that."""
    book = Rulebook(plan)
    book.prepare(datetime.now(UTC))
    return book

"""The promise ledger, wired together: its tables and who keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from hotline_ivr.asterisk.call_file import CallSpool, call_file
from hotline_ivr.calls.callback_keeper import CallbackKeeper
from hotline_ivr.calls.promise_keeper import Observer, PromiseKeeper
from hotline_ivr.config.models import Plan
from hotline_ivr.launch.floor_parts import FloorParts
from hotline_ivr.routing.callbacks import Turn, policies
from hotline_ivr.routing.floor_view import floor_view
from hotline_ivr.routing.owed import Rules
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.wait_watch import serving
from hotline_ivr.settings import Settings
from hotline_ivr.store.attempt_ledger import DatabaseAttempts
from hotline_ivr.store.engine import Store
from hotline_ivr.store.promise_ledger import DatabasePromises


def promise_rules(plan: Plan) -> Rules:
    """What the plan says of promises."""
    short, expires = plan.promises.short_abandon, plan.promises.expires
    return Rules(timedelta(seconds=short), timedelta(seconds=expires), plan.organisation.country)


class PromiseParts:
    """One node's promise ledger and its calls back. `observer` is told of the record besides."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        book: Callable[[], Rulebook],
        floor: FloorParts,
        observer: Observer,
    ) -> None:
        self._book, self._floor = book, floor
        self.ledger = DatabasePromises(store, settings.node, lambda: promise_rules(book().plan))
        self.keeper = PromiseKeeper(self.ledger, _now, observer)
        self.callbacks = CallbackKeeper(
            DatabaseAttempts(store, settings.node),
            CallSpool(settings.asterisk_dir / "spool"),
            book=book,
            free=self._free,
            turns=self._turns,
            counted=floor.waits.keep_places,
            end=floor.control.end,
            text=call_file,
            clock=_now,
        )

    async def run(self) -> None:
        """Keep the ledger and call people back until cancelled; the tables must be there."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.keeper.run(), name="promise ledger")
            group.create_task(self.callbacks.run(), name="calls back")

    def _free(self) -> Mapping[str, int] | None:
        """By queue, operators for whom nobody waits; None while Asterisk tells nothing."""
        if not self._floor.linked:
            return None
        presences = self._floor.operators.presences()
        view = floor_view(self._book().plan, self._floor.seen, presences, linked=True)
        return {queue.id: max(0, queue.ready - queue.waiting) for queue in view.queues}

    def _turns(self) -> Mapping[str, Turn]:
        """By queue that calls back, who waits there and who will soon be free."""
        floor, now = self._floor.seen, _now()
        plan, turns = self._book().plan, {}
        for name, rules in policies(plan).items():
            waiting = (each.joined or now for each in floor.waiting.values() if each.queue == name)
            wrap_up_s = plan.queues[name].wrap_up
            soon = self._floor.waits.soon(floor, name, now, rules.ring, wrap_up_s)
            notice = 0 < wrap_up_s <= rules.ring
            turns[name] = Turn(tuple(waiting), soon, len(serving(floor, name)), notice)
        return turns


def _now() -> datetime:
    return datetime.now(UTC)

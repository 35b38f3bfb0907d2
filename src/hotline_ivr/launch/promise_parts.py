"""The promise ledger, wired together: its tables and who keeps it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hotline_ivr.calls.promise_keeper import Observer, PromiseKeeper
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.owed import Rules
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store
from hotline_ivr.store.promise_ledger import DatabasePromises


def promise_rules(plan: Plan) -> Rules:
    """What the plan says of promises."""
    short, expires = plan.promises.short_abandon, plan.promises.expires
    return Rules(timedelta(seconds=short), timedelta(seconds=expires), plan.organisation.country)


class PromiseParts:
    """One node's promise ledger. `plan` gives the plan in force; `observer` is told of the record besides."""

    def __init__(
        self, settings: Settings, store: Store, plan: Callable[[], Plan], observer: Observer
    ) -> None:
        self.ledger = DatabasePromises(store, settings.node, lambda: promise_rules(plan()))
        self.keeper = PromiseKeeper(self.ledger, lambda: datetime.now(UTC), observer)

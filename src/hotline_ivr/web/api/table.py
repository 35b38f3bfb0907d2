"""All routes of the interface, and what they need of the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.control.deciding import HandControl
from hotline_ivr.control.overrides_file import OverridesFile
from hotline_ivr.routing.caller import VISIBLE
from hotline_ivr.views.proposal import Proposed
from hotline_ivr.web.api import (
    alerts,
    audit,
    balance,
    blocks,
    breaks,
    calls,
    checking,
    costs,
    entries,
    explain,
    exports,
    hours,
    legs,
    lines,
    openapi,
    operator_days,
    operators,
    overrides,
    plans,
    promises,
    recordings,
    repeats,
    status,
    voicemail,
    webhooks,
)
from hotline_ivr.web.api.floor_desk import FloorDesk
from hotline_ivr.web.api.numbers import NumbersDesk
from hotline_ivr.web.api.promise_desk import PromiseDesk
from hotline_ivr.web.api.recording_desk import RecordingDesk
from hotline_ivr.web.api.register_desk import RegisterDesk
from hotline_ivr.web.api.route import AnyRoute


@dataclass(frozen=True, slots=True)
class ApiParts:
    """What the service gives. `books`, `hands`, `check` and `history` are called in threads."""

    record: calls.Record
    books: lines.Books
    hands: Callable[[], HandControl]
    overrides: OverridesFile
    blocking: blocks.BlocksDesk
    trail: AuditTrail
    check: checking.Check
    propose: Callable[[], Awaitable[Proposed]]
    take: Callable[[], Awaitable[str]]
    history: Callable[[], Iterable[plans.UsedPlan]]
    floor: FloorDesk
    alerts: alerts.AlertDesk
    voicemail: voicemail.VoicemailDesk
    recordings: RecordingDesk
    promises: PromiseDesk
    register: RegisterDesk
    webhooks: webhooks.WebhookDesk
    exports: exports.ExportDesk
    costs: costs.Pages
    repeats: repeats.Count
    #: Called in the event loop after each override that is set or cleared here.
    overrides_changed: Callable[[], object] = lambda: None
    visible_digits: int = VISIBLE


def all_routes(parts: ApiParts) -> tuple[AnyRoute, ...]:
    """Every route, the one that describes them last."""
    desk = overrides.Desk(parts.books, parts.overrides.all, parts.hands, parts.overrides_changed)
    bench = plans.Bench(parts.check, parts.books, parts.propose, parts.take, parts.history, parts.trail)
    described = (
        *calls.routes(parts.record, NumbersDesk(parts.trail.note, parts.visible_digits), parts.register),
        *legs.routes(parts.record),
        *operator_days.routes(parts.record, parts.books),
        *costs.routes(parts.costs, NumbersDesk(parts.trail.note, parts.visible_digits)),
        *entries.routes(parts.register),
        *exports.routes(parts.exports),
        *balance.routes(parts.record),
        *repeats.routes(parts.repeats),
        *lines.routes(parts.books),
        *hours.routes(parts.books),
        *explain.routes(parts.books),
        *overrides.routes(desk),
        *blocks.routes(parts.blocking),
        *checking.routes(parts.check, parts.books),
        *plans.routes(bench),
        *operators.routes(parts.floor),
        *breaks.routes(parts.floor),
        *status.routes(parts.floor),
        *alerts.routes(parts.alerts, parts.books, parts.trail),
        *voicemail.routes(parts.voicemail),
        *recordings.routes(parts.recordings),
        *promises.routes(parts.promises),
        *webhooks.routes(parts.webhooks),
        *audit.routes(parts.trail.newest),
    )
    return (*described, *openapi.routes(described))

"""What the REST interface is given of the running service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from hotline_ivr.calls.asks import Asks
from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.control.blocks_file import BlocksFile
from hotline_ivr.control.overrides_file import OverridesFile
from hotline_ivr.launch.alert_parts import AlertParts
from hotline_ivr.launch.applying import propose
from hotline_ivr.launch.blocking import BlocksWatch, caller_control
from hotline_ivr.launch.cost_pages import CostPages
from hotline_ivr.launch.export_process import ExportProcesses
from hotline_ivr.launch.floor_parts import FloorParts
from hotline_ivr.launch.overriding import OverridesWatch, hand_control
from hotline_ivr.launch.plans import check_on_disk, history
from hotline_ivr.launch.promise_parts import PromiseParts
from hotline_ivr.launch.recording_parts import RecordingParts
from hotline_ivr.launch.repeats import RepeatWatch
from hotline_ivr.launch.voicemail_parts import VoicemailParts
from hotline_ivr.launch.webhook_parts import WebhookParts
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store
from hotline_ivr.store.pauses import DatabasePauses
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.register_rows import new_id
from hotline_ivr.web.api.blocks import BlocksDesk
from hotline_ivr.web.api.exports import ExportDesk
from hotline_ivr.web.api.floor_desk import FloorDesk
from hotline_ivr.web.api.numbers import NumbersDesk
from hotline_ivr.web.api.promise_desk import PromiseDesk
from hotline_ivr.web.api.recording_desk import RecordingDesk
from hotline_ivr.web.api.register_desk import RegisterDesk
from hotline_ivr.web.api.route import AnyRoute
from hotline_ivr.web.api.table import ApiParts, all_routes
from hotline_ivr.web.api.voicemail import VoicemailDesk
from hotline_ivr.web.api.webhooks import WebhookDesk


@dataclass(frozen=True, slots=True)
class NodeParts:
    """The parts of a service that people and programs look at or change from outside."""

    settings: Settings
    asks: Asks
    store: Store
    pauses: DatabasePauses
    floor: FloorParts
    overrides: OverridesWatch
    blocks: BlocksWatch
    alerts: AlertParts
    voicemail: VoicemailParts
    recordings: RecordingParts
    promises: PromiseParts
    webhooks: WebhookParts
    repeats: RepeatWatch
    #: Takes what is on disk into use; raises ConfigError where the old configuration stays.
    take: Callable[[], Awaitable[str]]


def routes_of(node: NodeParts) -> tuple[AnyRoute, ...]:
    settings, asks = node.settings, node.asks
    trail = AuditTrail(settings.audit_file)
    parts = ApiParts(
        record=node.store,
        books=lambda: asks.book,
        hands=lambda: hand_control(settings, asks.plan),
        overrides=OverridesFile(settings.overrides_file),
        blocking=BlocksDesk(
            kept=BlocksFile(settings.blocks_file).all,
            hands=lambda: caller_control(settings, asks.plan),
            changed=node.blocks.look,
            numbers=NumbersDesk(trail.note, settings.visible_digits),
        ),
        trail=trail,
        overrides_changed=node.overrides.look,
        check=lambda: check_on_disk(settings),
        propose=lambda: propose(settings, datetime.now(UTC), asks.plan),
        take=node.take,
        history=lambda: history(settings).entries(),
        floor=_floor_desk(node, trail),
        alerts=node.alerts,
        voicemail=VoicemailDesk(
            node.voicemail.messages,
            node.voicemail.files.path,
            node.voicemail.keeper.strays,
            trail.note,
            settings.visible_digits,
        ),
        recordings=RecordingDesk(
            node.recordings.kept,
            node.recordings.pauses,
            node.recordings.keeper.strays,
            trail.note,
            settings.visible_digits,
        ),
        promises=PromiseDesk(
            node.promises.ledger,
            lambda: asks.plan,
            node.promises.keeper.changed,
            trail.note,
            settings.visible_digits,
        ),
        register=RegisterDesk(
            DatabaseRegister(node.store, settings.node, spooled=node.webhooks.sender.wake),
            settings.node,
            lambda: asks.plan,
            new_id,
            trail.note,
            settings.visible_digits,
        ),
        webhooks=WebhookDesk(
            settings.node,
            node.webhooks.deliveries,
            node.webhooks.subscriptions,
            node.webhooks.retry,
            trail.note,
        ),
        exports=ExportDesk(ExportProcesses().start, trail.note),
        costs=CostPages().page,
        repeats=node.repeats.figure,
        visible_digits=settings.visible_digits,
    )
    return all_routes(parts)


def _floor_desk(node: NodeParts, trail: AuditTrail) -> FloorDesk:
    return FloorDesk(
        staff=node.floor.operators,
        floor=lambda: node.floor.seen,
        linked=lambda: node.floor.linked,
        books=lambda: node.asks.book,
        breaks=node.floor.shifts,
        periods=node.pauses.between,
        note=trail.note,
    )

"""The composition root: every part of the service is made, wired and supervised here."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from functools import partial

import structlog
from aiohttp import web

from hotline_ivr.app_plan import PlanDoor, ready_book
from hotline_ivr.app_routes import NodeParts, routes_of
from hotline_ivr.asterisk.agi_protocol import AgiRequest
from hotline_ivr.asterisk.agi_server import AgiServer
from hotline_ivr.asterisk.queue_control import interfaces_of
from hotline_ivr.asterisk.secrets import Secrets
from hotline_ivr.calls.asks import Asks
from hotline_ivr.calls.clock import clock_of_calls
from hotline_ivr.calls.gatekeeper import Gatekeeper
from hotline_ivr.calls.operator_desk import OperatorDesk
from hotline_ivr.config.models import Plan
from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.control.tokens import TokensFile
from hotline_ivr.errors import SetupError
from hotline_ivr.exports.placing import clear_left
from hotline_ivr.launch.alert_parts import AlertParts
from hotline_ivr.launch.answering import Answering, operators_notes
from hotline_ivr.launch.backup.restoring import refuse_half_restored
from hotline_ivr.launch.balance_nightly import NightlyBalance
from hotline_ivr.launch.blocking import BlocksWatch, write_callers
from hotline_ivr.launch.disk_watch import DiskWatch
from hotline_ivr.launch.floor_parts import FloorParts
from hotline_ivr.launch.invoices_nightly import NightlyInvoices
from hotline_ivr.launch.lease_keeper import LeaseKeeper
from hotline_ivr.launch.locking import only_one
from hotline_ivr.launch.loops import Loop, running
from hotline_ivr.launch.minutes import MinutesOutside
from hotline_ivr.launch.overriding import OverridesWatch, hand_control, standing_overrides
from hotline_ivr.launch.parent import watch_parent
from hotline_ivr.launch.phone_control import phone_control
from hotline_ivr.launch.plans import ChosenPlan, choose_plan
from hotline_ivr.launch.ports import check_ports
from hotline_ivr.launch.preparing import render_for_plan, write_fallback
from hotline_ivr.launch.privacy.nightly import NightlyPurge
from hotline_ivr.launch.promise_parts import PromiseParts
from hotline_ivr.launch.queue_music import QueueMusic
from hotline_ivr.launch.record_parts import RecordParts
from hotline_ivr.launch.recording_parts import RecordingParts
from hotline_ivr.launch.repeats import RepeatWatch
from hotline_ivr.launch.service_times import ServiceTimes
from hotline_ivr.launch.sounds import bring_sounds_up_to_date
from hotline_ivr.launch.voicemail_parts import VoicemailParts
from hotline_ivr.launch.webhook_parts import WebhookParts
from hotline_ivr.routing.floor_view import standings
from hotline_ivr.routing.surroundings import Surroundings
from hotline_ivr.settings import Settings
from hotline_ivr.store.pauses import DatabasePauses
from hotline_ivr.web.api.auth import FailedAttempts, Gate
from hotline_ivr.web.api.local import LocalGate
from hotline_ivr.web.api.route import AnyRoute
from hotline_ivr.web.api.serving import api_app
from hotline_ivr.web.guard import NotHttpFilter
from hotline_ivr.web.health import build_app
from hotline_ivr.web.local_door import ENDS_S, LocalDoor
from hotline_ivr.web.lookups import HttpLookups
from hotline_ivr.web.metrics import Metrics
from hotline_ivr.web.observers import (
    AlertObserver,
    AskObserver,
    BalanceObserver,
    HookObserver,
    RecordingObserver,
    RecordObserver,
    RepeatObserver,
    WakeObserver,
)
from hotline_ivr.web.public_hours import Pages, hours_app
from hotline_ivr.web.readiness import Readiness

log = structlog.get_logger()

# How often (seconds) the files by which calls go on without us are brought up to date.
FALLBACK_REFRESH = 3600.0
# For how long (seconds) a thread of the record keeps the interpreter while others want it.
SWITCH_S = 0.0005


class Service:
    """One node's service."""

    def __init__(self, settings: Settings, chosen: ChosenPlan, secrets: Secrets, lease: LeaseKeeper) -> None:
        self._settings, self._lease = settings, lease
        self._metrics = Metrics()
        self._lookups = HttpLookups()
        self._asks = Asks(
            ready_book(chosen.plan),
            clock_of_calls(settings.test_clock),
            self._lookups,
            surroundings=self._surroundings,
            turned_away=Gatekeeper(
                time.monotonic,
                counted=lambda by: self._metrics.floods.labels(by).inc(),
                visible=settings.visible_digits,
            ).look,
        )
        self._agi = AgiServer(
            self._answer,
            header_timeout=settings.agi_header_timeout,
            session_timeout=settings.agi_session_timeout,
            max_sessions=settings.agi_max_sessions,
            observer=AskObserver(self._metrics),
        )
        self._store = lease.store
        self._minutes = MinutesOutside(self._store, lambda: self._asks.plan)
        self._pauses = DatabasePauses(self._store, settings.node)
        self._floor = FloorParts(
            settings,
            secrets,
            chosen.plan,
            book=lambda: self._asks.book,
            pauses=self._pauses,
            observer=WakeObserver(self._metrics),
        )
        self._music = QueueMusic(settings, lambda: self._asks.plan)
        self._services = ServiceTimes(self._store, lambda: self._asks.plan, self._floor.waits.use)
        self._metrics.watch_floor(lambda: self._floor.seen)
        self._metrics.watch_standings(
            lambda: standings(list(self._asks.plan.operators), self._floor.operators.presences())
        )
        counters = self._floor.ami.counters
        self._metrics.watch_link(
            lambda: self._floor.linked,
            lambda: {"overflow": counters.dropped, "malformed": counters.malformed},
            lambda: {"accepted": counters.logins, "refused": counters.refused_logins},
        )
        self._promises = PromiseParts(
            settings,
            self._store,
            book=lambda: self._asks.book,
            floor=self._floor,
            observer=RecordObserver(self._metrics),
        )
        self._metrics.watch_promises(lambda: self._promises.keeper.open, lambda: datetime.now(UTC))
        self._metrics.watch_places(lambda: self._floor.waits.places)
        self._webhooks = WebhookParts(
            self._store.for_deeds(),
            settings.node,
            plan=lambda: self._asks.plan,
            observer=HookObserver(self._metrics),
        )
        self._metrics.watch_webhooks(lambda: self._webhooks.sender.counts, lambda: datetime.now(UTC))
        self._record = RecordParts(
            settings, self._store, self._promises.keeper, self._webhooks, self._lease.take
        )
        self._metrics.watch_record(self._record.behind)
        self._disks = DiskWatch(settings)
        self._metrics.watch_disks(
            lambda: {name: room.free for name, room in self._disks.rooms.items()}, lambda: self._disks.full
        )
        self._alerts = AlertParts(
            settings,
            book=lambda: self._asks.book,
            floor=self._floor,
            record=self._record.trouble,
            disks=self._disks,
            observer=AlertObserver(self._metrics),
            unread=self._record.unread,
        )
        self._voicemail = VoicemailParts(
            settings, self._store, plan=lambda: self._asks.plan, tell=self._alerts.tell
        )
        self._recordings = RecordingParts(
            settings,
            self._store,
            plan=lambda: self._asks.plan,
            control=self._floor.control,
            tell=self._alerts.tell,
            observer=RecordingObserver(self._metrics),
        )
        self._balance = NightlyBalance(
            settings.node,
            settings.balance_time,
            self._store,
            plan=lambda: self._asks.plan,
            duty=self._alerts.duty,
            tell=self._alerts.tell,
            observer=BalanceObserver(self._metrics),
            invoices=NightlyInvoices(settings.invoices_dir),
        )
        self._repeats = RepeatWatch(RepeatObserver(self._metrics))
        self._metrics.watch_alerts(lambda: self._alerts.sender.waiting, self._alerts.alarms)
        self._overrides = OverridesWatch(settings, self._asks.override, self._rewrite_fallback)
        # Before the first ask, so that a line that was closed by hand is so from the first caller on.
        self._overrides.look()
        self._blocks = BlocksWatch(settings, self._asks.block)
        self._blocks.look()
        self._control = phone_control(
            settings,
            book=lambda: self._asks.book,
            hands=lambda: hand_control(settings, self._asks.plan),
            changed=self._overrides.look,
            counted=lambda result: self._metrics.pins.labels(result).inc(),
        )
        phones = OperatorDesk(
            self._floor.operators,
            lambda: self._asks.plan,
            operators_notes(AuditTrail(settings.audit_file)),
        )
        self._answering = Answering(self._asks, self._control, phones)
        self._door = PlanDoor(
            settings, self._asks, self._metrics, chosen, linked=lambda: self._floor.linked, used=self._use
        )

    async def run(self, parent: int | None) -> None:
        """Serve until SIGTERM or SIGINT, or until the process `parent` is gone; then drain and stop.

        Raises SetupError if another service has the node.
        """
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._door.reload)
        logging.getLogger("aiohttp.server").addFilter(NotHttpFilter())
        # Callers first: an ask needs neither the database nor the manager link.
        await self._agi.start(self._settings.agi_host, self._settings.agi_port)
        log.info("asks are answered", host=self._settings.agi_host, port=self._settings.agi_port)
        routes = self._routes()
        gate = Gate(TokensFile(self._settings.tokens_file), FailedAttempts(time.monotonic))
        api = api_app(routes, gate, lambda: datetime.now(UTC))
        app = build_app(self._readiness().checks(), self._metrics, api, self._hours())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=ENDS_S)
        await runner.setup()
        await web.TCPSite(runner, self._settings.http_host, self._settings.http_port).start()
        door = LocalDoor(self._settings.door_file, api_app(routes, LocalGate(), lambda: datetime.now(UTC)))
        await door.open()
        try:
            async with running(self._loops(parent, stop)):
                await stop.wait()
                log.info("stopping")
                # Asks first: while they drain, everything that they look at goes on.
                await self._agi.stop(self._settings.drain_timeout)
        finally:
            await asyncio.gather(door.close(), runner.cleanup())
            await self._lookups.close()
        log.info("stopped")
        if self._lease.refused:
            raise SetupError(self._lease.refused)

    def _loops(self, parent: int | None, stop: asyncio.Event) -> tuple[Loop, ...]:
        """In the order in which they start; the reverse is that in which they stop."""
        loops = (
            Loop("lease", partial(self._lease.run, stop)),
            *self._floor.loops(),
            Loop("record keeper", self._keep_record, self._record.keeper.stop),
            *self._alerts.loops(),
            Loop("configuration", self._door.reload_on_signal),
            Loop("configuration folder", self._door.reload_on_save),
            Loop("fallback", self._refresh_fallback),
            Loop("overrides", self._overrides.run),
            Loop("blocks", self._blocks.run),
            Loop("minutes outside", self._minutes.run),
            Loop("service times", self._services.run),
            Loop("sounds", partial(bring_sounds_up_to_date, self._settings)),
            Loop("music of queues", self._music.run),
            Loop("recordings", self._recordings.keeper.run),
        )
        if parent is None:
            return loops
        return (*loops, Loop("parent", partial(watch_parent, parent, stop)))

    def _surroundings(self) -> Surroundings:
        """What a decision may know: the floor only while Asterisk tells of it."""
        return Surroundings(
            self._floor.seen if self._floor.linked else None,
            self._minutes.by_centre,
            deserted=self._alerts.watch.deserted,
            expected=self._floor.expected_wait,
            kept=self._floor.waits.places,
        )

    def _answer(self, request: AgiRequest) -> str | Awaitable[str]:
        return self._answering.answer(request)

    def _routes(self) -> tuple[AnyRoute, ...]:
        return routes_of(
            NodeParts(
                self._settings,
                self._asks,
                self._store,
                self._pauses,
                self._floor,
                self._overrides,
                self._blocks,
                self._alerts,
                self._voicemail,
                self._recordings,
                self._promises,
                self._webhooks,
                self._repeats,
                self._door.apply,
            )
        )

    def _hours(self) -> web.Application | None:
        if self._settings.public_hours == "no":
            return None
        return hours_app(Pages(lambda: self._asks.book, lambda: datetime.now(UTC)))

    async def _keep_record(self) -> None:
        await self._record.run(
            {
                "voicemail": self._voicemail.keeper.run,
                "recordings": self._recordings.keeper.run_rows,
                "pause ledger": self._floor.presences.keep_ledger,
                "promises": self._promises.run,
                "balance": self._balance.run,
                "web hooks": self._webhooks.run,
                "repeats": self._repeats.run,
                "purge": NightlyPurge(self._settings, self._store, lambda: self._asks.plan).run,
            }
        )

    async def _use(self, plan: Plan, secrets: Secrets) -> None:
        self._music.wake()
        self._webhooks.plan_changed()
        await self._floor.use(plan, interfaces_of(secrets))

    async def _refresh_fallback(self) -> None:
        while True:
            await asyncio.sleep(FALLBACK_REFRESH)
            await asyncio.to_thread(self._rewrite_fallback)

    def _rewrite_fallback(self) -> None:
        """In a thread: also compiles a year that has come near."""
        self._asks.book.prepare(datetime.now(UTC))
        write_fallback(self._settings.fallback_dir, self._asks.book, datetime.now(UTC))
        write_callers(self._settings, self._asks.plan, datetime.now(UTC))

    def _readiness(self) -> Readiness:
        return Readiness(
            agi=self._agi,
            ami=self._floor.ami,
            floor=self._floor.watch,
            keeper=self._record.keeper,
            tables=lambda: self._record.tables,
            disks=lambda: self._disks.wrong.values(),  # noqa: PLW0108 - another mapping each second
            refused=lambda: self._door.refused,
            version=lambda: self._asks.plan.version,
        )


async def run_service(settings: Settings, parent: int | None = None) -> None:
    """Run the service of this node until it is told to stop, or its supervisor is gone.

    Raises ConfigError if there is no good configuration, SetupError if somebody else holds the folder, a
    port, or the node's name in the database.
    """
    with only_one(settings.state_dir / "service.lock", "A service"):
        refuse_half_restored(settings)
        # Of exports alone: a folder of backups may be on a server that does not answer.
        clear_left(settings.exports_dir)
        lease = LeaseKeeper(settings)
        await lease.ask()
        check_ports(settings, asterisk=False, service=True)
        chosen = choose_plan(settings)
        if chosen.refused:
            log.error(
                "the configuration on disk is refused; the last good one is used", problems=chosen.refused
            )
        now = datetime.now(UTC)
        rendered = render_for_plan(settings, chosen.plan, now, standing_overrides(settings, now))
        # By default it is 5 ms: asks beside 50 calls/s had a p99 of 5.0 ms with that and of 4.3 ms with this.
        sys.setswitchinterval(SWITCH_S)
        # What is loaded now stays for good: the collector need not look at it again for every call.
        gc.freeze()
        gc.enable()
        try:
            await Service(settings, chosen, rendered.secrets, lease).run(parent)
        finally:
            await lease.close()

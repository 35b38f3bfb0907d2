"""The interface without its service: real tokens, files, database and rules, and a clock that stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request

from hotline_ivr.config.check import CheckResult, check, read_plan
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.control.blocking import CallerControl
from hotline_ivr.control.blocks_file import BlocksFile
from hotline_ivr.control.deciding import HandControl
from hotline_ivr.control.overrides_file import OverridesFile
from hotline_ivr.control.tokens import Role, TokensFile
from hotline_ivr.control.voicemail_files import VoicemailFiles
from hotline_ivr.errors import AlertError, ExportBroken, StoreError
from hotline_ivr.exports.columns import Source
from hotline_ivr.exports.cost_page import CostsWanted
from hotline_ivr.launch.applying import Proposal
from hotline_ivr.launch.plan_history import PlanHistory
from hotline_ivr.launch.promise_parts import promise_rules
from hotline_ivr.launch.webhook_parts import DatabaseDeliveries
from hotline_ivr.routing.alarms import Alarms
from hotline_ivr.routing.alert_words import trial
from hotline_ivr.routing.alerts import QueuedAlert
from hotline_ivr.routing.disclosure import disclosure
from hotline_ivr.routing.floor import Floor
from hotline_ivr.routing.messages import Message, Strays
from hotline_ivr.routing.on_duty import OnDuty
from hotline_ivr.routing.plan_diff import plan_diff
from hotline_ivr.routing.presence import Period
from hotline_ivr.routing.repeats import RepeatWish
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.webhooks import Subscription
from hotline_ivr.store.engine import Store
from hotline_ivr.store.messages import MessageFilter
from hotline_ivr.store.promise_ledger import DatabasePromises
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.register_rows import new_id
from hotline_ivr.web.api.auth import FailedAttempts, Gate
from hotline_ivr.web.api.blocks import BlocksDesk
from hotline_ivr.web.api.cost_body import cost_body
from hotline_ivr.web.api.exports import ExportDesk
from hotline_ivr.web.api.floor_desk import FloorDesk
from hotline_ivr.web.api.numbers import NumbersDesk
from hotline_ivr.web.api.promise_desk import PromiseDesk
from hotline_ivr.web.api.recording_desk import RecordingDesk
from hotline_ivr.web.api.register_desk import RegisterDesk
from hotline_ivr.web.api.route import AnyRoute, Pieces
from hotline_ivr.web.api.serving import AT_ONCE, api_app
from hotline_ivr.web.api.table import ApiParts, all_routes
from hotline_ivr.web.api.voicemail import VoicemailDesk
from hotline_ivr.web.api.webhooks import WebhookDesk
from hotline_ivr.web.health import build_app
from hotline_ivr.web.metrics import Metrics
from tests.plans import a_plan
from tests.web.api.house_staff import FakeBreaks, FakeStaff
from tests.web.api.recordings import FakeRecordings, FakeTapes


class FakeAlerts:
    """Alerts as written down here; a test of them goes to nobody."""

    def __init__(self) -> None:
        self.standing: Alarms = {}
        self.waiting: tuple[QueuedAlert, ...] = ()
        self.done: tuple[QueuedAlert, ...] = ()
        self.on_duty: OnDuty | None = None
        self.broken = False

    def alarms(self) -> Alarms:
        return self.standing

    def queued(self) -> tuple[QueuedAlert, ...]:
        if self.broken:
            raise AlertError("the disk is full")
        return self.waiting

    def past(self, limit: int) -> tuple[QueuedAlert, ...]:
        return self.done[:limit]

    async def test(self, by: str) -> QueuedAlert:
        if self.broken:
            raise AlertError("the disk is full")
        sent = QueuedAlert(trial(NOW, by, self.on_duty), ())
        self.done = (sent, *self.done)
        return sent

    def duty(self, _now: datetime) -> OnDuty | None:
        return self.on_duty


class FakeMessages:
    """Messages in memory; `away` is a database that cannot be used."""

    def __init__(self) -> None:
        self.by_id: dict[str, Message] = {}
        self.away = False

    def keep(self, message: Message) -> None:
        self.by_id[message.call_id] = message

    async def find(self, wanted: MessageFilter) -> Sequence[Message]:
        self._look()
        found = [
            each
            for each in self.by_id.values()
            if wanted.box in {None, each.box} and wanted.state in {None, each.state}
        ]
        return sorted(found, key=lambda each: each.recorded_at, reverse=True)[: wanted.limit]

    async def one(self, call_id: str) -> Message | None:
        self._look()
        return self.by_id.get(call_id)

    async def heard(self, call_id: str, by: str, at: datetime) -> None:
        self.keep(replace(self.by_id[call_id], heard_by=by, heard_at=at))

    async def done(self, call_id: str, by: str, at: datetime) -> None:
        self.keep(replace(self.by_id[call_id], done_by=by, done_at=at))

    def _look(self) -> None:
        if self.away:
            raise StoreError("the database is away")


Client = TestClient[Request, Application]

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
"""A Monday, 13:30 in Oslo; the line closes at 16:00."""


@dataclass
class House:
    """What the routes need, in a folder of its own."""

    folder: Path
    record: Store
    now: datetime = NOW
    seconds: float = 0.0
    # How often the service was told to look at the overrides.
    told: int = 0
    secrets: dict[str, str] = field(default_factory=dict)
    floor: Floor = field(default_factory=Floor)
    linked: bool = True
    # The pause ledger; None is a database that is away.
    periods: Sequence[Period] | None = ()

    disk_full: bool = False
    # What exports were asked for, how the next one ends, and how many have let go of what they held.
    exports: list[tuple[str, ...]] = field(default_factory=list)
    exported: Exception | None = None
    exports_ended: int = 0
    # What pages of costs were asked for, and how the next one fails.
    costs_asked: list[CostsWanted] = field(default_factory=list)
    costs_fail: Exception | None = None
    repeats_asked: list[RepeatWish] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.plan = a_plan({"mon-fri": "08:00-16:00"})
        self.staff = FakeStaff(self.plan, lambda: self.now)
        self.breaks = FakeBreaks(self.staff)
        self.alerts = FakeAlerts()
        self.messages = FakeMessages()
        self.recordings = VoicemailFiles(self.folder / "voicemail")
        self.strays = Strays((), (), ())
        self.kept = FakeRecordings(self.folder)
        self.tapes = FakeTapes()
        self.tokens = TokensFile(self.folder / "tokens.json")
        self.overrides = OverridesFile(self.folder / "overrides.json")
        self.blocks = BlocksFile(self.folder / "blocks.json")
        self.trail = AuditTrail(self.folder / "audit.jsonl")
        for role in Role:
            self.secrets[role.word] = self.tokens.make(
                f"{role.word} token", role, self.now, self.now + timedelta(days=1)
            )

    def use(self, sections: Mapping[str, Any]) -> None:
        """Another plan, with these sections besides."""
        self.plan = a_plan({"mon-fri": "08:00-16:00"}, sections=sections)
        self.staff.use(self.plan)

    def book(self) -> Rulebook:
        return Rulebook(self.plan, self.overrides.standing(self.now), self.blocks.standing(self.now))

    def hands(self) -> HandControl:
        return HandControl(
            self.plan, self.overrides, self.trail, prompts={"closed", "storm"}, clock=lambda: self.now
        )

    def blocking(self) -> CallerControl:
        return CallerControl(
            self.plan, self.blocks, self.trail, prompts={"storm"}, clock=lambda: self.now, named=str
        )

    def check(self) -> CheckResult:
        return check(self.folder / "config")

    async def propose(self) -> Proposal:
        proposed = read_plan(self.folder / "config")
        differences = plan_diff(self.plan, proposed, self.now)
        return Proposal(self.plan, proposed, differences, (23,) * len(differences))

    async def take(self) -> str:
        self.plan = read_plan(self.folder / "config")
        return self.plan.version

    async def ledger(self, start: datetime, end: datetime, operator: str | None) -> Sequence[Period]:
        if self.periods is None:
            raise StoreError("the database is away")
        return [
            each
            for each in self.periods
            if each.operator == operator and each.began_at < end and (each.ended_at or end) > start
        ]

    async def look_for_strays(self) -> Strays:
        return self.strays

    def note(self, entry: AuditEntry) -> None:
        """Into the trail, unless the disk is full."""
        if self.disk_full:
            raise OSError("no space left")
        self.trail.note(entry)

    @property
    def hook_deliveries(self) -> DatabaseDeliveries:
        return DatabaseDeliveries(self.record, "main")

    def subscriptions(self) -> tuple[Subscription, ...]:
        return tuple(Subscription.of(name, each) for name, each in self.plan.webhooks.items())

    async def retry_hook(self, hook: Subscription) -> int:
        return await self.hook_deliveries.retry(hook, self.now)

    async def count_repeats(self, wish: RepeatWish) -> Mapping[str, Any]:
        """A figure of one line, unless the record is away; what was asked is kept."""
        await self.record.read(lambda _: None)
        self.repeats_asked.append(wish)
        line = {"line": "info", "answered": 4, "answered_again": 1, "unanswered": 2, "unanswered_again": 2}
        line |= {"withheld": 1, "persons": 3, "persons_again": 2}
        span = {"since": "2026-10-19T00:00:00+00:00", "until": "2026-11-16T00:00:00+00:00", "days": wish.days}
        return {"schema": "hotline/repeats/1", **span, "lines": [line]}

    async def cost_page(self, wanted: CostsWanted, noted: str) -> bytes:
        """As the process makes it, from the same record and plan."""
        del noted
        self.costs_asked.append(wanted)
        if self.costs_fail is not None:
            raise self.costs_fail
        told = disclosure(numbers=wanted.numbers)
        return await self.record.read(
            lambda connection: cost_body(Source(connection, self.plan), wanted, self.now, told)
        )

    async def start_export(self, arguments: Sequence[str]) -> Pieces:
        """An export that says what it was asked for; `exported` is how it ends."""
        self.exports.append(tuple(arguments))
        if isinstance(self.exported, Exception) and not isinstance(self.exported, ExportBroken):
            raise self.exported
        return self._pieces()

    async def _pieces(self) -> Pieces:
        try:
            yield b"first,"
            yield b"second"
            if self.exported is not None:
                raise self.exported
        finally:
            self.exports_ended += 1

    @property
    def promises(self) -> DatabasePromises:
        return DatabasePromises(self.record, "main", lambda: promise_rules(self.plan))

    @property
    def register(self) -> RegisterDesk:
        return RegisterDesk(DatabaseRegister(self.record), "main", lambda: self.plan, new_id, self.note)

    def tell(self) -> None:
        self.told += 1

    def routes(self) -> tuple[AnyRoute, ...]:
        parts = ApiParts(
            record=self.record,
            books=self.book,
            hands=self.hands,
            overrides=self.overrides,
            blocking=BlocksDesk(self.blocks.all, self.blocking, self.tell, NumbersDesk(self.note)),
            trail=self.trail,
            check=self.check,
            propose=self.propose,
            take=self.take,
            history=lambda: PlanHistory(self.folder / "history").entries(),
            promises=PromiseDesk(self.promises, lambda: self.plan, self.tell, self.trail.note),
            register=self.register,
            floor=FloorDesk(
                self.staff,
                lambda: self.floor,
                lambda: self.linked,
                self.book,
                self.breaks,
                self.ledger,
                self.trail.note,
            ),
            alerts=self.alerts,
            webhooks=WebhookDesk(
                "main", self.hook_deliveries, self.subscriptions, self.retry_hook, self.note
            ),
            exports=ExportDesk(self.start_export, self.note),
            costs=self.cost_page,
            repeats=self.count_repeats,
            voicemail=VoicemailDesk(self.messages, self.recordings.path, self.look_for_strays, self.note),
            recordings=RecordingDesk(self.kept, self.tapes, self.kept.look_for_strays, self.note),
            overrides_changed=self.tell,
        )
        return all_routes(parts)

    def app(self, *others: AnyRoute, at_once: int = AT_ONCE) -> Application:
        gate = Gate(self.tokens, FailedAttempts(lambda: self.seconds))
        api = api_app((*self.routes(), *others), gate, lambda: self.now, at_once=at_once)
        return build_app({}, Metrics(), api)


class Caller:
    """Somebody with a token of some role, or with none."""

    def __init__(self, client: Client, secrets: Mapping[str, str]) -> None:
        self._client = client
        self._secrets = secrets

    async def ask(self, method: str, path: str, role: str | None = "read", **more: Any) -> ClientResponse:
        headers = dict(more.pop("headers", {}))
        if role is not None:
            headers["Authorization"] = f"Bearer {self._secrets[role]}"
        return await self._client.request(method, f"/api/v1{path}", headers=headers, **more)

    async def get(self, path: str, role: str | None = "read", **more: Any) -> Any:
        """The answer's JSON; it must be well."""
        response = await self.ask("GET", path, role, **more)
        assert response.status == 200, await response.text()
        return await response.json()

    async def problem(
        self, status: int, method: str, path: str, role: str | None = "read", **more: Any
    ) -> Any:
        """The problem's JSON, which must be one of this status."""
        response = await self.ask(method, path, role, **more)
        return await problem_of(response, status)


async def problem_of(response: ClientResponse, status: int) -> Any:
    """The problem document of an answer, looked at as RFC 9457 wants it."""
    assert response.status == status, await response.text()
    assert response.content_type == "application/problem+json"
    body = await response.json()
    assert body["status"] == status
    assert body["type"] == f"urn:hotline-ivr:problem:{body['code']}"
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert "Traceback" not in await response.text()
    return body

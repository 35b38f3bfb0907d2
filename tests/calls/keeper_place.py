"""A keeper of operators among its neighbours: Asterisk's queues, file, ledger and clock, all in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hotline_ivr.calls.floor_watch import FloorWatch
from hotline_ivr.calls.machine_clock import SetClock
from hotline_ivr.calls.operator_keeper import OperatorKeeper
from hotline_ivr.calls.phone_choice import ChoiceFile
from hotline_ivr.calls.presence_book import PresenceBook
from hotline_ivr.config.models import Plan
from hotline_ivr.errors import AsteriskRefused, AsteriskUnreachable
from hotline_ivr.routing.floor import (
    CallerJoined,
    DeviceSeen,
    DeviceState,
    FloorEvent,
    MemberGone,
    MemberSeen,
)
from hotline_ivr.routing.log_clocks import Clock as LogClock
from hotline_ivr.routing.presence import Period, Presence
from hotline_ivr.routing.presence_kept import KeptPresences
from tests.plans import a_plan

ANNA, BJORN = "PJSIP/anna.k3v9", "PJSIP/bjorn.x2m4"
INTERFACES = {"anna": ANNA, "bjorn": BJORN}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class FakeQueues:
    """Asterisk's queues: members by (queue, interface). What changes is told to `tell`, as events are."""

    def __init__(self) -> None:
        self.members: dict[tuple[str, str], MemberSeen] = {}
        self.changes = 0
        self.persons: dict[tuple[str, str], str] = {}
        # What telephones do, of operators who have several.
        self.devices: dict[str, DeviceState] = {}
        # Queues and operators in the order in which they were taken out.
        self.removed: list[tuple[str, str]] = []
        self.reachable = True
        self.refused: set[tuple[str, str]] = set()
        self.watch: FloorWatch | None = None
        self.changed = asyncio.Event()

    async def snapshot(self) -> Sequence[FloorEvent]:
        self._must_be_reachable()
        told = [DeviceSeen(phone, state) for phone, state in self.devices.items()]
        return [*told, *self.members.values(), CallerJoined("main", "main-1.1")]

    async def add_member(
        self,
        queue: str,
        operator: str,
        interface: str,
        *,
        paused: bool = False,
        reason: str = "",
        penalty: int = 0,
        person: str = "",
    ) -> None:
        self._must_be_reachable()
        if (queue, operator) in self.refused:
            raise AsteriskRefused("Unable to add interface to queue: No such queue")
        self.changes += 1
        self.persons[queue, interface] = person
        self.put(
            MemberSeen(queue, operator, interface, DeviceState.NOT_IN_USE, paused, reason, penalty=penalty)
        )

    async def set_penalty(self, queue: str, interface: str, penalty: int) -> None:
        self._must_be_reachable()
        self.changes += 1
        self.put(replace(self.members[queue, interface], penalty=penalty))

    async def remove_member(self, queue: str, interface: str) -> None:
        self._must_be_reachable()
        self.changes += 1
        gone = self.members.pop((queue, interface))
        self.removed.append((queue, gone.operator))
        self._tell(MemberGone(queue, gone.operator))

    async def pause(self, interface: str, *, paused: bool, reason: str = "") -> None:
        self._must_be_reachable()
        self.changes += 1
        for (_, phone), seen in list(self.members.items()):
            if phone == interface:
                self.put(replace(seen, paused=paused, reason=reason))

    def put(self, member: MemberSeen) -> None:
        self.members[member.queue, member.interface] = member
        self._tell(member)

    def turn(self, phone: str, state: DeviceState) -> None:
        """One of several telephones comes or goes."""
        self.devices[phone] = state
        self._tell(DeviceSeen(phone, state))

    def serving(self) -> list[tuple[str, str]]:
        return sorted((queue, seen.operator) for (queue, _), seen in self.members.items())

    def order(self) -> list[str]:
        """Who serves the queue main, in the order in which they were put in."""
        return [seen.operator for (queue, _), seen in self.members.items() if queue == "main"]

    async def next_change(self) -> None:
        self.changed.clear()
        await self.changed.wait()

    def paused(self, interface: str = ANNA) -> str | None:
        """Why the phone is paused in the queue main; None where it is not."""
        member = self.members["main", interface]
        return member.reason if member.paused else None

    async def until(self, interface: str, reason: str | None) -> None:
        """Wait until the phone is paused for this reason; None is not paused."""
        while self.paused(interface) != reason:
            await self.next_change()

    def _must_be_reachable(self) -> None:
        if not self.reachable:
            raise AsteriskUnreachable("no link")

    def _tell(self, event: FloorEvent) -> None:
        self.changed.set()
        if self.watch is not None:
            self.watch.event(event)


class Memory:
    """File and ledger in memory."""

    def __init__(self) -> None:
        self.kept = KeptPresences({})
        self.rows: dict[tuple[str, datetime], Period] = {}

    def load(self) -> KeptPresences:
        return self.kept

    def save(self, kept: KeptPresences) -> None:
        self.kept = kept

    async def write(self, periods: Sequence[Period]) -> None:
        for each in periods:
            self.rows.pop((each.operator, each.known_as or each.began_at), None)
            self.rows[each.operator, each.began_at] = each

    def ledger(self, operator: str) -> list[tuple[str, str, datetime | None]]:
        found = [each for each in (*self.rows.values(), *self.kept.unwritten) if each.operator == operator]
        by_start = {each.began_at: each for each in found}
        return [(e.standing.value, e.reason, e.ended_at) for _, e in sorted(by_start.items())]


class Clock:
    """The machine's: its time of day, which may be set, and the time since its start, which may not."""

    def __init__(self) -> None:
        self.now = NOON
        self.passed = timedelta()

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **time: float) -> None:
        self.now += timedelta(**time)
        self.passed += timedelta(**time)

    def machine(self) -> tuple[int, LogClock]:
        now, passed = (round(each / timedelta(microseconds=1)) for each in (self.now - NOON, self.passed))
        return now, LogClock("boot", now - passed)


class Place:
    """A keeper among its neighbours."""

    def __init__(
        self,
        plan: Plan | None = None,
        memory: Memory | None = None,
        seen: Callable[[str, Presence], None] = lambda _operator, _presence: None,
        interfaces: Mapping[str, str] = INTERFACES,
        choices: ChoiceFile | None = None,
    ) -> None:
        self.keeper_plan = plan or a_plan()
        self.queues = FakeQueues()
        self.memory = memory or Memory()
        self.clock = Clock()
        self.book = PresenceBook(self.memory, self.memory, pace=0, retry=0.01, seen=seen)
        self.keeper = OperatorKeeper(
            self.queues,
            self.book,
            self.keeper_plan,
            interfaces,
            self.clock,
            choices=choices,
            set_clock=SetClock(self.clock.machine),
        )
        self.watch = self.queues.watch = FloorWatch(self.queues, self.keeper)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        await self.watch.resynchronise()
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.keeper.run()),
                group.create_task(self.book.keep_file()),
                group.create_task(self.book.keep_ledger()),
            ]
            yield
            for task in tasks:
                task.cancel()

    def seen(self, *, in_call: bool = False) -> None:
        """Asterisk tells of anna's phone."""
        device = DeviceState.IN_USE if in_call else DeviceState.NOT_IN_USE
        self.queues.put(replace(self.queues.members["main", ANNA], device=device, in_call=in_call))

    async def pass_time(self, **time: float) -> None:
        """Let it be so much later; a keeper that sleeps until then is woken by any event."""
        self.clock.pass_time(**time)
        self.keeper.wake()

    def set_clock(self, **ahead: float) -> None:
        """Let the time of day be so much later, and no time pass."""
        self.clock.now += timedelta(**ahead)

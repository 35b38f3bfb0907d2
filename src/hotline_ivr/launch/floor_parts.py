"""Queues and the people who serve them, wired together: the link to Asterisk and all that hangs on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from hotline_ivr.asterisk.ami_link import AmiLink, LinkState
from hotline_ivr.asterisk.queue_control import AmiQueueControl, interfaces_of
from hotline_ivr.asterisk.render.links import AMI_USER
from hotline_ivr.asterisk.secrets import Secrets
from hotline_ivr.calls.floor_watch import FloorWatch
from hotline_ivr.calls.operator_keeper import OperatorKeeper
from hotline_ivr.calls.presence_book import PresenceBook
from hotline_ivr.calls.shift_keeper import ShiftKeeper
from hotline_ivr.calls.waker import WakeObserver, Waker
from hotline_ivr.config.models import Plan
from hotline_ivr.control.breaks_file import BreaksFile
from hotline_ivr.control.devices_file import DevicesFile
from hotline_ivr.control.presence_file import PresenceFile
from hotline_ivr.launch.loops import Loop
from hotline_ivr.routing.expected_wait import Expected
from hotline_ivr.routing.floor import CallerLeft, Floor, FloorEvent, is_handed_over
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.wait_watch import WaitWatch
from hotline_ivr.settings import Settings
from hotline_ivr.store.pauses import DatabasePauses

# Longest pause (seconds) between tries to reach Asterisk: it is on this machine or beside it, and operators
# want to see their state soon after it is back.
LONGEST_RETRY = 5.0


class FloorParts:
    """One node's floor. `book` gives the rules in force."""

    def __init__(
        self,
        settings: Settings,
        secrets: Secrets,
        plan: Plan,
        *,
        book: Callable[[], Rulebook],
        pauses: DatabasePauses,
        observer: WakeObserver,
    ) -> None:
        self.waker = Waker(
            AmiQueueControl(lambda: self.ami),
            plan,
            observer,
            per_second=settings.queue_wakeup_rate,
            ready=lambda: self.ami.wait_for(LinkState.CONNECTED),
        )
        wakes = settings.queue_wakeup == "yes"
        control = AmiQueueControl(lambda: self.ami, turns=self.waker if wakes else None)
        self.control = control
        self.presences = PresenceBook(
            PresenceFile(settings.presence_file), pauses, seen=lambda *_: self.shifts.wake()
        )
        self.operators = OperatorKeeper(
            control,
            self.presences,
            plan,
            interfaces_of(secrets),
            lambda: datetime.now(UTC),
            choices=DevicesFile(settings.devices_file),
            on_clock_set=self._clock_set,
        )
        self.shifts = ShiftKeeper(
            self.operators, BreaksFile(settings.breaks_file), book, lambda: datetime.now(UTC)
        )
        self.watch = FloorWatch(control, self.operators)
        self.waits = WaitWatch()
        self.ami = AmiLink(
            settings.ami_host,
            settings.ami_port,
            AMI_USER,
            secrets.ami,
            on_connected=self._resynchronise,
            on_event=control.deliver_to(self._event),
            on_lost=self.operators.link_lost,
            events="agent",
            timeout=settings.ami_timeout,
            ping_interval=settings.ami_ping_interval,
            queue_size=settings.ami_queue_size,
            hurried=lambda: self.waker.hurried,
            longest_retry=LONGEST_RETRY,
        )

    @property
    def linked(self) -> bool:
        """Whether Asterisk tells of the floor now."""
        return self.ami.state is LinkState.CONNECTED

    @property
    def seen(self) -> Floor:
        """The floor as last told of."""
        return self.watch.floor

    def expected_wait(self, queue: str, head_start_s: int) -> Expected | None:
        """See WaitWatch; nothing while Asterisk tells of no floor."""
        if not self.linked:
            return None
        return self.waits.expected(self.seen, queue, datetime.now(UTC), head_start_s)

    async def _resynchronise(self) -> None:
        await self.watch.resynchronise()
        self.waits.begin_anew(self.seen)

    def _event(self, event: FloorEvent) -> None:
        if isinstance(event, CallerLeft) and is_handed_over(self.seen, event):
            self.ami.doubt()
        self.watch.event(event)
        self.waits.happened(event, self.seen, datetime.now(UTC))

    def _clock_set(self) -> None:
        # Whose turn it is, and since when callers wait, is reckoned by Asterisk's own times.
        self.ami.doubt()

    def loops(self) -> tuple[Loop, ...]:
        """In the order in which they start."""
        return (
            Loop("where operators stand", self.presences.keep_file, self.presences.close),
            Loop("manager link", self.ami.run),
            Loop("operators", self.operators.run),
            Loop("waker", self.waker.run),
            Loop("shifts", self.shifts.run),
        )

    async def use(self, plan: Plan, interfaces: Mapping[str, str]) -> None:
        """Staff the queues of another plan."""
        self.waker.use(plan)
        await self.operators.use(plan, interfaces)

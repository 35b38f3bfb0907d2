"""The link to Asterisk's manager interface: kept up, kept up to date, its events in order.

`run` is the supervisor: it connects, logs in, fetches the state of things through `on_connected`, then
delivers events one by one; it pings; and when the connection is lost it comes back, with a jittered, capped
back-off. Events do not queue without a bound: what does not fit is counted and the state is fetched again.
The rest of the program knows this class only; which library speaks the protocol is ami_panoramisk's business.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Final

from hotline_ivr.asterisk.ami_codec import AmiAction, AmiMessage
from hotline_ivr.asterisk.ami_panoramisk import AmiConnection, AmiCounters
from hotline_ivr.errors import AsteriskError, AsteriskRefused, AsteriskUnreachable, LoginRefused

_PING: Final = AmiAction("Ping")
_log = logging.getLogger(__name__)

DOUBTED_REFUSALS: Final = 3
"""Refusals in a row that are put down to an Asterisk that stops, if they are not for the account itself."""


class LinkState(StrEnum):
    """What the link can do now."""

    #: Nobody answers, or the state of things is still being fetched.
    DISCONNECTED = "disconnected"
    #: Logged in, up to date, and delivering events.
    CONNECTED = "connected"
    #: Asterisk answers and does not take our account: a matter for a person.
    REFUSED = "refused"


def backoff(attempt: int, draw: float, *, first: float = 0.5, cap: float = 30.0) -> float:
    """Seconds before the next try after `attempt` failures in a row (0 is the first); `draw` is in [0, 1).

    The spread keeps many services from coming back in the same moment.
    """
    return float(min(cap, first * 2 ** min(attempt, 16))) * (0.5 + 0.5 * draw)


class AmiLink:
    """One supervised connection. Times are in seconds.

    `on_connected` is called after each login and whenever events may have been missed; it fetches the state
    of things by `send` and `send_list`. `on_event` then gets the events since the login, in order. If
    `on_connected` raises, the connection is given up and tried again later.
    """

    def __init__(
        self,
        host: str,
        port: int,
        username: str,
        secret: str,
        *,
        on_connected: Callable[[], Awaitable[None]],
        on_event: Callable[[AmiMessage], Awaitable[None]],
        on_lost: Callable[[], None] = lambda: None,
        events: str = "agent,system",
        timeout: float = 5.0,
        ping_interval: float = 3.0,
        queue_size: int = 10_000,
        bundle: float = 0.02,
        hurried: Callable[[], bool] = lambda: False,
        first_retry: float = 0.5,
        longest_retry: float = 30.0,
        refused_retry: float = 30.0,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.counters = AmiCounters()
        self.state = LinkState.DISCONNECTED
        self._address = (host, port)
        self._username = username
        self._secret = secret
        self._on_connected = on_connected
        self._on_event = on_event
        # Must not raise.
        self._on_lost = on_lost
        # Classes of events asked for; the account's rights and filters narrow them further.
        self._classes = events
        self._timeout = timeout
        self._ping_interval = ping_interval
        # Events may be so much late, so that one turn of the loop takes many; see AmiConnection.
        self._bundle = bundle
        # While this is so, events are read as they come.
        self._hurried = hurried
        self._retry = (first_retry, longest_retry)
        # A wrong secret is not hammered: Asterisk may ban the address, and only a person can mend it.
        self._refused_retry = refused_retry
        self._draw = draw
        # Failures since the link was last up to date, and refused logins since one was taken.
        self._attempt = 0
        self._refusals = 0
        self._connection: AmiConnection | None = None
        # Events to deliver; None asks for a resynchronisation at this place in the order.
        self._events: asyncio.Queue[AmiMessage | None] = asyncio.Queue(queue_size)
        # Something was missed or looked forged, so what we believe may be wrong.
        self._in_doubt = False
        self._state_changed = asyncio.Event()

    # Public methods.

    async def run(self) -> None:
        """Keep the link up until cancelled."""
        try:
            while True:
                delay = await self._once()
                await asyncio.sleep(delay)
        finally:
            self._be(LinkState.DISCONNECTED)

    async def send(self, action: AmiAction) -> AmiMessage:
        """One action and its answer.

        Raises LocalProtocolError for what may not be sent, AsteriskRefused where the answer is no,
        AsteriskUnreachable without a link or an answer in time. An action whose answer did not come may have
        been carried out; it is not sent again.
        """
        return await self._logged_in().request(action)

    async def send_list(self, action: AmiAction) -> list[AmiMessage]:
        """One action and the events of the list that it asks for; errors as for `send`.

        Raises RemoteProtocolError where items are missing.
        """
        return await self._logged_in().request_list(action)

    async def wait_for(self, state: LinkState) -> None:
        """Wait, without a deadline of its own, until the link is in this state."""
        while self.state is not state:
            self._state_changed.clear()
            await self._state_changed.wait()

    # The supervisor.

    async def _once(self) -> float:
        """One connection from first to last; returns the seconds to wait before the next."""
        host, port = self._address
        where = {"host": host, "port": port}
        try:
            connection = await self._connect()
        except AsteriskRefused as error:
            self.counters.refused_logins += 1
            return self._refused(error, where)
        except (AsteriskError, OSError) as error:
            delay = self._next_delay()
            _log.warning("no link to Asterisk: %r; next try in %.1f s", error, delay, extra=where)
            self._be(LinkState.DISCONNECTED)
            return delay
        self.counters.logins += 1
        self._refusals = 0
        try:
            reason = await self._serve(connection)
        finally:
            self._connection = None
            connection.end("the link is being closed")
            self._be(LinkState.DISCONNECTED)
            self._on_lost()
        self.counters.losses += 1
        delay = self._next_delay()
        _log.warning("the link to Asterisk is lost: %s; next try in %.1f s", reason, delay, extra=where)
        return delay

    def _refused(self, error: AsteriskRefused, where: Mapping[str, object]) -> float:
        self._refusals += 1
        if not isinstance(error, LoginRefused) and self._refusals <= DOUBTED_REFUSALS:
            delay = self._next_delay()
            text = "Asterisk refuses our manager account, as it does while it stops: %s; next try in %.1f s"
            _log.warning(text, error, delay, extra=where)
            self._be(LinkState.DISCONNECTED)
            return delay
        _log.error("Asterisk refuses our manager account: %s", error, extra=where)
        self._be(LinkState.REFUSED)
        return self._refused_retry

    def _next_delay(self) -> float:
        first, cap = self._retry
        delay = backoff(self._attempt, self._draw(), first=first, cap=cap)
        self._attempt += 1
        return delay

    async def _connect(self) -> AmiConnection:
        """Connect and log in. Raises AsteriskRefused for a refused login, AsteriskUnreachable or OSError."""
        loop = asyncio.get_running_loop()
        self._events = asyncio.Queue(self._events.maxsize)
        self._in_doubt = False
        try:
            async with asyncio.timeout(self._timeout):
                _, connection = await loop.create_connection(
                    lambda: AmiConnection(
                        self._take,
                        self.doubt,
                        self.counters,
                        timeout=self._timeout,
                        bundle=self._bundle,
                        hurried=self._hurried,
                    ),
                    *self._address,
                )
        except TimeoutError:
            raise AsteriskUnreachable(f"no connection within {self._timeout:g} s") from None
        try:
            await connection.log_in(self._username, self._secret, self._classes)
        except BaseException:
            connection.end("the login did not succeed")
            raise
        return connection

    async def _serve(self, connection: AmiConnection) -> str:
        """Deliver events until the connection is lost; returns why it was.

        Not a TaskGroup: before Python 3.13 one that is cancelled in the moment in which a task of it fails
        forgets the cancellation, and the link would outlive the stop of the service.
        """
        self._connection = connection
        tasks = [
            asyncio.create_task(self._watch(connection), name="ami-watch"),
            asyncio.create_task(self._deliver(), name="ami-deliver"),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        errors = [each for each in results if isinstance(each, Exception)]
        for error in errors:
            if not isinstance(error, AsteriskError):
                raise error
        return "; ".join(map(str, errors))

    async def _watch(self, connection: AmiConnection) -> None:
        """Notice a lost or half-open connection, and see to a resynchronisation that is due.

        At most one resynchronisation a ping interval, so that no caller can make Asterisk list its queues
        again and again.
        """
        while True:
            await connection.lasting(self._ping_interval)
            await connection.request(_PING)
            if self._in_doubt:
                self._in_doubt = False
                while not self._events.empty():
                    self._events.get_nowait()
                    self.counters.dropped += 1
                self._events.put_nowait(None)

    async def _deliver(self) -> None:
        await self._resynchronise()
        self._attempt = 0
        self._be(LinkState.CONNECTED)
        while True:
            message = await self._events.get()
            if message is None:
                self.counters.resyncs += 1
                await self._resynchronise()
                continue
            self.counters.events += 1
            try:
                await self._on_event(message)
            except Exception:  # noqa: BLE001  one event must not cost the others
                self.counters.handler_errors += 1
                _log.exception("an event could not be handled", extra={"event_name": message.name})

    async def _resynchronise(self) -> None:
        try:
            await self._on_connected()
        except AsteriskError:
            raise
        except Exception as error:  # noqa: BLE001  retried later, and told apart from a lost link
            _log.exception("the state of Asterisk could not be taken over")
            raise AsteriskUnreachable(f"the state of Asterisk could not be taken over: {error!r}") from None

    def _logged_in(self) -> AmiConnection:
        if self._connection is None:
            raise AsteriskUnreachable("there is no link to Asterisk")
        return self._connection

    def _be(self, state: LinkState) -> None:
        self.state = state
        self._state_changed.set()

    # Called by the connection for each event; these never raise.

    def _take(self, message: AmiMessage) -> None:
        try:
            self._events.put_nowait(message)
        except asyncio.QueueFull:
            self.counters.dropped += 1
            self._in_doubt = True

    def doubt(self) -> None:
        """What is known may not be true any more: the state of things is fetched again, before long."""
        self._in_doubt = True

"""FastAGI sessions as the server holds them: sockets, deadlines, counters.

A session is one ask: environment in, handler called, one variable set, its reply awaited, closed. The handler
is a synchronous pure call and all that is sent is one line of at most 8 KiB, so a session needs no task, no
stream and no transport: it is a non-blocking socket and one callback of the event loop. That takes half the
turns of the loop that a transport takes, and little memory while it is idle.

Every session ends in exactly one SessionEnd, so `sessions` is always the sum of the ends and of `open`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from hotline_ivr.asterisk.agi_protocol import AgiEvent, AgiProtocol, AgiReply, AgiRequest, CallerHungUp
from hotline_ivr.errors import LocalProtocolError, RemoteProtocolError

# The one variable of an answer. The dialplan tests it and not AGISTATUS, which says SUCCESS also when the
# service died in mid-session (res_agi.c:4432).
ANSWER_VARIABLE: Final = "HOTLINE_ANSWER"
# Sockets accepted, or dropped, in one turn of the loop: a flood of either delays another call by about 3 ms.
BATCH: Final = 64
# Bytes taken from one socket in one turn of the loop.
READ_SIZE: Final = 65_536

# Most answers are there at once; those that come later, after somebody else was asked, have the session's
# deadline.
Handler = Callable[[AgiRequest], str | Awaitable[str] | None]

_log = logging.getLogger(__name__)


class SessionEnd(StrEnum):
    """How a session ended."""

    #: Asterisk confirmed that the variable is set.
    ANSWERED = "answered"
    #: Asterisk replied that it did not set it (510, 511, 520).
    DECLINED = "declined"
    #: The handler gave no answer, or one that may not be sent.
    FAILED = "failed"
    #: The peer closed before the end.
    LOST = "lost"
    #: What came was not AGI, or too long.
    MALFORMED = "malformed"
    #: More sessions were open than the setting allows.
    REFUSED = "refused"
    #: We stopped, and the drain time was over.
    STOPPED = "stopped"
    #: A deadline passed.
    TIMED_OUT = "timed-out"


class AgiObserver(Protocol):
    """Where metrics are fed: called once a session, with its length in seconds."""

    def session_ended(self, end: SessionEnd, seconds: float) -> None: ...


@dataclass(slots=True)
class AgiCounters:
    """What happened since the start."""

    sessions: int = 0
    open: int = 0
    hangups: int = 0
    #: Environment lines that no Asterisk writes: see AgiRequest.odd_lines.
    odd_lines: int = 0
    ends: dict[SessionEnd, int] = field(default_factory=lambda: dict.fromkeys(SessionEnd, 0))


class Session:
    """One connection."""

    __slots__ = ("_agi", "_desk", "_later", "_socket", "end", "started")

    def __init__(self, desk: Desk, sock: socket.socket) -> None:
        self.end: SessionEnd | None = None
        # Loop time at which the connection was accepted.
        self.started = desk.loop.time()
        self._desk = desk
        self._socket = sock
        self._agi = AgiProtocol()
        # An answer that is not there yet.
        self._later: asyncio.Future[str] | None = None

    def begin(self) -> None:
        """Take what has come with the connection, and then what comes."""
        self._readable()
        if self.end is None:
            # By number: the selector writes each socket that it does not know yet out in words.
            self._desk.loop.add_reader(self._socket.fileno(), self._readable)

    def finish(self, end: SessionEnd) -> None:
        """End the session for this reason; the first reason counts."""
        if self.end is None:
            self.end = end
            if self._later is not None:
                self._later.cancel()
            self._desk.loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._desk.ended(self, end)

    def _readable(self) -> None:
        try:
            data = self._socket.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.finish(SessionEnd.LOST)
            return
        try:
            for event in self._agi.receive_data(data):
                self._take(event)
        except RemoteProtocolError as error:
            _log.debug("not AGI: %s", error)
            self.finish(SessionEnd.MALFORMED)

    def _take(self, event: AgiEvent) -> None:
        match event:
            case AgiRequest():
                self._ask(event)
            case AgiReply():
                confirmed = event.code == 200 and event.result == "1"
                self.finish(SessionEnd.ANSWERED if confirmed else SessionEnd.DECLINED)
            case CallerHungUp():
                self._desk.counters.hangups += 1

    def _ask(self, request: AgiRequest) -> None:
        answer = self._desk.answer(self, request)
        if answer is None or isinstance(answer, str):
            self._reply(answer, request)
            return
        self._later = asyncio.ensure_future(answer)
        self._later.add_done_callback(lambda task: self._came_late(task, request))

    def _came_late(self, task: asyncio.Future[str], request: AgiRequest) -> None:
        if self.end is not None or task.cancelled():
            return
        error = task.exception()
        if error is not None:
            _log.error("the answer to an ask failed", exc_info=error, extra={"call": request.unique_id})
        self._reply(None if error is not None else task.result(), request)

    def _reply(self, answer: str | None, request: AgiRequest) -> None:
        if answer is None:
            self.finish(SessionEnd.FAILED)
            return
        try:
            command = self._agi.set_variable(ANSWER_VARIABLE, answer)
        except LocalProtocolError as error:
            _log.error("an answer may not be sent: %s", error, extra={"call": request.unique_id})
            self.finish(SessionEnd.FAILED)
            return
        try:
            # A new socket has room for one line; a peer that left none does not wait for an answer.
            whole = self._socket.send(command) == len(command)
        except OSError:
            whole = False
        if not whole:
            self.finish(SessionEnd.LOST)


class Desk:
    """What all sessions share: the handler, the counters, the deadlines.

    Both deadlines count from the start of a session, so two dicts in order of arrival have the next one due
    at their head, and one timer serves ten thousand sessions.
    """

    def __init__(
        self,
        handler: Handler,
        observer: AgiObserver | None,
        *,
        counters: AgiCounters,
        header_timeout: float,
        session_timeout: float,
        max_sessions: int,
    ) -> None:
        self.counters = counters
        self.max_sessions = max_sessions
        self._handler = handler
        self._observer = observer
        # Sessions by arrival: all, and those whose environment is not complete.
        self._open: dict[Session, None] = {}
        self._unasked: dict[Session, None] = {}
        self._deadlines = ((self._unasked, header_timeout), (self._open, session_timeout))
        self._timer: asyncio.Handle | None = None
        self._empty = asyncio.Event()
        self._empty.set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def accepted(self, session: Session) -> None:
        """A connection came; refuse it at once if there are too many."""
        counters = self.counters
        counters.sessions += 1
        counters.open += 1
        self._empty.clear()
        if counters.open > self.max_sessions:
            session.finish(SessionEnd.REFUSED)
            return
        self._open[session] = self._unasked[session] = None
        if self._timer is None:
            self._arm()
        session.begin()

    def answer(self, session: Session, request: AgiRequest) -> str | Awaitable[str] | None:
        """What the handler says, or will say; None, and one line in the log, where it says nothing."""
        self._unasked.pop(session, None)
        self.counters.odd_lines += request.odd_lines
        try:
            answer = self._handler(request)
        except Exception:  # noqa: BLE001  nothing that a handler does may reach the transport
            _log.exception("the answer to an ask failed", extra={"call": request.unique_id})
            return None
        if answer is None:
            _log.warning("an ask has no answer", extra={"call": request.unique_id})
        return answer

    def ended(self, session: Session, end: SessionEnd) -> None:
        """A session is over and its socket closed."""
        counters = self.counters
        counters.open -= 1
        counters.ends[end] += 1
        self._open.pop(session, None)
        self._unasked.pop(session, None)
        if not counters.open:
            self._empty.set()
        if self._observer is not None:
            try:
                self._observer.session_ended(end, self.loop.time() - session.started)
            except Exception:  # noqa: BLE001  a metric must not cost a call
                _log.exception("the observer of asks failed")

    async def drained(self) -> None:
        """Wait until no session is open."""
        await self._empty.wait()

    def close(self) -> None:
        """Close what is open."""
        for session in list(self._open):
            session.finish(SessionEnd.STOPPED)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        """Set the timer to the next deadline; none where nobody is open."""
        due = [next(iter(sessions)).started + timeout for sessions, timeout in self._deadlines if sessions]
        self._timer = self.loop.call_at(min(due), self._sweep) if due else None

    def _sweep(self) -> None:
        """Drop what is over its deadline, a batch a turn so that other calls go on."""
        now = self.loop.time()
        dropped = 0
        for sessions, timeout in self._deadlines:
            while sessions and dropped < BATCH:
                session = next(iter(sessions))
                if session.started + timeout > now:
                    break
                session.finish(SessionEnd.TIMED_OUT)
                dropped += 1
        if dropped == BATCH:
            self._timer = self.loop.call_soon(self._sweep)
        else:
            self._arm()

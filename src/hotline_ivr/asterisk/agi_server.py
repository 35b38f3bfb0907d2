"""The FastAGI server: it listens, accepts in small batches, and stops without cutting a call off.

Whatever goes wrong in a session (agi_session), it is closed without an answer and the dialplan goes on by its
fallback; nothing that one peer sends or withholds delays another.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from typing import Final

from hotline_ivr.asterisk.agi_session import (
    BATCH,
    AgiCounters,
    AgiObserver,
    Desk,
    Handler,
    Session,
    SessionEnd,
)

__all__ = ["SPARE_DESCRIPTORS", "AgiCounters", "AgiObserver", "AgiServer", "Handler", "SessionEnd"]

# Connections that the kernel holds for us while the loop is busy.
LISTEN_BACKLOG: Final = 4096
# Seconds without accepting after the machine had no descriptor or memory for one more socket.
ACCEPT_PAUSE_S: Final = 0.05
# File descriptors left for everything else: database, files, web clients, the manager link.
SPARE_DESCRIPTORS: Final = 256

_log = logging.getLogger(__name__)


class AgiServer:
    """Answers asks. Times are in seconds.

    `header_timeout` bounds the wait for the environment, `session_timeout` the whole session; both start when
    the connection is accepted. Beyond `max_sessions` open sessions a new one is closed at once, so that its
    caller has the fallback without waiting.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        header_timeout: float = 5.0,
        session_timeout: float = 5.0,
        max_sessions: int = 12_000,
        observer: AgiObserver | None = None,
    ) -> None:
        self.counters = AgiCounters()
        self._max_sessions = max_sessions
        self._listener: socket.socket | None = None
        self._desk = Desk(
            handler,
            observer,
            counters=self.counters,
            header_timeout=header_timeout,
            session_timeout=session_timeout,
            max_sessions=max_sessions,
        )

    @property
    def port(self) -> int:
        """The TCP port in use; what port 0 became."""
        if self._listener is None:
            raise AssertionError("the server is not started")
        port: int = self._listener.getsockname()[1]
        return port

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises OSError if the address cannot be had."""
        self._desk.max_sessions = _room_for(self._max_sessions)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=LISTEN_BACKLOG)
        listener.setblocking(False)
        # Sockets that are accepted inherit it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._listener = listener
        self._listen(listener)

    async def stop(self, drain_s: float) -> None:
        """Accept no more, let open sessions finish for `drain_s` seconds, then close them."""
        if self._listener is None:
            return
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()
        self._listener = None
        try:
            async with asyncio.timeout(drain_s):
                await self._desk.drained()
        except TimeoutError:
            _log.warning("asks cut off by the stop", extra={"open": self.counters.open})
        self._desk.close()

    def _listen(self, listener: socket.socket) -> None:
        if listener is self._listener:
            asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(BATCH):
            try:
                sock, _address = listener.accept()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                return
            except OSError as error:
                _log.error("no ask can be accepted: %s", error, extra={"open": self.counters.open})
                loop = asyncio.get_running_loop()
                loop.remove_reader(listener)
                loop.call_later(ACCEPT_PAUSE_S, self._listen, listener)
                return
            sock.setblocking(False)
            self._desk.accepted(Session(self._desk, sock))


def _room_for(sessions: int) -> int:
    """How many sessions the file descriptor limit allows, after raising it as far as it goes.

    We refuse before descriptors run out: a socket that cannot be accepted cannot be refused either.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = sessions + SPARE_DESCRIPTORS
    if soft < wanted:
        soft = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    room = min(sessions, soft - SPARE_DESCRIPTORS)
    if room < sessions:
        _log.warning("the limit of open files allows fewer asks", extra={"wanted": sessions, "allowed": room})
    return room

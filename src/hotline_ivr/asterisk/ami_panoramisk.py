"""One connection to Asterisk's manager interface: panoramisk 1.4, fenced into this one file.

panoramisk writes actions and matches answers to them. It is unmaintained and has faults that would stop
calls, so nothing else of it is used, and what is used is held:

1. `as_list=False` on every action; lists are collected here, by their ActionID, until `EventList: Complete`;
2. every action has a deadline, after which its entry is removed;
3. events do not pass its dispatcher at all: they go, in order, to a callback that never raises;
4. bytes are framed and checked by ami_codec before panoramisk sees them, and become text only when whole;
5. closing fails every waiting action; nothing is ever sent again by itself, and nothing reconnects here;
6. its pinger is not used: AmiLink pings, with a deadline, and so finds a half-open connection;
7. an action that could be read as two is refused before it is sent;
8. the secret is never sent (a digest of it is) and its log lines lose what looks like a credential;
9. no object of panoramisk leaves this file.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message
from typing_extensions import override

from hotline_ivr.asterisk.ami_codec import AmiAction, AmiFramer, AmiMessage, check_action, parse_message
from hotline_ivr.errors import (
    AsteriskRefused,
    AsteriskUnreachable,
    HotlineError,
    LoginRefused,
    RemoteProtocolError,
)

# Actions that may wait for an answer at once; more means that nobody answers.
MAX_PENDING: Final = 256
# Bytes of one reading from which on the next follows at once: more than gathers in a pause, so we are behind.
MUCH: Final = 65_536
# Items of one list; a thousand operators and as many waiting callers are 2,000.
MAX_LIST: Final = 100_000
# What Asterisk says of a wrong account and of nothing else. While it stops it says that it is shutting down,
# or knows no action any more (manager.c:7108, 9546 of 22.10); while it starts it does not listen yet.
NOT_OURS: Final = "Authentication failed"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class AmiCounters:
    """What happened since the start."""

    logins: int = 0
    refused_logins: int = 0
    losses: int = 0
    events: int = 0
    #: Events thrown away because the queue was full; each leads to a resynchronisation.
    dropped: int = 0
    #: Messages that are not as Asterisk writes them: forged, cut, or of another version.
    malformed: int = 0
    #: Answers and list items that came after their deadline, or that nobody asked for.
    strays: int = 0
    resyncs: int = 0
    handler_errors: int = 0


class _Listing:
    """The events of one list under way."""

    def __init__(self) -> None:
        self.items: list[AmiMessage] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def add(self, message: AmiMessage) -> None:
        if self.done.done():
            return
        if message.get("EventList") == "Complete" or message.name.endswith("Complete"):
            expected = message.get("ListItems")
            if expected.isdecimal() and int(expected) != len(self.items):
                self.fail(RemoteProtocolError(f"a list of {len(self.items)} items instead of {expected}"))
            else:
                self.done.set_result(None)
        elif message.get("EventList") == "Cancelled" or len(self.items) >= MAX_LIST:
            self.fail(RemoteProtocolError("a list that was cancelled, or has too many items"))
        else:
            self.items.append(message)

    def fail(self, error: HotlineError) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class AmiConnection(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """panoramisk's connection with our reading in front of it and no second life behind it."""

    def __init__(
        self,
        take: Callable[[AmiMessage], None],
        doubt: Callable[[], None],
        counters: AmiCounters,
        *,
        timeout: float,
        bundle: float,
        hurried: Callable[[], bool] = lambda: False,
    ) -> None:
        # Seconds that one action, or the greeting, may take.
        self._timeout = timeout
        # Seconds for which events gather before they are read; see _rest.
        self._bundle = bundle
        self._hurried = hurried
        # Where events go; and where it is said that one may have been lost or forged. Neither raises.
        self._take = take
        self._doubt = doubt
        self._counters = counters
        self._framer = AmiFramer()
        # Answers cannot be guessed by somebody who can write into the stream.
        self._id = f"hotline-{secrets.token_hex(8)}"
        self._sent = 0
        self._listings: dict[str, _Listing] = {}
        self._loop = asyncio.get_running_loop()
        self._greeted = self._loop.create_future()
        self._over: asyncio.Future[str] = self._loop.create_future()
        # Runs while we do not read.
        self._resting: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # Values are carried through panoramisk as one character a byte.
        self.encoding = "latin-1"
        self.log = _fenced_log

    @override
    def data_received(self, data: bytes) -> None:
        if self._over.done():
            return
        try:
            blocks = self._framer.receive_data(data)
        except RemoteProtocolError as error:
            self.end(str(error))
            return
        if self._framer.version is not None and not self._greeted.done():
            self._greeted.set_result(None)
        for block in blocks:
            self._receive(block)
        self._rest(len(data))

    def _rest(self, received: int) -> None:
        """Read no more for a moment, so that the next events come together.

        A call makes half a dozen events, each in a write of its own, and to be woken for one costs several
        times what the event itself does. Whoever waits for an answer does not wait for this.
        """
        if self._hurried():
            return
        if self._bundle and not self.responses and received < MUCH and not self._over.done():
            self.transport.pause_reading()
            self._resting = self._loop.call_later(self._bundle, self._read_on)

    def _read_on(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
            self.transport.resume_reading()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.end(f"Asterisk closed the connection ({exc or 'end of stream'})")

    @override
    def close(self) -> None:
        self.end("closed")

    def end(self, reason: str) -> None:
        """Close at once; everybody who waits is told. Only the first reason counts."""
        if self._over.done():
            return
        self._over.set_result(reason)
        if self._resting is not None:
            self._resting.cancel()
        error = AsteriskUnreachable(reason)
        for action in self.responses.values():
            if not action.future.done():
                action.future.set_exception(error)
        self.responses.clear()
        for listing in self._listings.values():
            listing.fail(error)
        self._greeted.cancel()
        self.closed = True
        self.transport.abort()

    async def lasting(self, seconds: float) -> None:
        """Return after so many seconds; raises AsteriskUnreachable as soon as the connection is lost."""
        await asyncio.wait({self._over}, timeout=seconds)
        if self._over.done():
            raise AsteriskUnreachable(self._over.result())

    async def log_in(self, username: str, secret: str, classes: str) -> None:
        """Log in by challenge, so that the secret stays here. It is computed only for a real Asterisk."""
        await asyncio.wait(
            {self._greeted, self._over}, timeout=self._timeout, return_when=asyncio.FIRST_COMPLETED
        )
        if self._framer.version is None:
            raise AsteriskUnreachable(self._over.result() if self._over.done() else "no greeting")
        answer = await self.request(AmiAction("Challenge", (("AuthType", "MD5"),)))
        digest = hashlib.md5((answer.get("Challenge") + secret).encode(), usedforsecurity=False).hexdigest()
        headers = (("AuthType", "MD5"), ("Username", username), ("Key", digest), ("Events", classes))
        try:
            await self.request(AmiAction("Login", headers))
        except AsteriskRefused as error:
            if NOT_OURS in str(error):
                raise LoginRefused(str(error)) from None
            raise

    async def request(self, action: AmiAction) -> AmiMessage:
        """Send one action and wait for its answer; errors as for AmiLink.send."""
        return await self._request(action, self._next_id())

    async def request_list(self, action: AmiAction) -> list[AmiMessage]:
        """Send one action and collect its list; errors as for AmiLink.send_list."""
        action_id = self._next_id()
        listing = self._listings[action_id] = _Listing()
        try:
            async with asyncio.timeout(self._timeout):
                await self._request(action, action_id)
                await listing.done
        except TimeoutError:
            raise AsteriskUnreachable(f"{action.name}: no whole list within {self._timeout:g} s") from None
        finally:
            del self._listings[action_id]
            # The list may have failed while the answer was still awaited.
            if not listing.done.cancel() and not listing.done.cancelled():
                listing.done.exception()
        return listing.items

    async def _request(self, action: AmiAction, action_id: str) -> AmiMessage:
        check_action(action)
        if self._over.done():
            raise AsteriskUnreachable(self._over.result())
        if len(self.responses) >= MAX_PENDING:
            raise AsteriskUnreachable(f"{action.name}: {MAX_PENDING} actions wait for an answer already")
        headers = {"Action": action.name, "ActionID": action_id}
        headers |= {name: value.encode().decode("latin-1") for name, value in action.headers}
        self._read_on()
        try:
            async with asyncio.timeout(self._timeout):
                answer = _message(await self.send(headers, as_list=False))
        except TimeoutError:
            raise AsteriskUnreachable(f"{action.name}: no answer within {self._timeout:g} s") from None
        finally:
            self.responses.pop(action_id, None)
        if answer.get("Response") not in {"Success", "Goodbye"}:
            raise AsteriskRefused(f"{action.name}: {answer.get('Message') or answer.get('Response')}")
        return answer

    def _next_id(self) -> str:
        self._sent += 1
        return f"{self._id}-{self._sent}"

    def _receive(self, block: bytes) -> None:
        try:
            message = parse_message(block)
        except RemoteProtocolError as error:
            self._counters.malformed += 1
            self._doubt()
            _log.warning("a manager message was not taken: %s", error)
            return
        action_id = message.get("ActionID")
        if message.name == "Response" and action_id in self.responses:
            self.handle_message(Message(message.headers))
        elif message.name != "Response" and action_id in self._listings:
            self._listings[action_id].add(message)
        elif message.get("Privilege"):
            self._take(message)
        elif action_id:
            self._counters.strays += 1
        else:
            # What Asterisk tells everybody always carries its class.
            self._counters.malformed += 1
            self._doubt()


def _message(message: Any) -> AmiMessage:
    return AmiMessage("Response", {name: value for name, value in message.items() if name != "content"})


class _NoSecrets(logging.Filter):
    """Takes credentials out of what panoramisk logs of an action that could not be sent."""

    _CREDENTIAL = re.compile(r"(?i)\b(secret|key)('?:\s*'?)[^'\r\n,}]*")

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = self._CREDENTIAL.sub(r"\1\2***", record.getMessage())
        record.args = None
        return True


_fenced_log = logging.getLogger("panoramisk")
_fenced_log.setLevel(logging.WARNING)
_fenced_log.addFilter(_NoSecrets())

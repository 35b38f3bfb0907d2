"""FakeAsterisk: the manager interface of an Asterisk over loopback, that does what a test tells it.

It logs in by challenge or plain secret, answers actions by a script, sends events in any pieces, and can be a
bad Asterisk: refuse the login, fall silent, stop reading, cut the connection, speak garbage. Everything that
it was sent is kept, as bytes and as actions, so that a test can see what really was on the wire.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final, Self

from hotline_ivr.testing.agi_caller import pieces

# Seconds that any single wait of a test for this Asterisk may last.
PATIENCE_S: Final = 5.0
_CHALLENGE: Final = "840415273"

Headers = Sequence[tuple[str, str]]
# What an action is answered with: whole messages, without their ActionID.
Answer = Callable[[dict[str, str]], Sequence[Headers]]


def message(headers: Headers) -> bytes:
    """A message as Asterisk writes it. Values go in raw."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode() + b"\r\n"


def succeed(text: str) -> Answer:
    """Answer with success."""
    return lambda _: [[("Response", "Success"), ("Message", text)]]


def refuse(text: str) -> Answer:
    """Answer with an error."""
    return lambda _: [[("Response", "Error"), ("Message", text)]]


def listing(items: Iterable[Headers], *, name: str, claimed: int | None = None) -> Answer:
    """Answer with a list of events, ended by `name`; `claimed` is a false number of items."""
    kept = [list(item) for item in items]
    count = str(len(kept) if claimed is None else claimed)
    start = [("Response", "Success"), ("EventList", "start"), ("Message", "will follow")]
    end = [("Event", name), ("EventList", "Complete"), ("ListItems", count)]
    return lambda _: [start, *kept, end]


class FakeAsterisk:
    """An asynchronous context manager; listens while it is entered."""

    def __init__(self, username: str = "hotline", secret: str = "a secret of the test") -> None:  # noqa: S107
        self._username = username
        self._secret = secret
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._reading = asyncio.Event()
        self._reading.set()
        # Answers kept back while a message is under way in pieces; None while none is.
        self._held: list[tuple[asyncio.StreamWriter, bytes]] | None = None
        #: The port, from the first entry on; kept when it is entered again.
        self.port = 0
        #: Answers by the name of the action; what is not here is answered with an error.
        self.answers: dict[str, Answer] = {
            "Ping": lambda _: [[("Response", "Success"), ("Ping", "Pong")]],
            "QueueStatus": listing([], name="QueueStatusComplete"),
        }
        #: Every action that came, with its headers; the last value of a header that came twice.
        self.actions: list[dict[str, str]] = []
        #: Every byte that came.
        self.wire = b""
        #: Connections taken since the first entry.
        self.connections = 0
        #: What a client is greeted with.
        self.greeting = b"Asterisk Call Manager/11.0.0\r\n"
        #: Whether a right secret is refused too.
        self.refuses_logins = False
        #: Whether it stops, and says so to whoever asks for anything.
        self.shutting_down = False
        #: Whether actions stay without an answer, though they are read.
        self.silent = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        self.thaw()
        # Each ends by its own cut connection.
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*self._tasks)

    # What a test does to it.

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def freeze(self) -> None:
        """Half-open: the connections stay, nothing is read or answered any more."""
        self._reading.clear()
        self.silent = True

    def thaw(self) -> None:
        self._reading.set()
        self.silent = False

    def send_event(self, name: str, *headers: tuple[str, str], privilege: str = "agent,all") -> None:
        """Tell every connection."""
        self.send(message([("Event", name), ("Privilege", privilege), *headers]))

    def send(self, data: bytes) -> None:
        """Send raw bytes to every connection."""
        for writer in self._writers:
            writer.write(data)

    async def send_split(self, data: bytes, size: int) -> None:
        """Send raw bytes in pieces of `size`, with a turn of the loop after each; answers wait meanwhile."""
        self._held = []
        for piece in pieces(data, size):
            self.send(piece)
            await asyncio.sleep(0)
        held, self._held = self._held, None
        for writer, answer in held:
            writer.write(answer)

    async def received(self, action: str, count: int = 1) -> list[dict[str, str]]:
        """Wait until this action has come `count` times in all; returns these."""
        async with asyncio.timeout(PATIENCE_S):
            while len(found := [each for each in self.actions if each.get("Action") == action]) < count:
                self._news.clear()
                await self._news.wait()
        return found

    async def connected(self, count: int) -> None:
        """Wait until `count` connections have been taken in all."""
        async with asyncio.timeout(PATIENCE_S):
            while self.connections < count:
                self._news.clear()
                await self._news.wait()

    # The server.

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._writers.append(writer)
        self.connections += 1
        self._news.set()
        writer.write(self.greeting)
        # A cut connection ends here; what came before is kept.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while True:
                await self._reading.wait()
                block = await reader.readuntil(b"\r\n\r\n")
                self.wire += block
                self._act(block, writer)
        writer.close()

    def _act(self, block: bytes, writer: asyncio.StreamWriter) -> None:
        lines = block.decode("utf-8", "surrogateescape").split("\r\n")
        action = dict(line.split(": ", 1) for line in lines if ": " in line)
        self.actions.append(action)
        self._news.set()
        if self.silent:
            return
        for headers in self._answer(action)(action):
            kind, *rest = headers
            answer = message([kind, ("ActionID", action.get("ActionID", "")), *rest])
            if self._held is None:
                writer.write(answer)
            else:
                self._held.append((writer, answer))

    def _answer(self, action: dict[str, str]) -> Answer:
        if self.shutting_down:
            return refuse("Asterisk is shutting down")
        match action.get("Action"):
            case "Challenge":
                return lambda _: [[("Response", "Success"), ("Challenge", _CHALLENGE)]]
            case "Login":
                return (
                    succeed("Authentication accepted")
                    if self._admits(action)
                    else refuse("Authentication failed")
                )
            case name:
                return self.answers.get(name or "", refuse("Invalid/unknown command"))

    def _admits(self, login: dict[str, str]) -> bool:
        digest = hashlib.md5((_CHALLENGE + self._secret).encode(), usedforsecurity=False).hexdigest()
        proven = login.get("Key") == digest or login.get("Secret") == self._secret
        return proven and login.get("Username") == self._username and not self.refuses_logins

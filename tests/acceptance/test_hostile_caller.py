"""Callers whose number and name are an attack: the call is handled, and nothing is forged anywhere.

Every attack carries the mark FORGED where its false line, event, variable or command would begin. The asks,
Asterisk's manager stream, its files and our own are read for that mark standing where it must not.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from hotline_ivr.testing.broken_service import BrokenService, dies_at_once
from hotline_ivr.testing.plans import CLOSED, OPEN, plan
from hotline_ivr.testing.raw_sip import RawCall
from hotline_ivr.testing.stack import HotlineStack, MakeStack

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

HOST = b"@127.0.0.1"


def number(user: bytes, name: bytes = b"") -> bytes:
    """A From header with these bytes as they are."""
    return (b'"' + name + b'" ' if name else b"") + b"<sip:" + user + HOST + b">"


def encoded(user: str | bytes, name: bytes = b"") -> bytes:
    """A From header whose user part is percent-encoded, as the standard asks."""
    return number(quote(user, safe="()=").encode(), name)


PROPER: dict[str, bytes] = {
    "an event in the number": encoded("4790070001\r\n\r\nEvent: FORGED\r\nQueue: main\r\n\r\n"),
    "lines in the number": encoded("4790070002\nFORGED: line\r\nFORGED"),
    "an AGI variable in the number": encoded("4790070003\nagi_callerid: FORGED\n\n"),
    "NUL encoded": encoded("4790070004\0FORGED"),
    "quotes": encoded("4790070005\"FORGED'", b"x\\\"FORGED'"),
    "ampersand and comma": encoded("4790070006&SIP/FORGED,1,FORGED", b"a&SIP/FORGED,1,b"),
    "expressions": encoded("4790070007${SHELL(touch FORGED)}$[1+1]", b"${SHELL(touch FORGED)}$[1+1]${EXTEN}"),
    "html": encoded("4790070008<script>FORGED</script>", b"<script>FORGED()</script>"),
    "formula": encoded('=HYPERLINK("http://FORGED")', b"=HYPERLINK(FORGED)"),
    "pipes and tildes": encoded("4790070010|FORGED~mark~answered", b"1|plan~FORGED|mark~answered|end"),
    "right-to-left": encoded("4790070011\u202eFORGED", "\u202eFORGED\u2066\u200f".encode()),
    "four-byte characters": encoded("4790070012\U0001f4deFORGED", "\U0001f4deFORGED\U0001d518".encode()),
    "broken UTF-8": encoded(b"4790070013\xc3\x28\xffFORGED", b"\xc3\x28\xf0\x9f FORGED"),
    "terminal control": encoded("4790070014\x1b[2J\x1b]0;FORGED\x07", b"FORGED"),
    "log line": encoded('4790070015\r\n{"eventtype":"FORGED"}\r\n'),
    "backslashes": encoded("4790070016\\\\FORGED\\", b"\\\\FORGED\\\\"),
    "three kilobytes": encoded("4790070017" + "9" * 1500, b"FORGED" * 250),
}
"""What a proper SIP stack may send: percent-encoded in the user part, anything printable in the name."""

RAW: dict[str, bytes] = {
    "NUL": number(b"4790070101\x00FORGED"),
    "NUL in the name": number(b"4790070102", b"a\x00FORGED"),
    "control characters in the name": number(b"4790070103", b"a\x1b[2J\x07FORGED"),
    "eight kilobytes": number(b"4790070104" + b"8" * 4000, b"FORGED" * 700),
    "no end": b'"FORGED <sip:4790070105' + HOST,
}
"""What none may send: Asterisk may refuse it or say nothing, but it must go on."""


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(plan({"anna": None}, now=datetime.now(UTC)))
    made.start()
    return made


class ManagerStream:
    """Everything that the manager interface sends to our account, as raw bytes."""

    def __init__(self) -> None:
        self.received = b""

    async def read(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            self.received += data


@asynccontextmanager
async def listening_manager(stack: HotlineStack) -> AsyncIterator[ManagerStream]:
    """In the service's place, since its account may be logged in once only."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.settings.ami_port)
    user = re.search(
        r"^\[(?!general\])([^\]]+)\]", (stack.settings.etc_dir / "manager.conf").read_text(), re.MULTILINE
    )
    assert user is not None
    login = f"Action: Login\r\nUsername: {user[1]}\r\nSecret: {stack.ami_secret()}\r\nEvents: on\r\n\r\n"
    stream = ManagerStream()
    task = asyncio.create_task(stream.read(reader))
    try:
        writer.write(login.encode())
        await until(lambda: b"Response: Success" in stream.received)
        yield stream
    finally:
        writer.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool], deadline: float = 10) -> None:
    async with asyncio.timeout(deadline):
        while not condition():
            await asyncio.sleep(0.02)


async def place(stack: HotlineStack, sender: bytes, called: str) -> int:
    async with RawCall("127.0.0.1", stack.settings.sip_port, called, sender) as call:
        return await call.wait_final(3)


async def test_hostile_numbers_and_names_are_answered_and_recorded_once_each(stack: HotlineStack) -> None:
    before = len(await asyncio.to_thread(stack.calls))
    refused = {}
    for what, sender in PROPER.items():
        if (status := await place(stack, sender, OPEN)) != 200:
            refused[what] = status
    assert not refused, "not answered"
    wanted = before + len(PROPER)
    records = await stack.wait_calls(
        lambda records: sum(record["finished"] for record in records) >= wanted, 15, "the hostile calls"
    )
    assert len(records) == wanted
    for record in records[before:]:
        assert re.fullmatch(r"[0-9+*#]*", record["caller"]), record
        assert record["outcome"] == "abandoned"
        assert (record["line"], record["number"]) == ("open", OPEN)
    assert_nothing_forged(stack)


async def test_what_no_sip_phone_sends_does_no_harm(stack: HotlineStack) -> None:
    statuses = {what: await place(stack, sender, CLOSED) for what, sender in RAW.items()}
    assert all(status in {0, 200} or 400 <= status < 700 for status in statuses.values()), statuses
    # Asterisk goes on, and so does the service: the next proper caller is served.
    assert await place(stack, number(b"4790070199"), CLOSED) == 200
    record = await stack.wait_call("4790070199", 15)
    assert (record["outcome"], record["route"]) == ("closed", "service")
    assert_nothing_forged(stack)


async def test_nothing_is_forged_in_the_manager_stream_or_in_the_asks(stack: HotlineStack) -> None:
    stack.signal_service(signal.SIGKILL)
    try:
        async with (
            listening_manager(stack) as manager,
            BrokenService(stack.settings.agi_port, dies_at_once) as service,
        ):
            for sender in (*PROPER.values(), *RAW.values()):
                await place(stack, sender, OPEN)
            await until(lambda: len(service.asked) >= len(PROPER))
    finally:
        stack.start_service()
        await asyncio.to_thread(stack.wait_ready)

    assert b"FORGED" not in manager.received, manager.received[-2000:]
    for asked in service.asked:
        lines = asked.decode("latin-1").splitlines()
        names = [text.split(":", 1)[0] for text in lines if text]
        assert all(re.fullmatch(r"agi_[a-z0-9_]+", name) for name in names), lines
        assert len(names) == len(set(names)), lines
        assert "FORGED" not in "".join(text for text in lines if not text.startswith("agi_callerid")), lines


def assert_nothing_forged(stack: HotlineStack) -> None:
    """The files that Asterisk and the service wrote, and what a terminal shows of them."""
    for text in stack.settings.queue_log_file.read_bytes().splitlines():
        assert re.fullmatch(rb"\d+\|[^|]+\|[^|]+\|[^|]*\|[A-Z]+(\|[^|]*)*", text), text
        assert b"FORGED" not in text
    for text in stack.settings.cel_file.read_bytes().splitlines():
        assert text.startswith(b'{"eventtype":"'), text
        pairs = json.loads(text, object_pairs_hook=list)
        assert len(pairs) == len({key for key, _ in pairs}), text
        assert b"FORGED" not in text, text
    assert not list(Path(stack.folder).rglob("FORGED*"))
    logs = [*stack.settings.log_dir.glob("*.log"), stack.log_of("asterisk"), stack.log_of("serve")]
    for path in (path for path in logs if path.exists()):
        for text in path.read_bytes().split(b"\n"):
            assert not text.startswith((b"FORGED", b"Event: FORGED", b'{"eventtype":"FORGED')), (path, text)
            assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", text.replace(b"\x1b[", b"").rstrip(b"\r")), (
                path,
                text,
            )
    for verb in (("calls", "--numbers"), ("calls", "--numbers", "--json")):
        shown = stack.hotline(*verb)
        assert shown.returncode == 0, shown.stderr
        strange = {c for c in shown.stdout if unicodedata.category(c) in {"Cc", "Cf"} and c != "\n"}
        assert not strange, strange

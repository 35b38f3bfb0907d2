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
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from hotline_ivr.asterisk.render.links import AMI_USER, EVENTS
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
    config = plan({"anna": None}, now=datetime.now(UTC))
    # Hostile callers shall wait, so that the queue speaks of them, though anna's phone is not there.
    config["queues"]["main"]["join_when_empty"] = "yes"
    made = make_stack(config)
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
    """What the service's own account is told."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.settings.ami_port)
    login = f"Action: Login\r\nUsername: {AMI_USER}\r\nSecret: {stack.ami_secret()}\r\nEvents: on\r\n\r\n"
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


async def test_hostile_text_in_other_headers_than_from_is_no_better_off(stack: HotlineStack) -> None:
    before = len(await asyncio.to_thread(stack.calls))
    names = (b"Diversion", b"P-Asserted-Identity", b"Remote-Party-ID", b"History-Info")
    for sender in PROPER.values():
        headers = b"\r\n".join(name + b": " + sender for name in names)
        called = RawCall("127.0.0.1", stack.settings.sip_port, OPEN, number(b"4790070020"), headers)
        async with called as call:
            assert await call.wait_final(5) == 200, headers
    wanted = before + len(PROPER)
    records = await stack.wait_calls(
        lambda records: sum(record["finished"] for record in records) >= wanted, 15, "the hostile calls"
    )
    assert {record["caller"] for record in records[before:]} == {"4790070020"}
    assert_nothing_forged(stack)


async def test_what_no_sip_phone_sends_does_no_harm(stack: HotlineStack) -> None:
    statuses = {what: await place(stack, sender, CLOSED) for what, sender in RAW.items()}
    assert all(status in {0, 200} or 400 <= status < 700 for status in statuses.values()), statuses
    # Asterisk goes on, and so does the service: the next proper caller is served.
    assert await place(stack, number(b"4790070199"), CLOSED) == 200
    record = await stack.wait_call("4790070199", 15)
    assert (record["outcome"], record["route"]) == ("closed", "service")
    assert_nothing_forged(stack)


async def test_nothing_is_forged_in_the_manager_stream_while_hostile_callers_wait(
    stack: HotlineStack,
) -> None:
    def count(event: bytes) -> int:
        return manager.received.count(b"Event: " + event + b"\r\n")

    async with listening_manager(stack) as manager:
        async with AsyncExitStack() as calls:
            for sender in PROPER.values():
                await calls.enter_async_context(RawCall("127.0.0.1", stack.settings.sip_port, OPEN, sender))
            await until(lambda: count(b"QueueCallerJoin") >= len(PROPER), 20)
        await until(lambda: count(b"QueueCallerLeave") >= len(PROPER), 20)

    assert count(b"QueueCallerJoin") == count(b"QueueCallerLeave") == len(PROPER)
    _banner, _, stream = manager.received.partition(b"\r\n")
    for message in stream.decode("ascii").removesuffix("\r\n\r\n").split("\r\n\r\n"):
        assert_message_is_true(message)
    assert_nothing_forged(stack)


def assert_message_is_true(message: str) -> None:
    headers = [tuple(text.split(": ", 1)) for text in message.split("\r\n")]
    names = [header[0] for header in headers]
    assert names[0] in {"Event", "Response"}, message
    assert all(len(header) == 2 and re.fullmatch(r"[A-Za-z]+", header[0]) for header in headers), message
    assert len(names) == len(set(names)), message
    if names[0] == "Event":
        assert headers[0][1] in EVENTS, message
    for name, text in headers:
        if name in {"CallerIDNum", "ConnectedLineNum"}:
            assert re.fullmatch(r"[0-9+*#]*|<unknown>", text), message
        elif name in {"CallerIDName", "ConnectedLineName"}:
            assert re.fullmatch(r"[A-Za-z0-9 .-]*|<unknown>", text), message
        else:
            assert "FORGED" not in text, message


async def test_nothing_is_forged_in_what_the_service_is_asked(stack: HotlineStack) -> None:
    stack.signal_service(signal.SIGKILL)
    try:
        async with BrokenService(stack.settings.agi_port, dies_at_once) as service:
            for sender in (*PROPER.values(), *RAW.values()):
                await place(stack, sender, OPEN)
            await until(lambda: len(service.asked) >= len(PROPER))
    finally:
        stack.start_service()
        await asyncio.to_thread(stack.wait_ready)

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
        fields = text.split(b"|")
        # The filtered name is the one place where what the caller wrote may stand.
        assert b"FORGED" not in b"|".join(fields[:8]), text
        assert all(re.fullmatch(rb"[A-Za-z0-9 .+*#/_<>-]*", field) for field in fields), text
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

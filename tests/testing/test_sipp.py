"""SIPp against itself: callers ring operators' phones, and both ledgers tell the same story."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from pathlib import Path

import pytest
from typing_extensions import override

from hotline_ivr.testing.ledger import EndedBy
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.ports import free_port, free_range
from hotline_ivr.testing.sip_dialog import Dialog, Message, audio
from hotline_ivr.testing.sipp import Caller, Turn, callers, expand, operator_phones

needs_sipp = pytest.mark.skipif(
    shutil.which("sipp") is None, reason="sipp is not installed (Debian: sip-tester)"
)


def test_a_block_is_repeated_once_for_each_distinct_value() -> None:
    template = "a\n  <!-- for each stay -->\n  stay-STAY\n  <!-- end -->\nz RING_MS\n"
    assert expand(template, {"stay": [5, 7, 5]}, ring_ms=9) == "a\n  stay-5\n  stay-7\nz 9\n"


def test_a_free_range_is_even_and_has_no_taken_port() -> None:
    first = free_range(10)
    assert first % 2 == 0
    with pytest.raises(OSError, match="no 10 free UDP ports"):
        free_range(10, 30_000, 30_005)


def test_no_time_at_all_is_refused_because_sipp_would_wait_for_ever() -> None:
    with pytest.raises(ValueError, match="at least 1 ms"):
        Turn(0)
    with pytest.raises(ValueError, match="at least 1 ms"):
        Caller("+4790000001", "anna", 0)


@needs_sipp
async def test_both_sides_of_every_call_agree_on_when_and_who(tmp_path: Path) -> None:
    port = free_port()
    wanted = [Caller("+4790000001", "anna", 5000), Caller("+4790000002", "bjorn", 300)]
    async with (
        operator_phones(tmp_path, [Turn(100, 400), Turn(50, 60_000)], port=port) as phones,
        callers(tmp_path, "127.0.0.1", port, wanted, per_second=5) as calling,
    ):
        ours = await calling.wait_ended(20)
        theirs = await phones.wait_for(lambda rows: all(row.ended for row in rows), 5)

    assert [row.number for row in ours] == ["+4790000001", "+4790000002"]
    assert [(row.number, row.peer) for row in theirs] == [("anna", "+4790000001"), ("bjorn", "+4790000002")]
    assert [row.ended_by for row in ours] == [EndedBy.THEM, EndedBy.US]
    assert [row.ended_by for row in theirs] == [EndedBy.US, EndedBy.THEM]
    for one, other in zip(ours, theirs, strict=True):
        assert one.call_id == other.call_id
        for name in ("started", "answered", "ended"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), abs=0.05), name


@needs_sipp
async def test_a_caller_whom_nobody_answers_gives_up(tmp_path: Path) -> None:
    port = free_port()
    async with (
        operator_phones(tmp_path, [Turn(60_000)], port=port) as phones,
        callers(tmp_path, "127.0.0.1", port, [Caller("+4790000003", "anna")], ring_ms=300) as calling,
    ):
        (row,) = await calling.wait_ended(10)
        (rung,) = await phones.wait_for(lambda rows: all(row.ended for row in rows), 5)
    assert (row.code, row.ended_by, row.answered) == (487, EndedBy.US, None)
    assert (rung.code, rung.ended_by) == (487, EndedBy.THEM)


@needs_sipp
async def test_waiting_for_what_does_not_happen_ends_and_says_how_far_it_came(tmp_path: Path) -> None:
    async with operator_phones(tmp_path, [Turn(1)], port=free_port()) as phones:
        with pytest.raises(TimeoutError, match=r"operators: waited 0.1 s for a call: \[\]"):
            await phones.wait_for(bool, 0.1, "a call")


@needs_sipp
async def test_a_phone_and_sipp_agree_to_within_fifty_milliseconds(tmp_path: Path) -> None:
    port = free_port()
    async with operator_phones(tmp_path, [Turn(200, 500)], port=port) as phones, Telephones() as telephones:
        caller = await telephones.caller("+4790000004", "127.0.0.1", port)
        call = await caller.dial("anna")
        await call.wait_answered(5)
        await call.wait_ended(5)
        (other,) = phones.rows()
    (row,) = telephones.ledger()
    assert (row.call_id, row.ended_by, row.code) == (other.call_id, EndedBy.THEM, 200)
    for name in ("started", "answered", "ended"):
        assert getattr(row, name) == pytest.approx(getattr(other, name), abs=0.05), name


CROSSING = """{method} sip:anna@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:{here};branch=z9hG4bK-{branch}
From: <sip:+4790000005@127.0.0.1>;tag=1
To: <sip:anna@127.0.0.1>
Call-ID: crossing
CSeq: {number} {method}
Contact: <sip:+4790000005@127.0.0.1:{here}>
Max-Forwards: 70
Content-Length: 0

"""


@needs_sipp
async def test_a_caller_who_leaves_in_the_moment_of_the_answer_has_left(tmp_path: Path) -> None:
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        line.connect(("127.0.0.1", port))
        line.setblocking(False)
        loop, here = asyncio.get_running_loop(), line.getsockname()[1]

        def send(method: str, branch: str, number: int) -> None:
            text = CROSSING.format(method=method, branch=branch, number=number, here=here)
            line.send(text.replace("\n", "\r\n").encode())

        async def heard(status: str, cseq: str) -> None:
            async with asyncio.timeout(5):
                while True:
                    said = (await loop.sock_recv(line, 4096)).decode()
                    if status in said and cseq in said:
                        return

        async with operator_phones(tmp_path, [Turn(50, 60_000)], port=port) as phones:
            send("INVITE", "1", 1)
            await heard("SIP/2.0 200", "1 INVITE")
            send("CANCEL", "1", 1)
            await heard("SIP/2.0 200", "1 CANCEL")
            send("ACK", "2", 1)
            send("BYE", "3", 2)
            await heard("SIP/2.0 200", "2 BYE")
            (row,) = await phones.wait_for(lambda rows: all(row.ended for row in rows), 5)
    assert (row.code, row.ended_by) == (487, EndedBy.THEM)


@needs_sipp
async def test_who_writes_down_moments_has_the_processor_first_where_that_is_allowed(tmp_path: Path) -> None:
    async with operator_phones(tmp_path, [Turn(100, 100)], port=free_port()) as phones:
        (process,) = [
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if f"\0{phones.port}\0" in path.read_text(errors="replace")
        ]
        before = os.sched_getscheduler(process)
        # Not every root may: containers have it taken away.
        allowed = phones.go_first()
        assert os.sched_getscheduler(process) == (os.SCHED_RR if allowed else before)


async def test_a_caller_may_pause_before_it_calls(tmp_path: Path) -> None:
    port = free_port()
    wanted = [Caller("+4790000001", "anna", 5000, after_ms=700), Caller("+4790000002", "bjorn", 5000)]
    async with (
        operator_phones(tmp_path, [Turn(10, 100)], port=port),
        callers(tmp_path, "127.0.0.1", port, wanted, per_second=50) as calling,
    ):
        ours = await calling.wait_ended(20)
    assert [row.number for row in ours] == ["+4790000002", "+4790000001"]
    assert ours[1].started - ours[0].started == pytest.approx(0.68, abs=0.2)


@needs_sipp
async def test_calls_that_are_up_go_on_when_no_more_are_to_begin(tmp_path: Path) -> None:
    port = free_port()
    wanted = [Caller(f"+47900000{index:02}", "anna", 5000) for index in range(90)]
    async with (
        operator_phones(tmp_path, [Turn(10, 600)], port=port),
        callers(tmp_path, "127.0.0.1", port, wanted, per_second=10) as calling,
    ):
        await calling.wait_for(lambda rows: len(rows) >= 5, 10)
        calling.call_no_more()
        ours = await calling.wait_ended(20)
    assert 5 <= len(ours) < 90
    assert all(row.ended_by is EndedBy.THEM for row in ours)


class BusyMachine(asyncio.DatagramProtocol):
    """A caller who is so late with reading the answer that it has sent its call again meanwhile."""

    def __init__(self, port: int) -> None:
        self._phone, self._invite = ("127.0.0.1", port), b""
        self.asked: list[str] = []

    async def call(self) -> int:
        loop = asyncio.get_running_loop()
        self._sip, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        at = "127.0.0.1:{}".format(self._sip.get_extra_info("sockname")[1])
        us, phone = f"<sip:+4790000001@{at}>;tag=1", f"sip:anna@127.0.0.1:{self._phone[1]}"
        self.dialog = Dialog(self._send, at=at, call_id="late", us=us, them=f"<{phone}>", target=phone)
        return (await self.dialog.request("INVITE", sdp=audio("127.0.0.1", 9))).status

    def close(self) -> None:
        self._sip.close()

    def _send(self, data: bytes) -> None:
        if data.startswith(b"INVITE"):
            self._invite = data
        elif data.startswith(b"ACK"):
            self._sip.sendto(self._invite, self._phone)
        self._sip.sendto(data, self._phone)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = Message.read(data)
        if message.status:
            self.dialog.take_reply(message)
        else:
            self.asked.append(message.method)
            self._sip.sendto(message.answer("200 OK"), addr)


@needs_sipp
async def test_a_call_that_is_sent_again_after_its_answer_is_not_lost(tmp_path: Path) -> None:
    port = free_port()
    async with operator_phones(tmp_path, [Turn(50, 300)], port=port) as phones:
        caller = BusyMachine(port)
        assert await caller.call() == 200
        (row,) = await phones.wait_for(lambda rows: bool(rows) and rows[0].ended is not None, 5)
        assert row.ended_by is EndedBy.US
        async with asyncio.timeout(5):
            while caller.asked != ["BYE"]:
                await asyncio.sleep(0.01)
        caller.close()

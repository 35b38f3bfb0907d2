"""The telephones of a call centre or of operators, all on one port, each number with manners of its own.

Of SIP only what a call from Asterisk needs: ring, answer, refuse, press a key by INFO, hang up; and what a
broken telephone does.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Self

from typing_extensions import override

_COPIED = re.compile(rb"^(?:Via|From|To|Call-ID|CSeq)\s*:[^\r\n]*\r\n", re.IGNORECASE | re.MULTILINE)
_CALL_ID = re.compile(rb"^Call-ID\s*:\s*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_FRAME_S = 0.02
_SPEAKS_S = 60.0
_DROPS_AFTER_S = 0.05


class Manners(StrEnum):
    """What who answers a number does."""

    PRESSES = "presses"
    # Picks up and never presses anything.
    SILENT = "silent"
    # A voicemail box: picks up, and talks.
    TALKS = "talks"
    DECLINES = "declines"
    BUSY = "busy"
    RINGS = "rings"
    # Off before the call: not a word to the INVITE, nor to anything after it.
    OFF = "off"
    # Rings, and is switched off in mid-ring: nothing more is heard of it.
    DIES = "dies"
    # 480, and 603.
    UNAVAILABLE = "unavailable"
    REFUSES = "refuses"
    # Picks up, and is gone within 100 ms.
    DROPS = "drops"


_REFUSALS = {
    Manners.BUSY: "486 Busy Here",
    Manners.UNAVAILABLE: "480 Temporarily Unavailable",
    Manners.REFUSES: "603 Decline",
}
_SPEECHLESS = frozenset({Manners.OFF, Manners.DIES})


@dataclass
class DeskCall:
    """One call to a number of the centre."""

    number: str
    caller: str
    call_id: str
    rung_at: float
    invite: bytes
    peer: tuple[str, int]
    tag: str = field(default_factory=lambda: secrets.token_hex(4))
    answered: bool = False
    answered_at: float = 0.0
    ended_at: float = 0.0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        self.ended_at = self.ended_at or time.time()
        self.ended.set()

    def header(self, name: str) -> str:
        found = re.search(rf"^{name}\s*:\s*([^\r\n]*)".encode(), self.invite, re.IGNORECASE | re.MULTILINE)
        return found[1].decode() if found else ""


class CentreDesk(asyncio.DatagramProtocol):
    """Use as an async context manager. `manners` by number; keys come `after_s` seconds after the answer."""

    def __init__(self, port: int, manners: dict[str, Manners], *, after_s: float = 0.5) -> None:
        self._port, self._manners, self._after = port, manners, after_s
        self._tasks: set[asyncio.Task[None]] = set()
        self.calls: list[DeskCall] = []
        self._by_id: dict[str, DeskCall] = {}
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        address = ("127.0.0.1", self._port)
        self._sip, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=address)
        self._rtp, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for call in self.calls:
            self.hang_up(call)
        self._sip.close()
        self._rtp.close()

    def to(self, number: str) -> list[DeskCall]:
        """Calls to a number, in order."""
        return [call for call in self.calls if call.number == number]

    async def answered(self, number: str, caller: str, within_s: float = 10.0) -> DeskCall:
        """The call to a number that shows this caller, once it is answered. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while True:
                up = [call for call in self.to(number) if call.answered and not call.ended.is_set()]
                if found := [call for call in up if call.caller == caller]:
                    return found[-1]
                self._news.clear()
                await self._news.wait()

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        method = data.split(b" ", 1)[0]
        found = _CALL_ID.search(data)
        known = self._by_id.get(found[1].decode(errors="replace")) if found else None
        if method == b"INVITE" and known is None:
            self._rung(data, addr)
        elif known is not None and self._manners_of(known) in _SPEECHLESS:
            return
        elif method == b"CANCEL" and known is not None:
            self._reply(data, addr, "200 OK", known)
            self._reply(known.invite, addr, "487 Request Terminated", known)
            known.end()
        elif method == b"BYE":
            self._reply(data, addr, "200 OK", known)
            if known is not None:
                known.end()

    def _rung(self, data: bytes, addr: tuple[str, int]) -> None:
        number = data.split(b"sip:", 1)[1].split(b"@", 1)[0].decode()
        call = DeskCall(number, "", "", time.time(), data, addr)
        call.call_id = call.header("Call-ID")
        call.caller = call.header("From").partition("sip:")[2].partition("@")[0]
        self.calls.append(call)
        self._by_id[call.call_id] = call
        manners = self._manners_of(call)
        if manners is Manners.OFF:
            return
        self._reply(data, addr, "180 Ringing", call)
        if (refusal := _REFUSALS.get(manners)) is not None:
            self._reply(data, addr, refusal, call)
            call.end()
        elif manners not in {Manners.RINGS, Manners.DIES}:
            task = asyncio.create_task(self._answer(call, manners))
            self._tasks.add(task)

    def _manners_of(self, call: DeskCall) -> Manners:
        return self._manners.get(call.number, Manners.RINGS)

    async def _answer(self, call: DeskCall, manners: Manners) -> None:
        port = self._rtp.get_extra_info("sockname")[1]
        lines = ("v=0", "o=desk 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0")
        sdp = "".join(f"{line}\r\n" for line in (*lines, f"m=audio {port} RTP/AVP 8", "a=rtpmap:8 PCMA/8000"))
        self._reply(call.invite, call.peer, "200 OK", call, sdp)
        call.answered, call.answered_at = True, time.time()
        self._news.set()
        if manners is Manners.TALKS:
            await self._talk(call)
        elif manners is Manners.DROPS:
            await asyncio.sleep(_DROPS_AFTER_S)
            self.hang_up(call)
        elif manners in {Manners.PRESSES, Manners.DECLINES}:
            await asyncio.sleep(self._after)
            key = "1" if manners is Manners.PRESSES else "5"
            self._request(call, "INFO", 2, f"Signal={key}\r\nDuration=160\r\n")

    async def _talk(self, call: DeskCall) -> None:
        """A square wave of 500 Hz, as RTP in A-law."""
        media = re.search(rb"m=audio (\d+)", call.invite)
        payload = (b"\x2a" * 8 + b"\xaa" * 8) * 10
        begun = time.monotonic()
        for number in range(int(_SPEAKS_S / _FRAME_S)):
            if call.ended.is_set() or media is None:
                return
            head = bytes((0x80, 8)) + number.to_bytes(2) + (number * 160).to_bytes(4) + b"desk"
            self._rtp.sendto(head + payload, ("127.0.0.1", int(media[1])))
            await asyncio.sleep(max(0.0, begun + (number + 1) * _FRAME_S - time.monotonic()))

    def hang_up(self, call: DeskCall) -> None:
        if call.answered and not call.ended.is_set():
            self._request(call, "BYE", 3)
            call.end()

    def _request(self, call: DeskCall, method: str, number: int, body: str = "") -> None:
        contact = re.search(r"<([^>]+)>", call.header("Contact"))
        target = contact[1] if contact else f"sip:{call.peer[0]}:{call.peer[1]}"
        head = [
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self._port};branch=z9hG4bK{secrets.token_hex(8)}",
            f"From: {call.header('To')};tag={call.tag}",
            f"To: {call.header('From')}",
            f"Call-ID: {call.call_id}",
            f"CSeq: {number} {method}",
            "Max-Forwards: 70",
            *(["Content-Type: application/dtmf-relay"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._sip.sendto("\r\n".join([*head, "", body]).encode(), call.peer)

    def _reply(
        self, request: bytes, addr: tuple[str, int], status: str, call: DeskCall | None, sdp: str = ""
    ) -> None:
        headers = b"".join(_COPIED.findall(request))
        if call is not None:
            headers = re.sub(
                rb"(?im)^(To\s*:(?:(?!;tag=)[^\r\n])*)(?=\r)", rb"\1;tag=" + call.tag.encode(), headers
            )
        head = [
            f"SIP/2.0 {status}",
            headers.decode(errors="replace").rstrip("\r\n"),
            f"Contact: <sip:desk@127.0.0.1:{self._port}>",
            *(["Content-Type: application/sdp"] if sdp else []),
            f"Content-Length: {len(sdp)}",
        ]
        self._sip.sendto("\r\n".join([*head, "", sdp]).encode(), addr)

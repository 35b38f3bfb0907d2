"""A caller that sends any bytes it likes, for what no proper SIP phone would send.

Answers are read only as far as a call needs: status, To tag, and requests by which the far end hangs up.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from types import TracebackType
from typing import Self

from typing_extensions import override

from hotline_ivr.testing.ledger import LedgerRow

_STATUS = re.compile(rb"SIP/2\.0 (\d{3}) ")
_TO = re.compile(rb"^(?:To|t)\s*:[^\r\n]*", re.IGNORECASE | re.MULTILINE)
_COPIED = re.compile(rb"^(?:Via|v|From|f|To|t|Call-ID|i|CSeq)\s*:[^\r\n]*\r\n", re.IGNORECASE | re.MULTILINE)


class RawCall(asyncio.DatagramProtocol):
    """One call from a socket of its own. Use as an async context manager: leaving it hangs up."""

    def __init__(self, host: str, port: int, called: str, sender: bytes, headers: bytes = b"") -> None:
        """`sender` is everything in the From header before its tag: `"name" <sip:user@host>`.

        `headers` are further header lines of the INVITE, without the last line's end.
        """
        self._host, self._port, self._called, self._sender = host, port, called, sender
        self._headers = headers
        self._transport: asyncio.DatagramTransport | None = None
        self._call_id = secrets.token_hex(12)
        self._branch = f"z9hG4bK{secrets.token_hex(8)}"
        self._to = f"To: <sip:{called}@{host}:{port}>".encode()
        self._final = asyncio.Event()
        self._ended = asyncio.Event()
        self.status = 0
        self.row = LedgerRow(self._call_id, "", time.time(), peer=called)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0), remote_addr=(self._host, self._port)
        )
        self._local = self._transport.get_extra_info("sockname")
        self._send(self._request(b"INVITE", 1, _sdp(self._local[1])))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._transport is None:
            return
        if self.status == 200 and not self._ended.is_set():
            self.hang_up()
        elif not self._final.is_set():
            self._send(self._request(b"CANCEL", 1))
        self._transport.close()

    async def wait_final(self, deadline: float) -> int:
        """The final status; 0 if the far end says nothing at all within `deadline` seconds."""
        try:
            async with asyncio.timeout(deadline):
                await self._final.wait()
        except TimeoutError:
            return 0
        return self.status

    async def wait_ended(self, deadline: float) -> None:
        """Until the far end hangs up. Raises TimeoutError after `deadline` seconds."""
        async with asyncio.timeout(deadline):
            await self._ended.wait()

    def hang_up(self) -> None:
        self._send(self._request(b"BYE", 2, branch=f"z9hG4bK{secrets.token_hex(8)}"))
        self._ended.set()

    @override
    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        if data.startswith(b"BYE "):
            self._send(b"SIP/2.0 200 OK\r\n" + b"".join(_COPIED.findall(data)) + b"Content-Length: 0\r\n\r\n")
            self._ended.set()
        elif (status := _STATUS.match(data)) and b"INVITE" in data and int(status[1]) >= 200:
            self.status = int(status[1])
            if to := _TO.search(data):
                self._to = to[0]
            again = f"z9hG4bK{secrets.token_hex(8)}" if self.status == 200 else self._branch
            self._send(self._request(b"ACK", 1, branch=again))
            self._final.set()

    @override
    def error_received(self, exc: Exception) -> None:
        """Nobody listens on the far port; the deadline of whoever waits says so."""

    def _send(self, message: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(message)

    def _request(self, method: bytes, number: int, body: bytes = b"", branch: str = "") -> bytes:
        host, port = self._local
        head = [
            method + f" sip:{self._called}@{self._host}:{self._port} SIP/2.0".encode(),
            f"Via: SIP/2.0/UDP {host}:{port};branch={branch or self._branch}".encode(),
            b"From: " + self._sender + f";tag={self._call_id[:8]}".encode(),
            self._to,
            f"Call-ID: {self._call_id}".encode(),
            f"CSeq: {number} ".encode() + method,
            f"Contact: <sip:raw@{host}:{port}>".encode(),
            b"Max-Forwards: 70",
            *([self._headers] if self._headers and method == b"INVITE" else []),
            *([b"Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}".encode(),
        ]
        return b"\r\n".join([*head, b"", body])


def _sdp(port: int) -> bytes:
    # The audio goes to a port of ours that nobody reads: this caller does not listen.
    lines = (
        "v=0",
        "o=raw 1 1 IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        f"m=audio {port} RTP/AVP 8",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()

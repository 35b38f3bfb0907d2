"""A phone that registers once and is never heard of again: no renewal, no farewell."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from typing_extensions import override

from hotline_ivr.testing.digest import authorization

_DEADLINE_S = 5.0


async def register(account: str, secret: str, host: str, port: int, contact: str, *, expires: int) -> None:
    """Register `contact` for `expires` seconds.

    Raises ConnectionError if Asterisk does not take it, TimeoutError if it says nothing.
    """
    loop = asyncio.get_running_loop()
    replies: asyncio.Queue[str] = asyncio.Queue(10)
    transport, _ = await loop.create_datagram_endpoint(lambda: _Replies(replies), remote_addr=(host, port))
    try:
        async with asyncio.timeout(_DEADLINE_S):
            ask = _Request(
                account, f"sip:{host}:{port}", contact, expires, transport.get_extra_info("sockname")
            )
            transport.sendto(ask.text(1, ""))
            challenge = await replies.get()
            transport.sendto(ask.text(2, authorization(challenge, account, secret, "REGISTER", ask.uri)))
            while not (reply := await replies.get()).startswith("SIP/2.0 200"):
                if not reply.startswith("SIP/2.0 401"):
                    raise ConnectionError(reply.partition("\r\n")[0])
    finally:
        transport.close()


class _Request:
    def __init__(self, account: str, uri: str, contact: str, expires: int, local: tuple[str, int]) -> None:
        self.uri = uri
        self._account, self._contact, self._expires = account, contact, expires
        self._local = f"{local[0]}:{local[1]}"
        self._call_id = secrets.token_hex(12)

    def text(self, number: int, authorization: str) -> bytes:
        who = f"<sip:{self._account}@{self.uri.removeprefix('sip:')}>"
        head = [
            f"REGISTER {self.uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._local};branch=z9hG4bK{secrets.token_hex(8)}",
            f"From: {who};tag={self._call_id[:8]}",
            f"To: {who}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {number} REGISTER",
            f"Contact: <{self._contact}>",
            f"Expires: {self._expires}",
            "Max-Forwards: 70",
            *([authorization] if authorization else []),
            "Content-Length: 0",
        ]
        return "\r\n".join([*head, "", ""]).encode()


class _Replies(asyncio.DatagramProtocol):
    def __init__(self, replies: asyncio.Queue[str]) -> None:
        self._replies = replies

    @override
    def datagram_received(self, data: bytes, _addr: tuple[str | Any, int]) -> None:
        self._replies.put_nowait(data.decode(errors="replace"))

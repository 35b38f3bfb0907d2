"""One SIP dialog over UDP: as much of RFC 3261 as a telephone of a test needs on loopback.

It knows no socket: `send` takes the bytes, and whoever has the socket puts answers into `take_reply`.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from hotline_ivr.testing.digest import authorization

AGAIN_S = 0.5
"""After so long without an answer a request is sent again (T1)."""
PATIENCE_S = 70.0
"""No answer is waited for any longer: a telephone may ring for a minute."""

_USER = re.compile(r"sips?:([^@;>]+)@")
_TAG = re.compile(r";tag=([^;>\s]+)")


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""

    @staticmethod
    def read(data: bytes) -> Message:
        head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        split = (line.partition(":") for line in lines)
        return Message(start, tuple((name.strip().lower(), text.strip()) for name, _, text in split), body)

    @property
    def status(self) -> int:
        """0 of a request."""
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """Also of the request that is answered."""
        return self.header("cseq").partition(" ")[2]

    @property
    def number(self) -> int:
        return int(self.header("cseq").partition(" ")[0] or 0)

    def header(self, name: str) -> str:
        return next((text for found, text in self.headers if found == name), "")

    def user(self, name: str) -> str:
        """User part of the address in a header."""
        found = _USER.search(self.header(name))
        return found[1] if found else ""

    def answer(self, status: str, *, tag: str = "", contact: str = "", sdp: str = "") -> bytes:
        """The answer to this request."""
        copied = [
            f"{name}: {text}" for name, text in self.headers if name in {"via", "from", "call-id", "cseq"}
        ]
        to = self.header("to")
        ours = "" if "tag=" in to or not tag else f";tag={tag}"
        return _text([f"SIP/2.0 {status}", *copied, f"To: {to}{ours}"], contact, sdp)


class Dialog:
    """`us` and `them` are From and To of our requests, `target` is where they go, `at` our host and port."""

    def __init__(
        self, send: Callable[[bytes], object], *, at: str, call_id: str, us: str, them: str, target: str
    ) -> None:
        self._send, self._at, self._target = send, at, target
        self.call_id, self.us, self.them = call_id, us, them
        self._number = 0
        self._branch = ""
        self._replies: asyncio.Queue[Message] = asyncio.Queue(64)
        self._acks: dict[int, bytes] = {}

    @property
    def our_tag(self) -> str:
        return _tag(self.us)

    @property
    def their_tag(self) -> str:
        return _tag(self.them)

    def take_reply(self, message: Message) -> None:
        if message.method == "INVITE" and message.number in self._acks:
            # It was lost.
            self._send(self._acks[message.number])
        elif message.number == self._number and message.method != "CANCEL":
            with contextlib.suppress(asyncio.QueueFull):
                self._replies.put_nowait(message)

    async def request(self, method: str, *headers: str, sdp: str = "") -> Message:
        """The final answer. Raises TimeoutError if there is none."""
        self._number += 1
        self._branch = f"z9hG4bK{secrets.token_hex(8)}"
        final = await self._final(self._request(method, *headers, sdp=sdp))
        if method == "INVITE":
            if final.status < 300:
                self.them = final.header("to")
                if contact := re.search(r"<([^>]+)>", final.header("contact")):
                    self._target = contact[1]
                self._branch = f"z9hG4bK{secrets.token_hex(8)}"
                ack = self._request("ACK")
            else:
                ack = self._request("ACK", to=final.header("to"))
            self._acks[self._number] = ack
            self._send(ack)
        return final

    async def invite(self, account: str, secret: str, sdp: str) -> Message:
        """Begin a call as the phone of an account, which is asked for its secret."""
        uri = self._target
        first = await self.request("INVITE", sdp=sdp)
        if first.status != 401:
            return first
        word = authorization(first.header("www-authenticate"), account, secret, "INVITE", uri)
        return await self.request("INVITE", word, sdp=sdp)

    def cancel(self) -> None:
        """Give up the INVITE that is not answered yet."""
        self._send(self._request("CANCEL"))

    async def _final(self, text: bytes) -> Message:
        async with asyncio.timeout(PATIENCE_S):
            answered = False
            self._send(text)
            while True:
                try:
                    async with asyncio.timeout(None if answered else AGAIN_S):
                        reply = await self._replies.get()
                except TimeoutError:
                    self._send(text)
                    continue
                if reply.status >= 200:
                    return reply
                answered = True

    def _request(self, method: str, *headers: str, sdp: str = "", to: str = "") -> bytes:
        head = [
            f"{method} {self._target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._at};branch={self._branch};rport",
            f"From: {self.us}",
            f"To: {to or self.them}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self._number} {method}",
            "Max-Forwards: 70",
            *headers,
        ]
        return _text(head, f"<sip:phone@{self._at}>", sdp)


def audio(host: str, port: int, direction: str = "sendrecv") -> str:
    """A description of audio in A-law."""
    # Each description of a call is of a later version than the one before.
    lines = ["v=0", f"o=phone 1 {time.time_ns() // 1000} IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0"]
    lines += [f"m=audio {port} RTP/AVP 8", "a=rtpmap:8 PCMA/8000", f"a={direction}"]
    return "".join(f"{line}\r\n" for line in lines)


def _tag(header: str) -> str:
    found = _TAG.search(header)
    return found[1] if found else ""


def _text(head: list[str], contact: str, sdp: str) -> bytes:
    lines = [*head, *([f"Contact: {contact}"] if contact else [])]
    lines += ["Content-Type: application/sdp"] if sdp else []
    return "\r\n".join([*lines, f"Content-Length: {len(sdp)}", "", sdp]).encode()

"""A mail server and a web hook's receiver on this machine, which keep what they are told."""

from __future__ import annotations

import email
import email.policy
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from hotline_ivr.testing.ports import free_port

_SIGNATURE, _IDS = "Hotline-Signature", ("Hotline-Alert-Id", "Hotline-Event-Id")


@dataclass
class Mail:
    """A mail that has arrived."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        return "" if body is None else str(body.get_content())

    @property
    def recording(self) -> bytes | None:
        """The sound that goes with it."""
        for part in self.message.iter_attachments():
            if part.get_content_type() == "audio/wav":
                content = part.get_content()
                return content if isinstance(content, bytes) else None
        return None


class Mailbox:
    """An SMTP server that takes everything, unless it is told to refuse. `async with` starts and stops it."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.mails: list[Mail] = []
        #: What is answered to a recipient, where that is not 250.
        self.refusals: dict[str, str] = {}
        self._controller: Any = None

    async def __aenter__(self) -> Self:
        # Only tests have this library.
        from aiosmtpd.controller import Controller  # noqa: PLC0415

        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    async def handle_RCPT(  # noqa: N802 - names of aiosmtpd
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)  # noqa: S101
        self.mails.append(Mail(str(envelope.mail_from), tuple(envelope.rcpt_tos), message))
        return "250 kept"


@dataclass
class Hook:
    """A request that has arrived."""

    id: str
    body: dict[str, Any]
    genuine: bool


@dataclass
class HookReceiver:
    """An HTTP server that checks signatures as a receiver should. `async with` starts and stops it."""

    secret: str
    port: int = field(default_factory=free_port)
    status: int = 200
    hooks: list[Hook] = field(default_factory=list)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        parts = dict(part.split("=", 1) for part in request.headers[_SIGNATURE].split(","))
        signed = f"{parts['t']}.".encode() + body
        wanted = hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
        genuine = hmac.compare_digest(wanted, parts["v1"])
        ident = next(request.headers[name] for name in _IDS if name in request.headers)
        self.hooks.append(Hook(ident, json.loads(body), genuine))
        return web.Response(status=self.status)

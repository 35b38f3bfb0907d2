"""A signed POST to another program: alerts and the web hooks of the record go out by it.

The header `Hotline-Signature` is `t=<seconds since 1970>,v1=<HMAC-SHA256 in hex>` over `<t>.<body>`,
in the manner of Stripe: with the time among what is signed, nobody else can send an old message again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime

import aiohttp

from hotline_ivr.errors import AlertError
from hotline_ivr.launch.alert_secrets import read_secret
from hotline_ivr.routing.alerts import Told

SIGNATURE = "Hotline-Signature"

DEADLINE = 10.0
"""Seconds for one request."""

GONE = 410
"""A receiver's word that it will never take this."""


class SignedPost:
    """Posts, with a session of its own. `clock` is aware. Never raises."""

    def __init__(self, clock: Callable[[], datetime], *, deadline: float = DEADLINE) -> None:
        self._clock, self._deadline = clock, deadline
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self, url: str, secret: str, body: bytes, headers: Mapping[str, str], *, gone_is_final: bool = False
    ) -> Told:
        """Post `body`; `secret` is where it lies, and is read each time."""
        try:
            sent = {
                "Content-Type": "application/json",
                SIGNATURE: signature(read_secret(secret), body, self._clock()),
                **headers,
            }
            if self._session is None:
                timeout = aiohttp.ClientTimeout(total=self._deadline)
                self._session = aiohttp.ClientSession(timeout=timeout)
            # Another address than the configured one is told nothing.
            async with self._session.post(url, data=body, headers=sent, allow_redirects=False) as response:
                status = response.status
        except TimeoutError:
            return Told(arrived=False, reason=f"no answer within {self._deadline:g} s")
        except (aiohttp.ClientError, AlertError, OSError) as error:
            return Told(arrived=False, reason=" ".join(str(error).split())[:300] or type(error).__name__)
        if 200 <= status < 300:
            return Told(arrived=True)
        return Told(arrived=False, reason=f"status {status}", final=gone_is_final and status == GONE)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def signature(secret: str, body: bytes, now: datetime) -> str:
    """The header's value for a body that is sent at `now`."""
    moment = str(int(now.timestamp()))
    digest = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"

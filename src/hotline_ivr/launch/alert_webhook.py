"""Alerts to other programs: a POST with JSON, signed so that the receiver knows who sent it and when.

The header `Hotline-Signature` is `t=<seconds since 1970>,v1=<HMAC-SHA256 in hex>` over `<t>.<body>`,
in the manner of Stripe: with the time among what is signed, nobody else can send an old message again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime

import aiohttp

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import AlertError
from hotline_ivr.launch.alert_secrets import read_secret
from hotline_ivr.routing.alerts import Alert, Told

SCHEMA = "hotline/alert/1"
SIGNATURE, ALERT_ID = "Hotline-Signature", "Hotline-Alert-Id"

DEADLINE = 10.0
"""Seconds for one request."""


class WebhookPost:
    """Posts to the web hooks of the plan in force; see calls/alert_sender.py."""

    def __init__(self, plan: Callable[[], Plan], node: str, clock: Callable[[], datetime]) -> None:
        self._plan, self._node, self._clock = plan, node, clock
        self._session: aiohttp.ClientSession | None = None

    async def send(self, alert: Alert, target: str) -> Told:
        plan = self._plan()
        hook = plan.alerts.webhooks.get(target)
        if hook is None:
            return Told(arrived=False, reason="the configuration has no such web hook any more", final=True)
        body = body_of(alert, plan.organisation.name, self._node)
        try:
            secret = read_secret(hook.secret)
            headers = {
                "Content-Type": "application/json",
                SIGNATURE: signature(secret, body, self._clock()),
                ALERT_ID: alert.id,
            }
            if self._session is None:
                self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE))
            # Another address than the configured one is told nothing.
            async with self._session.post(
                hook.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                status = response.status
        except TimeoutError:
            return Told(arrived=False, reason=f"no answer within {DEADLINE:g} s")
        except (aiohttp.ClientError, AlertError, OSError) as error:
            return Told(arrived=False, reason=" ".join(str(error).split())[:300] or type(error).__name__)
        return Told(arrived=200 <= status < 300, reason="" if 200 <= status < 300 else f"status {status}")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def body_of(alert: Alert, organisation: str, node: str) -> bytes:
    """What is posted; of one alert always the same."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "id": alert.id,
            "kind": alert.kind,
            "state": alert.state.value,
            "about": alert.about,
            "at": alert.at.isoformat(),
            "title": alert.title,
            "text": alert.text,
            "details": dict(alert.details),
            "organisation": organisation,
            "node": node,
        }
    ).encode()


def signature(secret: str, body: bytes, now: datetime) -> str:
    """The header's value for a body that is sent at `now`."""
    moment = str(int(now.timestamp()))
    digest = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"

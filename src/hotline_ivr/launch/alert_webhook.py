"""Alerts to other programs: a signed POST with JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from hotline_ivr.config.models import Plan
from hotline_ivr.launch.signed_post import SignedPost
from hotline_ivr.routing.alerts import Alert, Told

SCHEMA = "hotline/alert/1"
ALERT_ID = "Hotline-Alert-Id"


class WebhookPost:
    """Posts to the web hooks of the plan in force; see calls/alert_sender.py."""

    def __init__(self, plan: Callable[[], Plan], node: str, clock: Callable[[], datetime]) -> None:
        self._plan, self._node = plan, node
        self._post = SignedPost(clock)

    async def send(self, alert: Alert, target: str) -> Told:
        plan = self._plan()
        hook = plan.alerts.webhooks.get(target)
        if hook is None:
            return Told(arrived=False, reason="the configuration has no such web hook any more", final=True)
        body = body_of(alert, plan.organisation.name, self._node)
        return await self._post.post(hook.url, hook.secret, body, {ALERT_ID: alert.id})

    async def close(self) -> None:
        await self._post.close()


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

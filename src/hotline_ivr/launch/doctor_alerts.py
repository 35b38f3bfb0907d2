"""The doctor's look at alerts: do the secrets lie where they should, and does the mail server let us in?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import aiosmtplib

from hotline_ivr.config.alerts import Alerts
from hotline_ivr.config.webhooks import EventHook
from hotline_ivr.errors import AlertError
from hotline_ivr.launch.alert_mail import client_of
from hotline_ivr.launch.alert_secrets import read_secret

EMPTY: Mapping[str, EventHook] = MappingProxyType({})

# Seconds for the whole of it.
_DEADLINE = 20.0


@dataclass(frozen=True, slots=True)
class Looked:
    """Whether all is well, and what was seen."""

    ok: bool
    text: str


async def alerts_seen(alerts: Alerts, hooks: Mapping[str, EventHook] = EMPTY) -> Looked:
    """What stands in the way of alerts and web hooks. Nothing is sent: a hook is not tried without that."""
    if not alerts.to and alerts.mail is None and not hooks:
        return Looked(ok=True, text="nobody is told of anything: the configuration has no `alerts`")
    wrong: list[str] = []
    places = [(name, hook.secret) for name, hook in alerts.webhooks.items()]
    places += [(name, hook.secret) for name, hook in hooks.items()]
    for name, place in places:
        try:
            await asyncio.to_thread(read_secret, place)
        except AlertError as error:
            wrong.append(f"web hook {name}: {error}")
    if alerts.mail is not None:
        try:
            async with asyncio.timeout(_DEADLINE), client_of(alerts.mail) as client:
                await client.noop()
        except (AlertError, aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            wrong.append(f"mail server {alerts.mail.host}: {said}")
    if wrong:
        return Looked(ok=False, text="; ".join(wrong)[:500])
    ways = [f"mail by {alerts.mail.host}"] if alerts.mail else []
    ways += [f"web hook {name}" for name, _ in places]
    return Looked(ok=True, text=", ".join(ways))

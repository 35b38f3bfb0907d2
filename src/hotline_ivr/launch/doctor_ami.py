"""The doctor's looks at the manager account: does it get in, and may it do no more than it must."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hotline_ivr.asterisk.ami_codec import AmiAction, AmiMessage
from hotline_ivr.asterisk.ami_link import AmiLink, LinkState
from hotline_ivr.asterisk.render.links import AMI_USER
from hotline_ivr.asterisk.secrets import ensure_secrets
from hotline_ivr.errors import AsteriskRefused, AsteriskUnreachable
from hotline_ivr.settings import Settings

# What a stolen account would be used for; each asks for something harmless if it were allowed.
_FORBIDDEN = (
    AmiAction("Command", (("Command", "core show uptime"),)),
    AmiAction("GetConfig", (("Filename", "manager.conf"),)),
    AmiAction("Originate", (("Channel", "Local/none@nowhere"), ("Application", "NoOp"), ("Async", "true"))),
    AmiAction("DBGet", (("Family", "hotline"), ("Key", "none"))),
)
# Belongs to the class `call`, which waking callers needs.
_FORBIDDEN_ASLEEP = AmiAction("Setvar", (("Variable", "HOTLINE_NONE"), ("Value", "0")))


async def ami_login(settings: Settings) -> str:
    """What was seen. Raises AsteriskRefused or AsteriskUnreachable."""
    async with _linked(settings):
        return f"as {AMI_USER} at {settings.ami_host}:{settings.ami_port}"


async def ami_rights(settings: Settings) -> list[str]:
    """Names of the actions that the account may do and should not. Raises as `ami_login`."""
    allowed = []
    async with _linked(settings) as link:
        for action in forbidden(settings):
            try:
                await link.send(action)
            except AsteriskRefused as error:
                if "permission" in str(error).lower():
                    continue
            allowed.append(action.name)
    return allowed


def forbidden(settings: Settings) -> tuple[AmiAction, ...]:
    """Actions that Asterisk must refuse to the account that these settings give."""
    return _FORBIDDEN if settings.queue_wakeup == "yes" else (*_FORBIDDEN, _FORBIDDEN_ASLEEP)


@asynccontextmanager
async def _linked(settings: Settings) -> AsyncIterator[AmiLink]:
    async def nothing() -> None:
        return

    async def ignored(_message: AmiMessage) -> None:
        return

    secrets = ensure_secrets(settings.secrets_file, [])
    link = AmiLink(
        settings.ami_host,
        settings.ami_port,
        AMI_USER,
        secrets.ami,
        on_connected=nothing,
        on_event=ignored,
        events="off",
        timeout=settings.ami_timeout,
    )
    running = asyncio.create_task(link.run(), name="manager link of the doctor")
    try:
        await _settled(link, settings.ami_timeout)
        yield link
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _settled(link: AmiLink, timeout_s: float) -> None:
    waits = [asyncio.create_task(link.wait_for(state)) for state in (LinkState.CONNECTED, LinkState.REFUSED)]
    try:
        async with asyncio.timeout(timeout_s):
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError:
        raise AsteriskUnreachable(f"no manager answers within {timeout_s:g} s") from None
    finally:
        for wait in waits:
            wait.cancel()
    if link.state is LinkState.REFUSED:
        raise AsteriskRefused("Asterisk refuses the account: run `hotline render`, which writes manager.conf")

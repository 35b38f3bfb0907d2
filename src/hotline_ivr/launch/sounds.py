"""Prompts that are new or changed are made while the service runs."""

from __future__ import annotations

import asyncio

import structlog

from hotline_ivr.errors import SetupError
from hotline_ivr.settings import Settings
from hotline_ivr.setup.machine import ready_sounds

log = structlog.get_logger()


async def bring_sounds_up_to_date(settings: Settings) -> None:
    """Make what is missing; callers who come before that are served without it."""
    try:
        log.info(await asyncio.to_thread(ready_sounds, settings))
    except SetupError as error:
        log.error("prompts could not be made", reason=str(error))  # noqa: TRY400 - the message says it all

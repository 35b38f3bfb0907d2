"""Decisions that people take by hand, kept in files, and told to the service at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from hotline_ivr.errors import ArgumentError
from hotline_ivr.web.api.problems import ApiError, Kind

log = structlog.get_logger()

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class KeptByHand:
    """`what` they are called; `unreadable` is raised where their file cannot be used.

    `changed` is called in the event loop after each change, before the answer is sent.
    """

    what: str
    unreadable: type[Exception]
    changed: Callable[[], object]

    async def read(self, work: Callable[[], Result]) -> Result:
        """Run it in a thread. Raises ApiError where the file cannot be used."""
        try:
            return await asyncio.to_thread(work)
        except self.unreadable as error:
            log.error("what was decided by hand cannot be read or kept", what=self.what, reason=str(error))  # noqa: TRY400
            detail = f"The {self.what} cannot be read or kept now; the log says why."
            raise ApiError(Kind.UNAVAILABLE, detail) from None

    async def change(self, change: Callable[[], Result], refusal: Kind) -> Result:
        """Run a change in a thread; what it refuses is a problem of the kind `refusal`."""
        loop = asyncio.get_running_loop()

        def run() -> Result:
            try:
                return change()
            finally:
                # From here and not after the wait: the request may have been given up, the change is made.
                loop.call_soon_threadsafe(self.changed)

        try:
            return await self.read(run)
        except ArgumentError as error:
            raise ApiError(refusal, str(error)) from None
        except OSError as error:
            log.error("a change could not be noted in the trail", reason=str(error))  # noqa: TRY400
            detail = "The change is made, but could not be written into the trail, or the fallback files."
            raise ApiError(Kind.UNAVAILABLE, detail) from None

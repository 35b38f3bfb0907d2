"""Callers' numbers over the interface: masked, unless a role that may see them asks; the trail tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from pydantic import Field

from hotline_ivr.control.audit import AuditEntry
from hotline_ivr.control.tokens import Role
from hotline_ivr.routing.caller import VISIBLE, mask
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.route import Asked, Given

log = structlog.get_logger()


class Numbers(Given):
    """Whether callers' numbers are shown in full."""

    numbers: bool = Field(False, description="Callers' numbers in full, and their names; needs role control.")


def check_role(asked: Asked[Any, Any, Any]) -> None:
    """Raises ApiError where numbers are asked for and the token's role is too low."""
    if asked.query.numbers and not asked.who.may(Role.CONTROL):
        raise ApiError(Kind.NOT_ALLOWED, "Callers' numbers in full need a token of role control.")


def _note_nowhere(entry: AuditEntry) -> None:
    raise OSError(f"no trail takes {entry.action}")


@dataclass(frozen=True, slots=True)
class NumbersDesk:
    """`note` puts an entry into the trail, in a thread, and raises OSError; `visible` digits always stay."""

    note: Callable[[AuditEntry], None] = field(default=_note_nowhere)
    visible: int = VISIBLE

    async def admit(self, asked: Asked[Any, Any, Any], action: str, subject: str) -> None:
        """Before numbers are shown in full: who may, and that it is noted what was looked at.

        Raises ApiError where the token's role is too low, or the trail cannot be written.
        """
        check_role(asked)
        if not asked.query.numbers:
            return
        given = asked.query.model_dump(exclude_defaults=True, exclude={"numbers"}, mode="json")
        details = {name: str(value) for name, value in given.items()}
        who = asked.who
        entry = AuditEntry(asked.now, who.name, who.via, action, subject, details, asked.request_id)
        try:
            await asyncio.to_thread(self.note, entry)
        except OSError as error:
            log.error("who saw numbers could not be noted", reason=str(error))  # noqa: TRY400
            detail = "This could not be written into the trail, and is not shown."
            raise ApiError(Kind.UNAVAILABLE, detail) from None
        log.info("callers' numbers are shown in full", token=who.name)

    def shown(self, number: str, *, full: bool) -> str:
        """A caller's number as it is answered."""
        return number if full else mask(number, self.visible)

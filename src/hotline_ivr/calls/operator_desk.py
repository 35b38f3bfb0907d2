"""The operators' own code: who rings it is known by the phone's account, and keys become wishes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

from hotline_ivr.config.models import Plan
from hotline_ivr.errors import HotlineError, PresenceRefused, RemoteProtocolError
from hotline_ivr.routing.control_steps import Began, ControlStep, Entered, Recorded
from hotline_ivr.routing.operator_menu import (
    Heard,
    Node,
    begun,
    disturbing,
    done,
    entered,
    nobody,
    refused,
)
from hotline_ivr.routing.presence import BeReady, Presence, PresenceEvent, SignIn, SignOut, TakePause
from hotline_ivr.routing.steps import Answer

log = structlog.get_logger()


class Staff(Protocol):
    """Who keeps the queues staffed; see operator_keeper.py."""

    def at_phone(self, account: str) -> str | None: ...

    def presences(self) -> Mapping[str, Presence]: ...

    async def wish(self, operator: str, event: PresenceEvent) -> Presence:
        """Raises PresenceRefused."""

    async def be_at(self, account: str) -> None:
        """Ring the operator at this one of several telephones. Raises HotlineError if it cannot be kept."""


Note = Callable[[datetime, str, str, str], None]
"""Writes into the trail: moment, operator, what was done, and the call. In a thread; raises OSError."""


class OperatorDesk:
    """Answers the asks of operators' own phones. `plan` is the one in use."""

    def __init__(self, staff: Staff, plan: Callable[[], Plan], note: Note) -> None:
        self._staff, self._plan, self._note = staff, plan, note

    async def answer(
        self, account: str, key: str, event: Began | Entered | Recorded | None, *, call: str
    ) -> tuple[str, Sequence[ControlStep]]:
        """Where the operator is then, and the next steps.

        Raises RemoteProtocolError for what the dialplan does not send.
        """
        plan, operator = self._plan(), self._staff.at_phone(account) if account else None
        presence = self._staff.presences().get(operator) if operator is not None else None
        if operator is None or presence is None:
            return Node.MENU, nobody(plan)
        match event:
            case Began():
                heard = begun(plan, presence)
                return heard.node, heard.steps
            case Entered(keys) if key in set(Node):
                wanted = entered(plan, operator, presence, Node(key), keys)
                if isinstance(wanted, Heard):
                    return wanted.node, wanted.steps
                if isinstance(wanted, SignIn | BeReady):
                    await self._be_at(account)
                return Node.MENU, await self._wish(operator, wanted, call)
            case _:
                raise RemoteProtocolError("not an ask of an operator's phone")

    async def disturb(self, account: str, *, call: str) -> tuple[str, Sequence[ControlStep]]:
        """Set do-not-disturb for who rings its code, or lift it; what then holds is said."""
        plan, operator = self._plan(), self._staff.at_phone(account) if account else None
        presence = self._staff.presences().get(operator) if operator is not None else None
        if operator is None or presence is None:
            return Node.MENU, nobody(plan)
        wanted = disturbing(operator, presence)
        if isinstance(wanted, BeReady):
            await self._be_at(account)
        said = await self._wish(operator, wanted, call)
        return Node.MENU, (Answer(), *said)

    async def _be_at(self, account: str) -> None:
        """Where somebody says to be ready is where calls come to."""
        try:
            await self._staff.be_at(account)
        except HotlineError as error:
            log.error("at which telephone an operator is cannot be kept", reason=str(error))  # noqa: TRY400

    async def _wish(self, operator: str, wanted: PresenceEvent, call: str) -> Sequence[ControlStep]:
        plan = self._plan()
        try:
            now = await self._staff.wish(operator, wanted)
        except PresenceRefused as error:
            log.info("an operator's key was refused", operator=operator, reason=str(error))
            return refused(plan, self._staff.presences()[operator])
        try:
            action = _ACTIONS.get(type(wanted), "change")
            await asyncio.to_thread(self._note, datetime.now(UTC), operator, action, call)
        except OSError as error:
            log.error("a change could not be noted in the trail", reason=str(error))  # noqa: TRY400
        return done(plan, now)


_ACTIONS: Mapping[type[PresenceEvent], str] = {
    SignIn: "sign-in",
    SignOut: "sign-out",
    TakePause: "pause",
    BeReady: "ready",
}

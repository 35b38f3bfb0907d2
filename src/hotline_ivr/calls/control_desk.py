"""The loop behind the control number: sessions, and effects carried out in time for the telephone.

A session is held here and not on the channel, unlike a caller's state: it says who has shown a PIN, and
whoever can reach the service's port could make up any state. A restart ends it; the person rings again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import structlog

from hotline_ivr.errors import RemoteProtocolError
from hotline_ivr.routing.control_menu import react
from hotline_ivr.routing.control_steps import (
    Began,
    CheckPin,
    ControlEvent,
    ControlStep,
    Effect,
    NotDone,
    PinLocked,
    Result,
    Session,
    View,
)
from hotline_ivr.routing.steps import Play, Stage

log = structlog.get_logger()

MOST_SESSIONS = 50
"""Control calls at once; a flood of them must not cost memory, nor the processor by their PINs."""

SESSION_S = 1800.0
"""Seconds without a key after which a session is over: longer than the longest recording."""

PATIENCE_S = 1.5
"""Seconds that the telephone waits for an effect in silence; it then hears `one moment` and asks again."""


class Person(NamedTuple):
    """Who is on the telephone: the call's id, the caller's number, the own phone's account, and the name."""

    call: str
    caller: str
    account: str
    name: str


class ControlParts(Protocol):
    """What the menu needs of the node."""

    def view(self) -> View: ...

    def is_locked(self, who: Person) -> bool:
        """In the loop: never waits."""

    def carry_out(self, effect: Effect, who: Person) -> Result:
        """In a thread. Never raises for what a person asked for."""

    def changed(self) -> None:
        """In the loop, after an effect: what was changed holds from now on."""


@dataclass(slots=True)
class _Held:
    session: Session
    who: Person
    heard_at: float
    effect: asyncio.Future[Result] | None = None


class ControlDesk:
    """Answers the asks of control calls.

    `clock` is in seconds and never goes back; `new_key` makes what nobody can guess.
    """

    def __init__(
        self,
        parts: ControlParts,
        *,
        clock: Callable[[], float],
        new_key: Callable[[], str],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._parts = parts
        self._clock = clock
        self._new_key = new_key
        self._patience_s = patience_s
        self._sessions: dict[str, _Held] = {}
        # One PIN after the other, in a thread of their own: tens at once take one processor and not all, what
        # else the service does in threads goes on, and a right PIN does not meet others' tries half way.
        self._pins = ThreadPoolExecutor(1, thread_name_prefix="pins")

    async def answer(
        self, who: Person, key: str, event: ControlEvent | None
    ) -> tuple[str, Sequence[ControlStep]]:
        """The session's key and the next steps.

        Raises RemoteProtocolError for a session that is not there.
        """
        if isinstance(event, Began):
            key, event = self._begin(who), PinLocked() if self._parts.is_locked(who) else event
        held = self._sessions.get(key)
        if held is None or held.who.call != who.call:
            raise RemoteProtocolError("there is no such control session")
        held.heard_at = self._clock()
        if held.effect is not None:
            return key, await self._wait(held)
        if event is None:
            raise RemoteProtocolError("a control call that went on without anything to wait for")
        return key, await self._react(held, event)

    async def _react(self, held: _Held, event: ControlEvent) -> Sequence[ControlStep]:
        move = react(self._parts.view(), held.session, event)
        held.session = move.session
        if not isinstance(move, Effect):
            return move.steps
        who = held.who._replace(name=held.session.person)
        thread = self._pins if isinstance(move.what, CheckPin) else None
        held.effect = asyncio.get_running_loop().run_in_executor(thread, self._parts.carry_out, move, who)
        return await self._wait(held)

    async def _wait(self, held: _Held) -> Sequence[ControlStep]:
        if held.effect is None:
            raise AssertionError("nothing to wait for")
        done, _ = await asyncio.wait([held.effect], timeout=self._patience_s)
        if not done:
            return (Play(self._parts.view().language, "control-moment", Stage.MENU),)
        effect, held.effect = held.effect, None
        try:
            result = effect.result()
        except Exception as error:  # noqa: BLE001  whatever went wrong, the person is told that nothing was done
            # Not the traceback: what was entered may stand in it.
            log.error("a control call could not be served", reason=type(error).__name__)  # noqa: TRY400
            result = NotDone()
        self._parts.changed()
        return await self._react(held, result)

    def _begin(self, who: Person) -> str:
        now = self._clock()
        self._sessions = {k: held for k, held in self._sessions.items() if now - held.heard_at < SESSION_S}
        if len(self._sessions) >= MOST_SESSIONS:
            # Nor whoever has just entered a PIN: it may be a right one.
            idle = (key for key, held in self._sessions.items() if not held.session.role and not held.effect)
            oldest = next(idle, None)
            if oldest is None:
                raise RemoteProtocolError("too many control calls at once")
            del self._sessions[oldest]
        key = self._new_key()
        self._sessions[key] = _Held(Session(), who, now)
        return key

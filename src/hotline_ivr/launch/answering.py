"""What the service answers to Asterisk's asks: routing, control by telephone, and doctor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING

from hotline_ivr.asterisk.control_words import encode_control, parse_control
from hotline_ivr.asterisk.stretch import encode_answer, parse_ask
from hotline_ivr.calls.asks import Answered, Asks
from hotline_ivr.calls.control_desk import ControlDesk, Person
from hotline_ivr.calls.operator_desk import OperatorDesk
from hotline_ivr.control.audit import AuditEntry, AuditTrail

if TYPE_CHECKING:
    from hotline_ivr.asterisk.agi_protocol import AgiRequest


class Answering:
    """Tells asks apart by their script."""

    def __init__(self, asks: Asks, control: ControlDesk, operators: OperatorDesk) -> None:
        self._asks, self._control, self._operators = asks, control, operators

    def answer(self, request: AgiRequest) -> str | Awaitable[str]:
        """The words that go back; at once, where nothing has to be waited for."""
        if request.script == "doctor":
            return "well"
        if request.script == "control":
            return self._answer_control(request)
        if request.script == "operator":
            return self._answer_operator(request)
        if request.script == "do-not-disturb":
            return self._answer_disturb(request)
        call, event = parse_ask(request.args, request.unique_id, request.channel)
        answered = self._asks.answer(call, event)
        if isinstance(answered, Answered):
            return encode_answer(*answered)
        return self._answer_later(answered)

    async def _answer_later(self, answered: Awaitable[Answered]) -> str:
        return encode_answer(*await answered)

    async def _answer_control(self, request: AgiRequest) -> str:
        ask = parse_control(request)
        who = Person(ask.call, ask.caller, ask.account, "")
        return encode_control(*await self._control.answer(who, ask.key, ask.event))

    async def _answer_operator(self, request: AgiRequest) -> str:
        ask = parse_control(request)
        return encode_control(*await self._operators.answer(ask.account, ask.key, ask.event, call=ask.call))

    async def _answer_disturb(self, request: AgiRequest) -> str:
        ask = parse_control(request)
        return encode_control(*await self._operators.disturb(ask.account, call=ask.call))


def operators_notes(trail: AuditTrail) -> Callable[[datetime, str, str, str], None]:
    """Writes into the trail what an operator did at the own phone."""

    def note(at: datetime, operator: str, action: str, call: str) -> None:
        trail.note(AuditEntry(at, operator, "telephone", f"operator.{action}", operator, {}, call))

    return note

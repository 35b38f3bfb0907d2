"""What of a call costs money: the caller's connection to us, and each connection that we dialled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hotline_ivr.config.contract_terms import INBOUND
from hotline_ivr.config.contracts import Contract
from hotline_ivr.config.rates import Rate
from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.pseudonym import known_beginning

_TRUNK_CHANNEL = re.compile(r"PJSIP/trunk-(.+)-[0-9a-f]+\Z")
_SECOND = timedelta(seconds=1)


class DialledLeg(NamedTuple):
    """A connection that we dialled, answered or not. `number` is empty where the record has lost it.

    `ended_at` is None while it lasts, and where Asterisk stopped in the middle of it.
    """

    trunk: str
    number: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """What the record knows of a call that bears on its price. Times are aware.

    In a call back nobody rang us: `picked_up_at` is when who was rung answered, and their connection is among
    those that we dialled.
    """

    id: str
    line: str
    number: str
    arrived_at: datetime
    picked_up_at: datetime | None
    ended_at: datetime | None
    dialled: tuple[DialledLeg, ...] = ()
    kind: CallKind = CallKind.CALLER

    @property
    def rang_us(self) -> bool:
        """Whether somebody called one of our numbers."""
        return self.kind is CallKind.CALLER


class Usage(NamedTuple):
    """One connection to be priced. `seconds` are whole, one that has begun counted; at least 1."""

    call: str
    line: str
    outgoing: bool
    # Ours where we are called, the dialled one where we call.
    number: str
    # Empty where we are called.
    trunk: str
    start: datetime
    seconds: int


def usages(call: RecordedCall) -> Iterator[Usage]:
    """The connections of a finished call, in order. Before it is picked up a call costs nothing.

    One of which no end is known, as where Asterisk stopped, lasted until the call ended.
    """
    if call.rang_us and call.picked_up_at is not None and call.ended_at is not None:
        seconds = connected_seconds(call.picked_up_at, call.ended_at)
        yield Usage(call.id, call.line, False, call.number, "", call.picked_up_at, seconds)
    for leg in call.dialled:
        ended_at = leg.ended_at or call.ended_at
        if leg.answered_at is not None and ended_at is not None:
            seconds = connected_seconds(leg.answered_at, ended_at)
            yield Usage(call.id, call.line, True, leg.number, leg.trunk, leg.answered_at, seconds)


def connected_seconds(start: datetime, end: datetime) -> int:
    """Whole seconds, one that has begun counted; a clock that was set back makes no negative ones."""
    return max(1, -((start - end) // _SECOND))


def trunk_of(channel_name: str) -> str | None:
    """The trunk by which a channel goes outside, or None."""
    match = _TRUNK_CHANNEL.match(channel_name)
    return match.group(1) if match else None


def contract_in_force(contracts: Mapping[str, Contract], usage: Usage) -> str | None:
    """The contract that prices it, by number or trunk, on the contract's own calendar; or None."""
    for contract_id, contract in contracts.items():
        named = usage.trunk in contract.trunks if usage.outgoing else usage.number in contract.numbers
        if named and is_in_force(contract, usage.start):
            return contract_id
    return None


def is_in_force(contract: Contract, moment: datetime) -> bool:
    """Whether it holds at a moment (aware); an offer never does."""
    day = moment.astimezone(ZoneInfo(contract.time_zone)).date()
    return not contract.offer and contract.from_ <= day and (contract.until is None or day <= contract.until)


def rate_of(contract: Contract, usage: Usage) -> tuple[str, Rate] | None:
    """The class and rate under a contract; None where it has no price for such a call.

    Of a number that was replaced the first digits are known still, and decide; where they leave it open,
    there is no price, because a guess may be ten times the truth.
    """
    if not usage.outgoing:
        return (INBOUND, contract.inbound) if contract.inbound else None
    number = known_beginning(usage.number)
    if number != usage.number and _is_open(contract, number):
        return None
    best: tuple[int, str] | None = None
    for class_id, rate in contract.outbound.items():
        fits = [len(prefix) for prefix in rate.prefixes if number.startswith(prefix)]
        length = max(fits) if fits else 0 if not rate.prefixes else -1
        if length >= 0 and (best is None or length > best[0]):
            best = (length, class_id)
    return (best[1], contract.outbound[best[1]]) if best else None


def _is_open(contract: Contract, beginning: str) -> bool:
    """Whether numbers that begin so may be of several classes."""
    prefixes = (prefix for rate in contract.outbound.values() for prefix in rate.prefixes)
    return any(len(prefix) > len(beginning) and prefix.startswith(beginning) for prefix in prefixes)

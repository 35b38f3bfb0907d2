"""What a minute of a call costs the organisation at a moment, for explanations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from hotline_ivr.config.models import Plan
from hotline_ivr.config.rates import InboundRate, Rate
from hotline_ivr.routing.costs import price_at
from hotline_ivr.routing.usage import Usage, contract_in_force, rate_of


@dataclass(frozen=True, slots=True)
class MinutePrice:
    """The price of one connection; what is None is not known, or there is none."""

    outgoing: bool
    number: str
    words: str
    contract: str | None = None
    kind: str | None = None
    currency: str | None = None
    per_minute: Decimal | None = None
    setup_fee: Decimal | None = None
    increments: str | None = None
    caller_per_minute: Decimal | None = None


def minute_prices(
    plan: Plan, number: str, dialled: Iterable[tuple[str, str]], at: datetime
) -> tuple[MinutePrice, ...]:
    """The caller's connection to `number`, then each of `dialled` (trunk, number), begun `at` (aware)."""
    incoming = Usage("", "", False, number, "", at, 1)
    outgoing = (Usage("", "", True, each, trunk, at, 1) for trunk, each in dict.fromkeys(dialled))
    return tuple(_price(plan, usage) for usage in (incoming, *outgoing))


def _price(plan: Plan, usage: Usage) -> MinutePrice:
    what = f"dialling {usage.number}" if usage.outgoing else f"a call to {usage.number}"
    contract_id = contract_in_force(plan.contracts, usage)
    if contract_id is None:
        named = f"trunk {usage.trunk}" if usage.outgoing else "this number"
        return MinutePrice(usage.outgoing, usage.number, f"{what}: no contract for {named}")
    contract = plan.contracts[contract_id]
    found = rate_of(contract, usage)
    if found is None:
        why = "has no price for this number" if usage.outgoing else "asks nothing for incoming calls"
        return MinutePrice(usage.outgoing, usage.number, f"{what}: contract {contract_id} {why}", contract_id)
    kind, rate = found
    band, price = price_at(contract, rate, usage.start)
    caller = rate.caller_per_minute if isinstance(rate, InboundRate) else None
    return MinutePrice(
        outgoing=usage.outgoing,
        number=usage.number,
        words=f"{what}: {_words(rate, price, contract.currency)} ({', '.join(filter(None, (kind, band)))},"
        f" contract {contract_id}){_caller(rate, contract.currency)}",
        contract=contract_id,
        kind=kind,
        currency=contract.currency,
        per_minute=price,
        setup_fee=rate.setup_fee,
        increments=str(rate.increments),
        caller_per_minute=caller,
    )


def _words(rate: Rate, price: Decimal, currency: str) -> str:
    words = f"{price:f} {currency} a minute"
    words += f", set-up {rate.setup_fee:f}" if rate.setup_fee else ""
    words += f", at least {rate.minimum_charge:f}" if rate.minimum_charge else ""
    return f"{words}, billed {rate.increments}"


def _caller(rate: Rate, currency: str) -> str:
    if not isinstance(rate, InboundRate):
        return ""
    share = f"; we are paid {rate.revenue_per_minute:f} a minute" if rate.revenue_per_minute else ""
    match rate.caller_per_minute:
        case None:
            return share
        case price if not price:
            return f"{share}; free for the caller"
        case price:
            return f"{share}; the caller pays {price:f} {currency} a minute"

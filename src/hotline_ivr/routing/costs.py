"""What one call costs under a contract, with the formula.

In this order: connected seconds are rounded up to the billing steps; included minutes cover the first of the
billed seconds; each further second costs a sixtieth of the price of its minute; the set-up fee is added; then
the minimum charge counts, and the sum is rounded if the contract rounds each call.

Where the price changes with the hour, the contract says whether the whole call goes at the price of its start
or each second at its own. Hours are those of the contract's wall clock: on the night when clocks go back the
hour that comes twice has its price twice, and the skipped hour is no part of any call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hotline_ivr.config.contracts import Contract
from hotline_ivr.config.hours import DAY, WEEK
from hotline_ivr.config.public_holidays import holidays_of
from hotline_ivr.config.rates import InboundRate, Rate
from hotline_ivr.routing.rounding import rounded, shown
from hotline_ivr.routing.wall import zone_of


@dataclass(frozen=True, slots=True)
class Stretch:
    """Billed seconds at one price; `band` is empty outside of all bands."""

    seconds: int
    per_minute: Decimal
    band: str = ""
    included: bool = False

    @property
    def amount(self) -> Fraction:
        return Fraction(0) if self.included else Fraction(self.per_minute) * self.seconds / 60


@dataclass(frozen=True, slots=True)
class CallCost:
    """The price of a connection. `exact` is what is added up; `amount` is the same, or its rounded form."""

    contract: str
    kind: str
    currency: str
    seconds: int
    billed: int
    included: int
    exact: Fraction
    amount: Decimal
    #: What the carrier pays us for it.
    revenue: Fraction
    formula: str
    #: Whether each call is rounded; else only sums are.
    rounded: bool = True


def price_call(
    contract_id: str,
    contract: Contract,
    kind: str,
    rate: Rate,
    *,
    start: datetime,
    seconds: int,
    free: int = 0,
) -> CallCost:
    """Price `seconds` (at least 1) from `start` (aware); `free` seconds of included minutes are left."""
    billed = rate.increments.billed(max(1, seconds))
    covered = min(free, billed)
    stretches = list(_covered(_stretches(contract, rate, start.replace(microsecond=0), billed), covered))
    whole = covered == billed
    spared = whole and contract.included is not None and contract.included.setup_fee
    setup_fee = Decimal(0) if spared else rate.setup_fee
    total = sum((each.amount for each in stretches), Fraction(setup_fee))
    raised = not whole and total < rate.minimum_charge
    exact = Fraction(rate.minimum_charge) if raised else total
    how = contract.rounding
    digits = contract.minor_units if how.digits is None else how.digits
    amount = rounded(exact, digits, how.mode) if how.per == "call" else rounded(exact, digits + 6)
    revenue = (
        Fraction(rate.revenue_per_minute) * billed / 60 if isinstance(rate, InboundRate) else Fraction(0)
    )
    return CallCost(
        contract=contract_id,
        kind=kind,
        currency=contract.currency,
        seconds=seconds,
        billed=billed,
        included=covered,
        exact=Fraction(amount) if how.per == "call" else exact,
        amount=amount,
        revenue=revenue,
        formula=_formula(contract, stretches, setup_fee=setup_fee, total=total, exact=exact, amount=amount),
        rounded=how.per == "call",
    )


def price_at(contract: Contract, rate: Rate, moment: datetime) -> tuple[str, Decimal]:
    """The band (empty for none) and the price of a minute at a moment (aware)."""
    local = moment.astimezone(zone_of(contract.time_zone))
    holiday = contract.holidays is not None and local.date() in holidays_of(
        contract.holidays, None, local.year
    )
    if rate.bands and not holiday:
        minute = local.weekday() * DAY + local.hour * 60 + local.minute
        for name, band in rate.bands.items():
            if any(start <= minute < end or start <= minute + WEEK < end for start, end in band.hours.spans):
                return name, band.per_minute
    return "", rate.per_minute


def _stretches(contract: Contract, rate: Rate, start: datetime, billed: int) -> Iterator[Stretch]:
    """The billed seconds by their prices, in order; neighbours of one price are one."""
    if contract.hour_change == "start" or not rate.bands:
        band, price = price_at(contract, rate, start)
        yield Stretch(billed, price, band)
        return
    kept: Stretch | None = None
    moment, left = start, billed
    while left:
        band, price = price_at(contract, rate, moment)
        step = min(left, _constant_for(moment))
        if kept is not None and (kept.band, kept.per_minute) == (band, price):
            kept = Stretch(kept.seconds + step, price, band)
        else:
            if kept is not None:
                yield kept
            kept = Stretch(step, price, band)
        # In UTC, because a local clock that is added to knows nothing of the night when it is changed.
        moment, left = datetime.fromtimestamp(moment.timestamp() + step, tz=start.tzinfo), left - step
    if kept is not None:
        yield kept


def _constant_for(moment: datetime) -> int:
    """Seconds from a moment on in which no price can change: bands and clocks change on whole minutes."""
    return 60 - int(moment.timestamp()) % 60


def _covered(stretches: Iterator[Stretch], free: int) -> Iterator[Stretch]:
    """The included minutes cover the first `free` seconds."""
    for each in stretches:
        used = min(free, each.seconds)
        free -= used
        if used:
            yield Stretch(used, each.per_minute, each.band, included=True)
        if each.seconds > used:
            yield Stretch(each.seconds - used, each.per_minute, each.band)


def _formula(
    contract: Contract,
    stretches: list[Stretch],
    *,
    setup_fee: Decimal,
    total: Fraction,
    exact: Fraction,
    amount: Decimal,
) -> str:
    parts = [f"set-up {setup_fee:f}"] if setup_fee else []
    for each in stretches:
        length = f"{each.seconds // 60} min" if each.seconds % 60 == 0 else f"{each.seconds} s"
        price = f"{each.per_minute:f}" if each.seconds % 60 == 0 else f"{each.per_minute:f}/min"
        band = f" ({each.band})" if each.band else ""
        parts.append(f"{length} included" if each.included else f"{length} x {price}{band}")
    text = " + ".join(parts)
    if exact != total:
        text += f" = {shown(total)}, at least {shown(exact)}"
    if contract.rounding.per == "month":
        return f"{text} = {shown(exact)} {contract.currency}, rounded in the month's sum"
    if Fraction(amount) != exact:
        text += f" = {shown(exact)}, rounded"
    return f"{text} = {amount:f} {contract.currency}"


def month_bounds(contract: Contract, year: int, month: int) -> tuple[datetime, datetime]:
    """First moment of a month and of the next on the contract's clock (aware)."""
    zone = zone_of(contract.time_zone)
    first = datetime(year, month, 1, tzinfo=zone)
    return first, (first + timedelta(days=32)).replace(day=1)

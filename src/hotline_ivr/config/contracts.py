"""Contracts with carriers: for which numbers, from when, at which prices."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from hotline_ivr.config.base import Model
from hotline_ivr.config.contract_terms import INBOUND, Discounts, Fees, Included, Rounding, Terms
from hotline_ivr.config.currency import MINOR_UNITS, Currency
from hotline_ivr.config.dates import FullDate
from hotline_ivr.config.invoice_columns import InvoiceColumns
from hotline_ivr.config.money import Money, decimals, plain
from hotline_ivr.config.public_holidays import HolidayCountry
from hotline_ivr.config.rates import InboundRate, OutboundRate, Rate
from hotline_ivr.config.refusal import did_you_mean, quoted, refusal
from hotline_ivr.config.types import Identifier, Name, PhoneNumber, TimeZone, YesNo

FINER = 4
"""Prices of calls may have so many decimals more than the currency: carriers quote 0.00345 a minute."""


class Contract(Model):
    """What a carrier charges for which numbers and calls. Prices are without VAT."""

    carrier: Name = Field(description="The carrier's name.", examples=["Example Telecom"])
    currency: Currency = Field(description="Currency of all its amounts.")
    time_zone: TimeZone = Field(description="Clock of its months, days and hours.")
    from_: FullDate = Field(alias="from", description="First day.", examples=["2026-01-01"])
    until: FullDate | None = Field(
        None, description="Last day, once notice has been given.", examples=["2027-12-31"]
    )
    offer: YesNo = Field(
        False, description="Only an offer, for `hotline costs compare`: never in force, whatever its days."
    )
    numbers: tuple[PhoneNumber, ...] = Field(
        (), description="Our numbers whose calls it prices.", examples=["[+47 22 85 12 34]"]
    )
    trunks: tuple[Identifier, ...] = Field(
        (), description="Trunks whose outgoing calls it prices.", examples=["[carrier]"]
    )
    channels: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Simultaneous calls that were bought; 0 is not counted.",
        examples=["10"],
    )
    inbound: InboundRate | None = Field(
        None,
        description="Calls to our numbers; without it they cost nothing.",
        examples=["{per_minute: 0.39}"],
    )
    outbound: dict[Identifier, OutboundRate] = Field(
        {}, description="Calls that we dial, by id of their class."
    )
    hour_change: Literal["start", "split"] = Field(
        "start",
        description="A call over a change of price: all of it at the price of its start, or "
        "each second at its own.",
    )
    holidays: HolidayCountry | None = Field(
        None, description="Country on whose public holidays no band holds.", examples=["NO"]
    )
    rounding: Rounding = Field(Rounding(), description="How amounts are rounded.", examples=["{per: call}"])
    included: Included | None = Field(
        None, description="Minutes that the fees cover.", examples=["{minutes: 1000}"]
    )
    fees: Fees = Field(Fees(), description="What is paid each month.", examples=["{monthly: 199.00}"])
    discounts: Discounts = Field(
        Discounts(), description="Percentages off.", examples=["{term: [{months: 24, percent: 10}]}"]
    )
    minimum_spend: Money = Field(
        Decimal(0),
        description="Least total of a month, after discounts; what lacks is added.",
        examples=["500.00"],
    )
    terms: Terms = Field(
        Terms(), description="How long it binds.", examples=["{months: 24, notice_months: 3}"]
    )
    invoice: InvoiceColumns | None = Field(
        None,
        description="How the carrier writes its list of calls.",
        examples=["{number: B, time: T, amount: A}"],
    )

    @property
    def minor_units(self) -> int:
        return MINOR_UNITS[self.currency]

    @property
    def classes(self) -> dict[str, Rate]:
        """Every rate by the class of its calls."""
        inbound: dict[str, Rate] = {INBOUND: self.inbound} if self.inbound else {}
        return {**inbound, **self.outbound}

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        mistakes = [*self._days(), *self._classes(), *self._decimals()]
        if mistakes:
            raise ValidationError.from_exception_data("contract", mistakes)
        return self

    def _days(self) -> Iterator[InitErrorDetails]:
        if self.until is not None and self.until < self.from_:
            error = refusal("ends before it begins", "let `until` be `from` or later")
            yield InitErrorDetails(type=error, loc=("until",), input=str(self.until))

    def _classes(self) -> Iterator[InitErrorDetails]:
        if INBOUND in self.outbound:
            error = refusal("'inbound' is the class of calls to our numbers", "give this class another id")
            yield InitErrorDetails(type=error, loc=("outbound", INBOUND), input=INBOUND)
        known = (INBOUND, *self.outbound)
        for index, name in enumerate(self.included.calls if self.included else ()):
            if name not in known:
                error = refusal(
                    f"there is no class {quoted(name)} here{did_you_mean(name, known)}",
                    f"write one of: {', '.join(known)}",
                )
                yield InitErrorDetails(type=error, loc=("included", "calls", index), input=name)

    def _decimals(self) -> Iterator[InitErrorDetails]:
        for path, amount, most in self._amounts():
            if decimals(amount) > most:
                error = refusal(
                    f"{plain(amount)} has {decimals(amount)} decimals; in {self.currency} at most {most}",
                    "compare it with the contract",
                )
                yield InitErrorDetails(type=error, loc=path, input=plain(amount))

    def _amounts(self) -> Iterator[tuple[tuple[str | int, ...], Decimal, int]]:
        """Every amount with the decimals it may have: the currency's on a bill, finer for calls."""
        billed = self.minor_units
        for name in type(self.fees).model_fields:
            yield ("fees", name), getattr(self.fees, name), billed
        yield ("minimum_spend",), self.minimum_spend, billed
        if exit_fee := self.terms.exit_fee:
            yield ("terms", "exit_fee", "fixed"), exit_fee.fixed, billed
        for index, step in enumerate(self.discounts.volume):
            yield ("discounts", "volume", index, "spend"), step.spend, billed
        if self.inbound:
            yield from _rate_amounts(("inbound",), self.inbound, billed + FINER)
            for name in ("revenue_per_minute", "caller_per_minute"):
                yield ("inbound", name), getattr(self.inbound, name) or Decimal(0), billed + FINER
        for class_id, rate in self.outbound.items():
            yield from _rate_amounts(("outbound", class_id), rate, billed + FINER)


def _rate_amounts(
    path: tuple[str | int, ...], rate: Rate, most: int
) -> Iterator[tuple[tuple[str | int, ...], Decimal, int]]:
    for name in ("per_minute", "setup_fee", "minimum_charge"):
        yield (*path, name), getattr(rate, name), most
    for band_id, band in rate.bands.items():
        yield (*path, "bands", band_id, "per_minute"), band.per_minute, most

"""What a contract says beside its prices: fees, included minutes, discounts, notice and leaving early."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.money import Money, Percent
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.types import Identifier, YesNo

INBOUND = "inbound"
"""The class of calls to our numbers; outgoing classes have ids of their own."""


class Rounding(Model):
    """How amounts become what the carrier's bill can say."""

    per: Literal["call", "month"] = Field(
        "call", description="Whether each call is rounded, or the sum of a month."
    )
    digits: int | None = Field(
        None,
        ge=0,
        le=6,
        description="Decimals that are kept; without it, those of the currency. Bills have the currency's.",
        examples=["2"],
    )
    mode: Literal["half-up", "half-even", "up", "down"] = Field(
        "half-up", description="What happens to the rest."
    )


class Fees(Model):
    """What is paid each month, calls or none. A month that has begun is paid whole."""

    monthly: Money = Field(Decimal(0), description="For the contract.", examples=["199.00"])
    per_number: Money = Field(Decimal(0), description="For each of its numbers.", examples=["49.00"])
    per_channel: Money = Field(Decimal(0), description="For each of its channels.", examples=["25.00"])


class Included(Model):
    """Minutes that the monthly fees cover, used by the calls of a month in their order."""

    minutes: int = Field(ge=1, le=10_000_000, description="Billed minutes each month.", examples=["1000"])
    calls: tuple[Identifier, ...] = Field(
        (INBOUND,),
        min_length=1,
        description="Which calls use them: `inbound`, and ids of outgoing classes.",
        examples=["[inbound, domestic]"],
    )
    setup_fee: YesNo = Field(
        False, description="Whether a call that they cover whole pays no set-up fee either."
    )


class TermDiscount(Model):
    """A discount for having signed for so long."""

    months: int = Field(ge=1, le=240, description="For a term of at least so many months.", examples=["24"])
    percent: Percent = Field(description="Of what `on` names.", examples=["10"])


class VolumeDiscount(Model):
    """A discount for having used so much."""

    spend: Money = Field(
        description="For a month whose calls cost at least so much before discounts.", examples=["1000.00"]
    )
    percent: Percent = Field(description="Of what `on` names.", examples=["3"])


class Discounts(Model):
    """Percentages off; of several steps the highest that is reached counts. Term and volume add up."""

    term: tuple[TermDiscount, ...] = Field(
        (), description="By the length of the term.", examples=["[{months: 24, percent: 10}]"]
    )
    volume: tuple[VolumeDiscount, ...] = Field(
        (), description="By the month's calls.", examples=["[{spend: 1000.00, percent: 3}]"]
    )
    on: Literal["calls", "fees", "all"] = Field("all", description="What is discounted.")

    @model_validator(mode="after")
    def _steps_that_rise(self) -> Self:
        terms = pairwise(Decimal(each.months) for each in self.term)
        volumes = pairwise(each.spend for each in self.volume)
        for steps in (terms, volumes):
            if any(after <= before for before, after in steps):
                raise refusal("has discounts out of order", "write the smallest step first, each step once")
        return self


class ExitFee(Model):
    """What leaving within a term costs: fixed + percent of the monthly fees of the months left."""

    fixed: Money = Field(Decimal(0), description="Paid in any case.", examples=["500.00"])
    percent: Percent = Field(
        Decimal(0),
        description="Of the monthly fees for each month left of the term, one begun counted whole.",
        examples=["50"],
    )


class Terms(Model):
    """How long it binds, and how it is ended."""

    months: int = Field(
        0, ge=0, le=240, description="Length of the first term in months; 0 binds to none.", examples=["24"]
    )
    renews_months: int = Field(
        0,
        ge=0,
        le=240,
        description="Length of each term after it, unless notice is given; 0: it then runs on without one.",
        examples=["12"],
    )
    notice_months: int = Field(0, ge=0, le=60, description="Months of notice.", examples=["3"])
    notice_days: int = Field(
        0, ge=0, le=366, description="Days of notice, beside the months.", examples=["30"]
    )
    remind_days: int = Field(
        60,
        ge=0,
        le=366,
        description="So many days before the last day for giving notice `hotline check` begins to warn.",
        examples=["60"],
    )
    exit_fee: ExitFee | None = Field(
        None, description="What leaving within a term costs.", examples=["{percent: 50}"]
    )

"""What a minute costs: by hour of the week, with billing steps, set-up fee and minimum."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.hours import DAY, DAY_NAMES, WEEK, WeeklyHours, clock
from hotline_ivr.config.money import BillingSteps, Increments, Money, Prefix
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.types import Identifier


class PriceBand(Model):
    """Hours of the week with a price of their own, on the clock of the contract's time zone."""

    hours: WeeklyHours = Field(
        description="Days with their hours, as told under Hours.", examples=["{mon-fri: 08:00-17:00}"]
    )
    per_minute: Money = Field(description="Price of a minute in these hours.", examples=["0.39"])


class Rate(Model):
    """What a kind of call costs the organisation."""

    per_minute: Money = Field(
        description="Price of a minute in all hours without a band, and on public holidays.",
        examples=["0.29"],
    )
    bands: dict[Identifier, PriceBand] = Field({}, description="Hours with other prices, by id.")
    increments: BillingSteps = Field(
        Increments(1, 1),
        description="The first step in seconds, which every call pays whole, and the steps after it.",
        examples=["60/1"],
    )
    setup_fee: Money = Field(
        Decimal(0), description="Price of each connected call, beside its minutes.", examples=["0.49"]
    )
    minimum_charge: Money = Field(
        Decimal(0), description="Least price of a call that is charged at all.", examples=["0.50"]
    )

    @model_validator(mode="after")
    def _one_price_at_a_time(self) -> Self:
        timed = sorted(
            (start, end, name) for name, band in self.bands.items() for start, end in _within_week(band.hours)
        )
        for (_, end, one), (start, _, other) in pairwise(timed):
            if start < end:
                when = f"{DAY_NAMES[start // DAY]} {clock(start % DAY)}"
                raise refusal(
                    f"the hours of bands '{one}' and '{other}' overlap (from {when})",
                    "let one end before the other begins: an hour has one price",
                )
        return self


class InboundRate(Rate):
    """What calls to our numbers cost us, and what they cost who calls.

    An ordinary number costs its owner nothing a minute; a toll-free one is paid by whoever is called; of a
    premium or shared-cost number the carrier hands back a share of what callers pay.
    """

    revenue_per_minute: Money = Field(
        Decimal(0),
        description="What the carrier pays us for each minute that a caller pays; credited on the statement.",
        examples=["1.20"],
    )
    caller_per_minute: Money | None = Field(
        None,
        description="What the caller pays a minute, 0 for a toll-free number; without it, as the caller's "
        "own carrier charges. It is told, and never in our sums.",
        examples=["0"],
    )


class OutboundRate(Rate):
    """What calls that we dial cost: call centres outside, transfers, overflow."""

    prefixes: tuple[Prefix, ...] = Field(
        (),
        description="First digits of the numbers; the longest that fits decides; without any, all others.",
        examples=["[+474, +479]"],
    )


def _within_week(hours: WeeklyHours) -> Iterator[tuple[int, int]]:
    for start, end in hours.spans:
        yield start, min(end, WEEK)
        if end > WEEK:
            yield 0, end - WEEK

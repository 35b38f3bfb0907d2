"""A month under a contract: calls by class, fees, included minutes, discounts and the minimum, as lines.

Calls are added in their order, because the included minutes cover the first of them. Discounts are taken of
the sum before any discount, so that term and volume add up. The minimum is compared with what is left.
What the carrier pays us stands below, as a credit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from hotline_ivr.config.contract_terms import INBOUND
from hotline_ivr.config.contracts import Contract
from hotline_ivr.config.rates import InboundRate
from hotline_ivr.routing.costs import CallCost, month_bounds, price_call
from hotline_ivr.routing.rounding import rounded
from hotline_ivr.routing.usage import Usage, rate_of

# Calls to an ordinary number are paid by who calls.
_NOTHING = InboundRate(per_minute=Decimal(0))


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A line of a statement; discounts and credits are negative."""

    kind: str
    text: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """A month; `total` is the sum of the lines. `projected` is the total expected at the month's end."""

    contract: str
    currency: str
    year: int
    month: int
    lines: tuple[StatementLine, ...]
    total: Decimal
    projected: Decimal | None
    calls: int
    #: Connections for which the contract has no price.
    unpriced: int
    included_used: int
    by_line: tuple[tuple[str, int, Decimal], ...]


@dataclass(slots=True)
class _Tally:
    """What was added up of one class of calls, or of one line."""

    calls: int = 0
    billed: int = 0
    included: int = 0
    exact: Fraction = Fraction(0)
    #: What the calls would cost without included minutes.
    gross: Fraction = Fraction(0)
    revenue: Fraction = Fraction(0)

    def add(self, cost: CallCost, gross: Fraction) -> None:
        self.calls += 1
        self.billed += cost.billed
        self.included += cost.included
        self.exact += cost.exact
        self.gross += gross
        self.revenue += cost.revenue


class MonthOfCalls:
    """Takes the connections of one month under one contract, in order, and holds nothing but sums."""

    def __init__(
        self,
        contract_id: str,
        contract: Contract,
        year: int,
        month: int,
        *,
        numbers: int | None = None,
        channels: int | None = None,
        as_if: bool = False,
        ordinary: bool = True,
    ) -> None:
        """`numbers` and `channels` are those that are paid for, in the place of the contract's own.

        `as_if` takes a contract as in force; without `ordinary` one that has no `inbound` has no price for
        calls to us, else they cost nothing, as of an ordinary number.
        """
        self._id = contract_id
        self._contract = contract
        self._year, self._month = year, month
        self._start, self._end = month_bounds(contract, year, month)
        self._numbers = len(contract.numbers) if numbers is None else numbers
        self._channels = contract.channels if channels is None else channels
        self._ordinary = ordinary and contract.inbound is None
        self._as_if = as_if or contract.offer
        self._free = contract.included.minutes * 60 if contract.included else 0
        self._classes: dict[str, _Tally] = {}
        self._lines: dict[str, _Tally] = {}
        self.unpriced = 0

    def covers(self, moment: datetime) -> bool:
        """Whether a moment is in this month, on the contract's clock."""
        return self._start <= moment < self._end

    def add(self, usage: Usage) -> CallCost | None:
        """Price a connection of this month; None where the contract has no price for it."""
        free_of_charge = self._ordinary and not usage.outgoing
        found = (INBOUND, _NOTHING) if free_of_charge else rate_of(self._contract, usage)
        if found is None:
            self.unpriced += 1
            return None
        kind, rate = found
        included = self._contract.included
        covered = included is not None and kind in included.calls and not free_of_charge
        free = self._free if covered else 0
        cost = price_call(
            self._id, self._contract, kind, rate, start=usage.start, seconds=usage.seconds, free=free
        )
        gross = cost.exact
        if cost.included:
            self._free -= cost.included
            gross = price_call(
                self._id, self._contract, kind, rate, start=usage.start, seconds=usage.seconds
            ).exact
        self._classes.setdefault(kind, _Tally()).add(cost, gross)
        self._lines.setdefault(usage.line, _Tally()).add(cost, gross)
        return cost

    def statement(self, now: datetime | None = None) -> Statement:
        """What the month costs; with `now` within it, also what it will have cost by its end."""
        lines = tuple(self._all_lines({name: tally.exact for name, tally in self._classes.items()}))
        used = sum(tally.included for tally in self._classes.values())
        by_line = ((name, tally.calls, self._bill(tally.exact)) for name, tally in self._lines.items())
        return Statement(
            contract=self._id,
            currency=self._contract.currency,
            year=self._year,
            month=self._month,
            lines=lines,
            total=sum((line.amount for line in lines), self._bill(Fraction(0))),
            projected=self._projected(now),
            calls=sum(tally.calls for tally in self._classes.values()),
            unpriced=self.unpriced,
            included_used=used,
            by_line=tuple(sorted(by_line)),
        )

    def _projected(self, now: datetime | None) -> Decimal | None:
        """If the rest of the month is used as its part until now was, per hour; None outside of it."""
        if now is None or not self._start < now < self._end:
            return None
        factor = Fraction(self._end.timestamp() - self._start.timestamp()) / Fraction(
            now.timestamp() - self._start.timestamp()
        )
        expected: dict[str, Fraction] = {}
        included = self._contract.included
        wanted = sum(
            tally.billed for name, tally in self._classes.items() if included and name in included.calls
        )
        for name, tally in self._classes.items():
            share = Fraction(0)
            if included and name in included.calls and wanted:
                share = min(Fraction(1), Fraction(included.minutes * 60) / (wanted * factor))
            expected[name] = tally.gross * factor * (1 - share)
        revenue = factor * sum((tally.revenue for tally in self._classes.values()), Fraction(0))
        return sum((line.amount for line in self._all_lines(expected, revenue)), self._bill(Fraction(0)))

    def _all_lines(
        self, sums: dict[str, Fraction], revenue: Fraction | None = None
    ) -> Iterator[StatementLine]:
        calls = list(self._call_lines(sums))
        fees = list(self._fee_lines())
        before = [*fees, *calls]
        off = list(self._discount_lines(fees, calls))
        yield from (*before, *off)
        spent = sum((line.amount for line in (*before, *off)), Decimal(0))
        if self.in_force and spent < self._contract.minimum_spend:
            text = f"up to the minimum of {self._contract.minimum_spend:f}"
            yield StatementLine("minimum", text, self._contract.minimum_spend - spent)
        if revenue is None:
            revenue = sum((tally.revenue for tally in self._classes.values()), Fraction(0))
        if revenue:
            yield StatementLine("credit", "share of what callers paid", -self._bill(revenue))

    def _call_lines(self, sums: dict[str, Fraction]) -> Iterator[StatementLine]:
        for name, exact in sums.items():
            tally = self._classes[name]
            covered = f", {_minutes(tally.included)} of them included" if tally.included else ""
            text = f"{name}: {tally.calls} calls, {_minutes(tally.billed)} min billed{covered}"
            yield StatementLine("calls", text, self._bill(exact))

    @property
    def in_force(self) -> bool:
        """Whether the contract holds on any day of the month; one to compare with is taken as if it did."""
        last = self._end.date()
        begun = self._contract.from_ < last
        over = self._contract.until is not None and self._contract.until < self._start.date()
        return self._as_if or (begun and not over)

    def _fee_lines(self) -> Iterator[StatementLine]:
        fees = self._contract.fees
        if not self.in_force:
            return
        if fees.monthly:
            yield StatementLine("fee", "monthly fee", fees.monthly)
        for amount, count, what in (
            (fees.per_number, self._numbers, "numbers"),
            (fees.per_channel, self._channels, "channels"),
        ):
            if amount and count:
                yield StatementLine("fee", f"{count} {what} x {amount:f}", amount * count)

    def _discount_lines(
        self, fees: Sequence[StatementLine], calls: Sequence[StatementLine]
    ) -> Iterator[StatementLine]:
        discounts = self._contract.discounts
        spent = sum((line.amount for line in calls), Decimal(0))
        bases = {"fees": fees, "calls": calls, "all": [*fees, *calls]}
        base = sum((line.amount for line in bases[discounts.on]), Decimal(0))
        term = [each for each in discounts.term if each.months <= self._contract.terms.months]
        volume = [each for each in discounts.volume if each.spend <= spent]
        reached = [(each.percent, f"a term of {self._contract.terms.months} months") for each in term[-1:]]
        reached += [(each.percent, f"calls of {each.spend:f} or more") for each in volume[-1:]]
        left = Fraction(100)
        for percent, why in reached:
            taken = min(left, Fraction(percent))
            left -= taken
            amount = -self._bill(Fraction(base) * taken / 100)
            if amount:
                yield StatementLine("discount", f"{percent:f} % of {base:f} for {why}", amount)

    def _bill(self, exact: Fraction) -> Decimal:
        return rounded(exact, self._contract.minor_units, self._contract.rounding.mode)


def _minutes(seconds: int) -> str:
    return f"{seconds / 60:.1f}".removesuffix(".0")

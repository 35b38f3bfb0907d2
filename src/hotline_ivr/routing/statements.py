"""A month under a contract: calls by class, fees, included minutes, discounts and the minimum, as lines.

Calls are added in their order, because the included minutes cover the first of them. Discounts are taken of
the sum before any discount, so that term and volume add up. The minimum is compared with what is left.
What the carrier pays us stands below, as a credit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal, Protocol

from hotline_ivr.config.contract_terms import INBOUND
from hotline_ivr.config.contracts import Contract
from hotline_ivr.config.rates import InboundRate
from hotline_ivr.routing.costs import CallCost, month_bounds, price_call
from hotline_ivr.routing.rounding import rounded
from hotline_ivr.routing.usage import Usage, rate_of

ProjectedBy = Literal["open-hours", "hours", "both"]


class Growing(Protocol):
    """How much a line's calls grow until a month's end; see routing/growth.py."""

    def of(self, line: str, start: datetime, now: datetime, end: datetime) -> Fraction | None: ...


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
    """A month; `total` is the sum of the lines. `projected` is the total expected at the month's end.

    `projected_by` says how: by the lines' open hours, by all hours, or by both where some lines have none.
    """

    contract: str
    currency: str
    year: int
    month: int
    lines: tuple[StatementLine, ...]
    total: Decimal
    projected: Decimal | None
    projected_by: ProjectedBy | None
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
        self.join(_Tally(1, cost.billed, cost.included, cost.exact, gross, cost.revenue))

    def join(self, other: _Tally) -> None:
        self.calls += other.calls
        self.billed += other.billed
        self.included += other.included
        self.exact += other.exact
        self.gross += other.gross
        self.revenue += other.revenue


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
        # By class and line.
        self._tallies: dict[tuple[str, str], _Tally] = {}
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
        self._tallies.setdefault((kind, usage.line), _Tally()).add(cost, gross)
        return cost

    def _classes(self) -> dict[str, _Tally]:
        return _joined((kind, tally) for (kind, _), tally in self._tallies.items())

    def statement(self, now: datetime | None = None, growth: Growing | None = None) -> Statement:
        """What the month costs; with `now` within it, also what it will have cost by its end."""
        classes = self._classes()
        lines = tuple(self._all_lines({name: tally.exact for name, tally in classes.items()}))
        used = sum(tally.included for tally in classes.values())
        of_lines = _joined((line, tally) for (_, line), tally in self._tallies.items())
        by_line = ((name, tally.calls, self._bill(tally.exact)) for name, tally in of_lines.items())
        projected, how = self._projected(now, growth) or (None, None)
        return Statement(
            contract=self._id,
            currency=self._contract.currency,
            year=self._year,
            month=self._month,
            lines=lines,
            total=sum((line.amount for line in lines), self._bill(Fraction(0))),
            projected=projected,
            projected_by=how,
            calls=sum(tally.calls for tally in classes.values()),
            unpriced=self.unpriced,
            included_used=used,
            by_line=tuple(sorted(by_line)),
        )

    def _projected(self, now: datetime | None, growth: Growing | None) -> tuple[Decimal, ProjectedBy] | None:
        """If the rest of the month is used as its part until now was; None outside of it.

        Calls of a line grow with its open hours, those of a line without any with all hours.
        """
        if now is None or not self._start < now < self._end:
            return None
        start, end = self._start.timestamp(), self._end.timestamp()
        by_clock = Fraction(end - start) / Fraction(now.timestamp() - start)
        factors: dict[str, Fraction] = {}
        by_hours = 0
        for line in {line for _, line in self._tallies}:
            found = growth.of(line, self._start, now, self._end) if growth else None
            by_hours += found is not None
            factors[line] = by_clock if found is None else found
        included = self._contract.included
        expected: dict[str, Fraction] = {}
        wanted = revenue = Fraction(0)
        for (kind, line), tally in self._tallies.items():
            expected[kind] = expected.get(kind, Fraction(0)) + tally.gross * factors[line]
            revenue += tally.revenue * factors[line]
            if included and kind in included.calls:
                wanted += tally.billed * factors[line]
        if included and wanted:
            paid = 1 - min(Fraction(1), Fraction(included.minutes * 60) / wanted)
            expected = {
                kind: amount * (paid if kind in included.calls else 1) for kind, amount in expected.items()
            }
        lines = self._all_lines(expected, revenue)
        how: ProjectedBy = "hours" if not by_hours else "open-hours" if by_hours == len(factors) else "both"
        return sum((line.amount for line in lines), self._bill(Fraction(0))), how

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
            revenue = sum((tally.revenue for tally in self._tallies.values()), Fraction(0))
        if revenue:
            yield StatementLine("credit", "share of what callers paid", -self._bill(revenue))

    def _call_lines(self, sums: dict[str, Fraction]) -> Iterator[StatementLine]:
        classes, shown = self._classes(), Decimal(0)
        for name, exact in sums.items():
            tally, amount = classes[name], self._bill(exact)
            shown += amount
            covered = f", {_minutes(tally.included)} of them included" if tally.included else ""
            text = f"{name}: {tally.calls} calls, {_minutes(tally.billed)} min billed{covered}"
            yield StatementLine("calls", text, amount)
        if self._contract.rounding.per == "month":
            rest = self._bill(sum(sums.values(), Fraction(0))) - shown
            if rest:
                yield StatementLine("rounding", "calls are rounded once, in their sum", rest)

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


def _joined(tallies: Iterable[tuple[str, _Tally]]) -> dict[str, _Tally]:
    found: dict[str, _Tally] = {}
    for name, tally in tallies:
        found.setdefault(name, _Tally()).join(tally)
    return found


def _minutes(seconds: int) -> str:
    return f"{seconds / 60:.1f}".removesuffix(".0")

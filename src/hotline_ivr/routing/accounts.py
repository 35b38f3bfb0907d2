"""The calls of a month, each under the contract in force: statements, and other contracts beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hotline_ivr.config.contracts import Contract
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.comparison import Compared, Comparison
from hotline_ivr.routing.costs import CallCost, month_bounds
from hotline_ivr.routing.growth import Growth
from hotline_ivr.routing.statements import MonthOfCalls, Statement
from hotline_ivr.routing.usage import RecordedCall, Usage, contract_in_force, usages
from hotline_ivr.routing.wall import zone_of

LONGEST_CALL = timedelta(days=1)
"""Calls that arrived so long before a month are looked at too: a part of them may begin in it."""


class Priced(NamedTuple):
    """A connection with its price; None without a contract, or where that has no price for it."""

    usage: Usage
    contract: str | None
    cost: CallCost | None


class Accounts:
    """Takes the calls of a month in the order of their arrival and holds nothing but sums."""

    def __init__(
        self,
        plan: Plan,
        year: int,
        month: int,
        *,
        compared: Sequence[str] = (),
        instead_of: Sequence[str] = (),
    ) -> None:
        """`compared` are contracts or offers, each `instead_of` others; raises ArgumentError as those do."""
        self._plan = plan
        kept = {name: each for name, each in plan.contracts.items() if not each.offer}
        self._months = {name: MonthOfCalls(name, each, year, month) for name, each in kept.items()}
        self._compared = [Comparison(plan, year, month, name, instead_of) for name in compared]
        #: Connections without any contract, by our number or trunk.
        self.without_contract: Counter[str] = Counter()
        #: Calls that are not over, or have no end in the record.
        self.under_way = 0

    def add(self, call: RecordedCall) -> list[Priced]:
        """Price what of a call begins in this month."""
        if call.ended_at is None:
            self.under_way += 1
            return []
        for compared in self._compared:
            compared.add_call(call)
        return [priced for usage in usages(call) if (priced := self._add(usage)) is not None]

    def _add(self, usage: Usage) -> Priced | None:
        contract = contract_in_force(self._plan.contracts, usage)
        if contract is None:
            if any(made.covers(usage.start) for made in self._months.values()):
                self.without_contract[usage.trunk or usage.number] += 1
            return Priced(usage, None, None)
        for compared in self._compared:
            compared.add(usage, contract)
        made = self._months[contract]
        return Priced(usage, contract, made.add(usage)) if made.covers(usage.start) else None

    def statements(self, now: datetime) -> Iterator[Statement]:
        """Of every contract that is in force in the month or has calls in it."""
        within = any(made.covers(now) for made in self._months.values())
        growth = Growth(self._plan) if within else None
        for made in self._months.values():
            found = made.statement(now, growth)
            if made.in_force or found.calls or found.unpriced:
                yield found

    def compared(self, now: datetime) -> Iterator[Compared]:
        """The month with each contract to compare with, in the place of others."""
        found = list(self.statements(now))
        return (each.compared(found) for each in self._compared)


def span_of(plan: Plan, year: int, month: int) -> tuple[datetime, datetime]:
    """From when to when calls arrive that may belong to the month under any contract. Aware."""
    bounds = [month_bounds(each, year, month) for each in plan.contracts.values()]
    return min(start for start, _ in bounds) - LONGEST_CALL, max(end for _, end in bounds)


def months_of(plan: Plan, call: RecordedCall) -> list[tuple[int, int]]:
    """The months in which the connections of a call begin, on the clock of their contracts."""
    found: dict[tuple[int, int], None] = {}
    for usage in usages(call):
        contract = contract_in_force(plan.contracts, usage)
        if contract is not None:
            local = usage.start.astimezone(zone_of(plan.contracts[contract].time_zone))
            found[local.year, local.month] = None
    return list(found)


def months_between(contract: Contract, first: datetime, last: datetime) -> list[tuple[int, int]]:
    """The months of a contract from one moment (aware) to another, both included."""
    zone = zone_of(contract.time_zone)
    first, last = first.astimezone(zone), last.astimezone(zone)
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [(count // 12, count % 12 + 1) for count in months]

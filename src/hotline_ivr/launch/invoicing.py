"""A carrier's invoice against the record."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from hotline_ivr.config.contracts import Contract
from hotline_ivr.config.invoice_columns import InvoiceColumns
from hotline_ivr.config.models import Plan
from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.accounts import Accounts, months_between, span_of
from hotline_ivr.routing.billing_period import Period, billed_period
from hotline_ivr.routing.invoice_check import Difference, InvoiceCheck
from hotline_ivr.routing.invoice_fees import fee_differences
from hotline_ivr.routing.invoices import read_invoice
from hotline_ivr.routing.statements import StatementLine
from hotline_ivr.settings import Settings
from hotline_ivr.store.costing import recorded_calls
from hotline_ivr.store.reading import read_once


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it; `period` is None of a list without lines. `fees` tells whether they were compared."""

    check: InvoiceCheck
    period: Period | None
    differences: Sequence[Difference]
    fees: bool

    @property
    def counts(self) -> dict[str, int]:
        """How many differences there are of each kind."""
        return dict(Counter(each.kind for each in self.differences))


async def compare_invoice(
    settings: Settings, plan: Plan, contract_id: str, file: Path, period: Period | None = None
) -> Compared:
    """Compare a list with the connections of a contract, in `period` or the billing months that it has.

    Raises ArgumentError for a file that cannot be read, and StoreError.
    """
    contract = plan.contracts[contract_id]
    columns = contract.invoice
    if columns is None:
        raise ArgumentError(
            f"contract {contract_id} does not say how its invoice looks: write `invoice` there"
        )
    check = _read(file, contract, columns, plan.organisation.country)
    if period is None:
        if check.span is None:
            return Compared(check, None, (), fees=False)
        period = billed_period(contract, columns.month_begins, check.span, columns.tolerance)
    start, end = period.bounds(contract)
    fees = await read_once(
        settings.database, lambda connection: _take(connection, plan, contract_id, check, (start, end))
    )
    found = check.differences(start, end)
    compared = columns.fees and bool(check.fees) and bool(period.months)
    if compared:
        due = [line for month in period.months for line in fees.get(month, ())]
        found += fee_differences(check.fees, due, calls={check.billed, check.total}, at=start)
    return Compared(check, period, found, fees=compared)


def _read(file: Path, contract: Contract, columns: InvoiceColumns, country: str) -> InvoiceCheck:
    zone = ZoneInfo(columns.time_zone or contract.time_zone)
    encoding = "utf-8-sig" if columns.encoding == "utf-8" else columns.encoding
    try:
        with file.open(encoding=encoding, newline="") as stream:
            return InvoiceCheck(read_invoice(stream, columns, zone, country), columns.tolerance)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArgumentError(f"{file}: {error}") from None


def _take(
    connection: Connection, plan: Plan, contract_id: str, check: InvoiceCheck, span: tuple[datetime, datetime]
) -> dict[tuple[int, int], list[StatementLine]]:
    """Hand over what connections of the contract begin in this time; what each month costs beside calls.

    A month is read from its beginning, for the minutes that its fees cover.
    """
    contract = plan.contracts[contract_id]
    start, end = _widened(check, span)
    beside: dict[tuple[int, int], list[StatementLine]] = {}
    for month in months_between(contract, start, end - timedelta(microseconds=1)):
        accounts = Accounts(plan, *month)
        first, last = span_of(plan, *month)
        for call in recorded_calls(connection, first, min(last, end)):
            for usage, name, cost in accounts.add(call):
                if name == contract_id and cost is not None and start <= usage.start < end:
                    ordinary = not usage.outgoing and contract.inbound is None
                    check.add(usage, cost, free=ordinary)
        for statement in accounts.statements(end):
            if statement.contract == contract_id:
                beside[month] = [line for line in statement.lines if line.kind != "calls"]
    return beside


def _widened(check: InvoiceCheck, span: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
    """The time in which a connection of ours may be one of the list's: by the tolerance more."""
    start, end = span
    if check.span is None:
        return span
    more = timedelta(seconds=check.tolerance)
    if check.span[0] < (start + more).timestamp():
        start -= more
    if check.span[1] >= (end - more).timestamp():
        end += more
    return start, end

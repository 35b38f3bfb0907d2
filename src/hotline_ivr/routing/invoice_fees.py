"""Rows of an invoice that are of no call, against what a contract's statements have beside calls."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from hotline_ivr.routing.invoice_check import Difference
from hotline_ivr.routing.invoices import FeeRow
from hotline_ivr.routing.statements import StatementLine

_NOTHING = Decimal(0)


def fee_differences(
    rows: Sequence[FeeRow], lines: Sequence[StatementLine], *, calls: Collection[Decimal], at: datetime
) -> Iterator[Difference]:
    """What differs, at the beginning (`at`) of the time that is billed; `calls` are sums of the list's calls.

    A list without such rows is one of calls alone: nothing of it is compared. Rows that add up what stands in
    the list are no fees. Rows may divide a fee of ours, or join some, as long as all add up to the same.
    """
    fees = [line for line in lines if line.kind == "fee"]
    # Discounts, the minimum and credits may stand there too; their sums depend on what the carrier counts.
    others = [line for line in lines if line.kind in {"discount", "minimum", "credit"}]
    rows = [row for row in _without_sums(rows, calls) if row.amount]
    if not rows:
        return
    due = sum((line.amount for line in fees), _NOTHING)
    left = list(rows)
    for line in list(others):
        found = next((row for row in left if row.amount == line.amount), None)
        if found is not None:
            left.remove(found)
    if sum((row.amount for row in left), _NOTHING) == due:
        return
    for line in fees:
        found = next((row for row in left if row.amount == line.amount), None)
        if found is not None:
            left.remove(found)
        else:
            yield Difference("fee", "", at, None, None, f"{line.amount:f} ({line.text})", "")
    for row in left:
        yield Difference("fee", "", at, row.row, None, "", f"{row.amount:f}")


def _without_sums(rows: Sequence[FeeRow], calls: Collection[Decimal]) -> Iterator[FeeRow]:
    """Rows but those that are the sum of calls, of the rows before, or of both."""
    before = _NOTHING
    for place, row in enumerate(rows):
        of_calls = any(each and row.amount in {each, each + before} for each in calls)
        if of_calls or (place > 1 and row.amount == before):
            continue
        before += row.amount
        yield row

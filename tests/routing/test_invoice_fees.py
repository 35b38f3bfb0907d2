"""Fee rows of an invoice against those of a statement."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hotline_ivr.routing.invoice_fees import fee_differences
from hotline_ivr.routing.invoices import FeeRow
from hotline_ivr.routing.statements import StatementLine

AT = datetime(2026, 9, 1, tzinfo=UTC)
DUE = (
    StatementLine("fee", "monthly fee", Decimal("100.00")),
    StatementLine("fee", "2 channels x 10.00", Decimal("20.00")),
    StatementLine("discount", "5 % of 120.00", Decimal("-6.00")),
)


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        # A list of calls alone says nothing of fees.
        ((), []),
        (("100.00", "20.00"), []),
        # Two channels in two rows, the discount, the calls' sum of 7.50 and the sum of all.
        (("100.00", "10.00", "10.00", "-6.00"), []),
        (("7.50", "100.00", "20.00", "-6.00", "114.00", "121.50"), []),
        (("100.00",), [("20.00 (2 channels x 10.00)", "", None)]),
        (("100.00", "30.00"), [("20.00 (2 channels x 10.00)", "", None), ("", "30.00", 3)]),
        (("100.00", "20.00", "9.00"), [("", "9.00", 4)]),
    ],
)
def test_fees_are_compared_and_sums_are_none(
    amounts: tuple[str, ...], expected: list[tuple[str, str, int | None]]
) -> None:
    rows = [FeeRow(Decimal(amount), row) for row, amount in enumerate(amounts, 2)]
    found = fee_differences(rows, DUE, calls=[Decimal("7.50")], at=AT)
    assert [(each.ours, each.theirs, each.row) for each in found] == expected

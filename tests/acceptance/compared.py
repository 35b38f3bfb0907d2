"""The record beside what the SIP side saw of the same calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hotline_ivr.testing.ledger import LedgerRow
from hotline_ivr.testing.stack import Record


def differences(
    rows: Sequence[LedgerRow], talks: Sequence[LedgerRow], records: Sequence[Record]
) -> list[str]:
    """Calls of an open line that the record has not, twice, or otherwise than the SIP side."""
    count = Counter(record["caller"] for record in records)
    outcome = {record["caller"]: record["outcome"] for record in records}
    answered = {talk.peer for talk in talks if talk.answered is not None and talk.code == 200}
    found = [f"{number} has {times} records" for number, times in count.items() if times != 1]
    for row in rows:
        expected = "answered" if row.number in answered else "abandoned"
        if outcome.get(row.number) != expected:
            found.append(f"{row.number}: {outcome.get(row.number)}, but the SIP side saw {expected}: {row}")
    return found

"""Callers who met a limit of channels, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.ledger import Batch
from hotline_ivr.routing.steps import Outcome
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.limit_met import LimitMet, limits_met
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.writer import write_batch
from tests.routing.call_tables import FOLDER, read_call
from tests.routing.contracts import a_contract

DAY = timedelta(days=1)
# Midnight in Oslo, on which the first contract ends.
MIDNIGHT = datetime(2026, 11, 23, 23, tzinfo=UTC)
OURS, OTHER = "+4722851235", "+4722851299"


async def test_callers_over_the_limit_are_counted_by_number_and_by_the_contract_of_their_day(
    database_url: str,
) -> None:
    """Three callers before midnight, of whom one met the limit, two after it, who both did; one elsewhere."""
    await upgrade(database_url)
    store = open_store(database_url)
    made = fold(read_call(FOLDER / "answered_caller_hangs_up.txt").events, (), node="main")
    assert made is not None
    hour, midnight = 3_600_000_000, int(MIDNIGHT.timestamp()) * 1_000_000
    wanted = [
        (-3, OURS, Outcome.ANSWERED, CallKind.CALLER),
        (-2, OURS, Outcome.OVER_LIMIT, CallKind.CALLER),
        (-1, OURS, Outcome.CLOSED, CallKind.CALLER),
        (1, OURS, Outcome.OVER_LIMIT, CallKind.CALLER),
        (2, OURS, Outcome.OVER_LIMIT, CallKind.CALLER),
        (3, OTHER, Outcome.ANSWERED, CallKind.CALLER),
        # Whom the service rang has not arrived.
        (4, OURS, Outcome.ANSWERED, CallKind.CALLBACK),
    ]
    calls = [
        made._replace(
            id=f"main-1.{place}",
            arrived_at=midnight + after * hour,
            number=number,
            outcome=outcome,
            kind=kind,
        )
        for place, (after, number, outcome, kind) in enumerate(wanted)
    ]
    await store.write(lambda connection: write_batch(connection, Batch("main", records=calls)))
    contracts = {
        "old": a_contract(numbers=[OURS], until="2026-11-23"),
        "new": a_contract(numbers=[OURS], **{"from": "2026-11-24"}),
        "unused": a_contract(numbers=["+4722851200"]),
        "offer": a_contract(numbers=[OURS], offer="yes"),
    }
    found = await store.read(
        lambda connection: limits_met(connection, contracts, MIDNIGHT - DAY, MIDNIGHT + DAY)
    )
    await store.close()
    assert found == {
        ("number", OURS): LimitMet(5, 3),
        ("number", OTHER): LimitMet(1, 0),
        ("contract", "old"): LimitMet(3, 1),
        ("contract", "new"): LimitMet(2, 2),
    }

"""P9 from the ledgers of phones and callers."""

from __future__ import annotations

import pytest

from bench.delivery import FLOORS, Delays, delays
from hotline_ivr.testing.ledger import LedgerRow


def phone(who: str, peer: str, started: float, ended: float) -> LedgerRow:
    return LedgerRow(f"{who}-{started}", who, started, peer=peer, answered=started, ended=ended)


def caller(number: str, answered: float) -> LedgerRow:
    return LedgerRow(number, number, answered, answered=answered)


def test_the_time_from_the_end_of_a_call_to_the_next_ring_of_the_same_phone_counts() -> None:
    phones = [phone("anna", "1", 10, 20), phone("bjorn", "2", 11, 12), phone("anna", "3", 20.5, 30)]
    assert delays(phones, [caller("1", 0), caller("2", 0), caller("3", 0)]) == [500]


def test_a_caller_who_came_only_then_does_not_count() -> None:
    phones = [phone("anna", "1", 10, 20), phone("anna", "2", 25, 30)]
    assert delays(phones, [caller("1", 0), caller("2", 24)]) == []


def test_shares_are_of_the_delays_in_order() -> None:
    found = Delays.of([float(n) for n in range(100, 0, -1)])
    assert (found.seen, found.p50, found.p90, found.p99, found.most) == (100, 51, 91, 100, 100)
    with pytest.raises(ValueError, match="nobody had to wait"):
        Delays.of([])


def test_operators_serve_as_many_queues_as_the_floor_says() -> None:
    for floor in FLOORS:
        queues = floor.configuration(5060)["queues"]
        assert isinstance(queues, dict)
        served = [name for queue in queues.values() for name in queue["operators"]]
        assert all(served.count(name) == floor.queues_each for name in served)
        assert len(set(served)) == floor.operators

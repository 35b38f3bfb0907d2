"""Waiting by Erlang C and Erlang A: against printed values, limits that both must meet, and chance itself."""

from __future__ import annotations

import heapq
import random

import pytest

from hotline_ivr.routing.erlang_delay import ErlangA, ErlangC


def test_erlang_c_as_tables_print_it() -> None:
    # 8 erlangs on 10 operators: 40.9 % wait (any table of Erlang C).
    queue = ErlangC(arrivals_a_second=8 / 180, service_s=180, operators=10)
    assert queue.waiting == pytest.approx(0.409, abs=0.0005)
    assert queue.mean_wait_s == pytest.approx(0.40918 * 180 / 2, rel=1e-3)
    assert queue.answered_within(0) == pytest.approx(1 - queue.waiting)
    assert queue.answered_within(20) == pytest.approx(1 - 0.40918 * 2.718281828 ** (-2 * 20 / 180), rel=1e-4)
    assert queue.occupancy == pytest.approx(0.8)


def test_one_operator_is_the_queue_of_the_textbook() -> None:
    # M/M/1: the share that waits is the load, the mean wait load/(1-load) services.
    queue = ErlangC(arrivals_a_second=0.5, service_s=1, operators=1)
    assert queue.waiting == pytest.approx(0.5)
    assert queue.mean_wait_s == pytest.approx(1.0)


def test_more_work_than_operators_is_refused_with_the_numbers() -> None:
    with pytest.raises(ValueError, match=r"5\.0 erlangs are more than 5 operators"):
        ErlangC(arrivals_a_second=1, service_s=5, operators=5)


def test_endless_patience_makes_erlang_c_of_erlang_a() -> None:
    patient = ErlangA(arrivals_a_second=8 / 180, service_s=180, operators=10, patience_s=1e7)
    endless = ErlangC(arrivals_a_second=8 / 180, service_s=180, operators=10)
    assert patient.waiting == pytest.approx(endless.waiting, rel=1e-3)
    assert patient.mean_wait_s == pytest.approx(endless.mean_wait_s, rel=1e-3)
    assert patient.answered_within(20) == pytest.approx(endless.answered_within(20), rel=1e-3)
    assert patient.abandoned < 1e-4


def test_patience_like_service_makes_a_queue_without_end_of_operators() -> None:
    # With equal rates M/M/n+M is M/M/infinity: the number there is Poisson, so its head is known.
    queue = ErlangA(arrivals_a_second=2, service_s=1, operators=3, patience_s=1)
    below = (1 + 2 + 2) * 2.718281828459045**-2
    assert queue.waiting == pytest.approx(1 - below)


def test_erlang_a_is_what_chance_gives() -> None:
    queue = ErlangA(arrivals_a_second=1.0, service_s=3.0, operators=3, patience_s=4.0)
    dice = random.Random(7)
    calls, now, waits, lost, in_time = 60_000, 0.0, 0.0, 0, 0
    free = [0.0] * queue.operators
    for _ in range(calls):
        now += dice.expovariate(queue.arrivals_a_second)
        patience = dice.expovariate(1 / queue.patience_s)
        wait = max(0.0, free[0] - now)
        if wait > patience:
            lost += 1
        else:
            heapq.heapreplace(free, now + wait + dice.expovariate(1 / queue.service_s))
            in_time += wait <= 2.0
        waits += min(wait, patience)
    assert lost / calls == pytest.approx(queue.abandoned, abs=0.01)
    assert waits / calls == pytest.approx(queue.mean_wait_s, rel=0.03)
    assert in_time / calls == pytest.approx(queue.answered_within(2.0), abs=0.01)

"""Ports for tests: nobody's now, and taken by nobody who merely connects somewhere."""

from __future__ import annotations

import socket
from itertools import pairwise

import pytest

from hotline_ivr.testing.ports import free_port

KERNELS_OWN = 32_768


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_is_given_once_and_can_be_taken(kind: int) -> None:
    given = [free_port(kind) for _ in range(200)]
    assert len(set(given)) == 200
    assert max(given) < KERNELS_OWN, "a connection to anywhere might take it before its owner does"
    for port in given[:5]:
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.bind(("127.0.0.1", port))


def test_workers_that_run_beside_one_another_are_given_different_ports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A test file may be given one long before it is used, and nobody holds it until then."""
    monkeypatch.delenv("HOTLINE_TEST_PORTS", raising=False)
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "6")
    given: list[set[int]] = []
    for worker in range(6):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{worker}")
        given.append({free_port() for _ in range(100)})
    bounds = [(min(each), max(each)) for each in given]
    assert all(highest < lowest for (_, highest), (lowest, _) in pairwise(bounds))


def test_runs_that_are_beside_one_another_have_ports_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.setenv("HOTLINE_TEST_PORTS", "27000-28000")
    assert {free_port() for _ in range(100)} <= set(range(27_000, 28_000))
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw1")
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "2")
    assert {free_port() for _ in range(100)} <= set(range(27_500, 28_000))


def test_a_port_is_given_again_only_when_half_of_all_were_given_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.setenv("HOTLINE_TEST_PORTS", "27000-27200")
    given = [free_port() for _ in range(300)]
    for start in range(200):
        assert len(set(given[start : start + 95])) == 95

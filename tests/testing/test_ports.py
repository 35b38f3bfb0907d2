"""Ports for tests: nobody's now, and taken by nobody who merely connects somewhere."""

from __future__ import annotations

import socket

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

"""The benchmark asks as the dialplan does; else it measures refusals."""

from __future__ import annotations

from bench.agi_server import ENVIRONMENT
from hotline_ivr.asterisk.stretch import parse_ask


def test_the_benchmarks_ask_is_one_that_the_service_answers() -> None:
    lines = ENVIRONMENT.decode().splitlines()
    arguments = [line.partition(": ")[2] for line in lines if line.startswith("agi_arg_")]
    call, _ = parse_ask(arguments)
    assert call.line == "admission"

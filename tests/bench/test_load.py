"""What the bench reads from SIPp's statistics."""

from __future__ import annotations

import pytest

from bench.load import repeated, steady_rate


def second(elapsed: float, completed: int) -> dict[str, str]:
    """A line of SIPp's statistics, so many seconds after the start."""
    return {
        "StartTime": "2026-11-23\t17:08:47.000000\t1795453727.000000",
        "CurrentTime": f"2026-11-23\t17:08:59.000000\t{1795453727 + elapsed:.6f}",
        "SuccessfulCall(C)": str(completed),
    }


def test_calls_of_the_ramp_and_of_the_end_do_not_count_towards_the_rate() -> None:
    rows = [second(1, 0), second(4.25, 30), second(8.25, 70), second(30, 500)]
    assert steady_rate(rows, 4, 10) == pytest.approx(10)


def test_a_load_that_ended_before_the_ramp_did_has_no_rate() -> None:
    assert steady_rate([second(1, 0), second(4, 30)], 4, 10) == 0


def test_messages_sent_again_are_counted_on_both_sides() -> None:
    line = {"0_INVITE_Sent": "90", "0_INVITE_Retrans": "2", "3_200_Recv": "90", "3_200_Retrans": "1", "": ""}
    assert repeated(line) == 3

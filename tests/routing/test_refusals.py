"""Why a phone that rang was not taken up."""

from __future__ import annotations

import pytest

from hotline_ivr.routing.refusals import DECLINED, DO_NOT_DISTURB, NO_ANSWER, why_not_taken


@pytest.mark.parametrize(
    ("rang_ms", "reason"),
    [
        (0, DO_NOT_DISTURB),
        # Whole seconds of the clock: a moment over the turn of one counts as one.
        (1_000, DO_NOT_DISTURB),
        (2_000, DECLINED),
        (14_000, DECLINED),
        (15_000, NO_ANSWER),
        (16_000, NO_ANSWER),
    ],
)
def test_what_kept_a_phone_from_being_taken_up(rang_ms: int, reason: str) -> None:
    assert why_not_taken(rang_ms, 15) == reason

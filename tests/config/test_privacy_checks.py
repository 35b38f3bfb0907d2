"""How long data is kept: what goes together, and what is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hotline_ivr.config.privacy import Keep
from hotline_ivr.launch.privacy.kinds import KINDS


def test_every_kind_that_can_be_written_is_one_that_is_taken_away() -> None:
    assert sorted(each.name for each in KINDS) == sorted(Keep.model_fields)


def test_nothing_goes_by_default() -> None:
    assert set(Keep().model_dump().values()) == {None}


@pytest.mark.parametrize("keep", [{"calls": 30}, {"calls": 30, "logs": 31}])
def test_logs_do_not_outlive_the_calls_in_them(keep: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="keeps logs longer"):
        Keep.model_validate(keep)
    assert Keep.model_validate({"calls": 30, "logs": 30}).calls == 30


@pytest.mark.parametrize("days", [0, -1, 36_501])
def test_days_are_days(days: int) -> None:
    with pytest.raises(ValidationError):
        Keep.model_validate({"numbers": days})

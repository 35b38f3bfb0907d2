"""When the record is asked how long conversations take."""

from __future__ import annotations

from typing import Any

import pytest

from hotline_ivr.launch.service_times import wanted
from tests.plans import a_plan


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ({}, False),
        ({"expected_wait": "yes"}, True),
        ({"closing": {"drain": "5m"}}, True),
        ({"closing": {"last_call": "no"}}, False),
        ({"overflow": [{"name": "long", "expected_wait": "5m", "to": {"callback": "main"}}]}, True),
    ],
)
def test_the_record_is_asked_only_where_something_depends_on_the_expected_wait(
    line: dict[str, Any], *, asked: bool
) -> None:
    assert wanted(a_plan(**line)) is asked

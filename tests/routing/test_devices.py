"""At which of several telephones an operator is rung."""

from __future__ import annotations

import pytest

from hotline_ivr.routing.devices import person_of, rung_at
from hotline_ivr.routing.floor import DeviceState

PHONES = ("anna.desk", "anna.soft", "anna.web")
FREE, TALKS, GONE = DeviceState.NOT_IN_USE, DeviceState.BUSY, DeviceState.UNAVAILABLE


@pytest.mark.parametrize(
    ("chosen", "states", "rung"),
    [
        (None, {}, "anna.desk"),
        ("anna.soft", {}, "anna.soft"),
        ("anna.gone", {}, "anna.desk"),
        (None, {"anna.desk": GONE, "anna.soft": FREE}, "anna.soft"),
        # Who talks is there.
        (None, {"anna.desk": TALKS, "anna.soft": FREE}, "anna.desk"),
        ("anna.web", {"anna.desk": FREE, "anna.soft": FREE, "anna.web": GONE}, "anna.desk"),
        ("anna.web", {"anna.desk": FREE, "anna.web": FREE}, "anna.web"),
        ("anna.web", {"anna.desk": GONE, "anna.web": GONE}, "anna.web"),
        (None, {"anna.desk": DeviceState.UNKNOWN, "anna.web": FREE}, "anna.web"),
    ],
)
def test_the_telephone_that_was_signed_in_at_else_the_first_that_is_there(
    chosen: str | None, states: dict[str, DeviceState], rung: str
) -> None:
    assert rung_at(PHONES, chosen, states) == rung


def test_no_two_operators_share_an_extension_though_asterisk_passes_over_hyphens() -> None:
    assert person_of("ann-ab") != person_of("anna-b")

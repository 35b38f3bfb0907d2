"""What of a call is priced, under which contract, and in which class."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.usage import (
    DialledLeg,
    RecordedCall,
    Usage,
    connected_seconds,
    contract_in_force,
    rate_of,
    trunk_of,
    usages,
)
from tests.routing.contracts import NUMBER, a_contract

AT = datetime(2026, 9, 30, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_call_is_paid_from_being_picked_up_and_a_transfer_from_being_answered() -> None:
    leg = DialledLeg("carrier", "+4790000000", AT + 5 * SECOND, AT + 10 * SECOND, AT + 70.2 * SECOND)
    unanswered = DialledLeg("carrier", "+4791000000", AT + 2 * SECOND, None, AT + 5 * SECOND)
    call = RecordedCall("m-1", "info", NUMBER, AT, AT + SECOND, AT + 71 * SECOND, (unanswered, leg))
    assert [(each.outgoing, each.number, each.seconds) for each in usages(call)] == [
        (False, NUMBER, 70),
        (True, "+4790000000", 61),
    ]


def test_a_call_that_nobody_picked_up_costs_nothing() -> None:
    assert not list(usages(RecordedCall("m-1", "info", NUMBER, AT, None, AT + SECOND)))


def test_in_a_call_back_nobody_rang_us_and_who_was_rung_is_paid_for() -> None:
    leg = DialledLeg("carrier", "+4790000000", AT, AT + 4 * SECOND, AT + 30 * SECOND)
    call = RecordedCall(
        "m-1", "info", NUMBER, AT, AT + 4 * SECOND, AT + 30 * SECOND, (leg,), CallKind.CALLBACK
    )
    assert [(each.outgoing, each.number, each.seconds) for each in usages(call)] == [
        (True, "+4790000000", 26)
    ]


def test_a_transfer_that_asterisk_stopped_in_is_paid_until_the_call_ended() -> None:
    leg = DialledLeg("carrier", "+4790000000", AT, AT + 4 * SECOND, None)
    call = RecordedCall("m-1", "info", NUMBER, AT, AT, AT + 20 * SECOND, (leg,))
    assert [each.seconds for each in usages(call)] == [20, 16]
    assert not list(usages(replace(call, ended_at=None)))


@pytest.mark.parametrize(("lasted", "seconds"), [(0.0, 1), (0.001, 1), (1.0, 1), (1.001, 2), (-5.0, 1)])
def test_a_second_that_has_begun_counts(lasted: float, seconds: int) -> None:
    assert connected_seconds(AT, AT + lasted * SECOND) == seconds


@pytest.mark.parametrize(
    ("channel", "trunk"),
    [
        ("PJSIP/trunk-carrier-0000001a", "carrier"),
        ("PJSIP/trunk-carrier-b-0000001a", "carrier-b"),
        ("PJSIP/anna.k3v9-00000002", None),
    ],
)
def test_a_trunk_is_known_by_its_channels_name(channel: str, trunk: str | None) -> None:
    assert trunk_of(channel) == trunk


def test_the_contract_changes_at_midnight_of_its_own_clock() -> None:
    contracts = {
        "offer": a_contract(offer="yes"),
        "old": a_contract(until="2026-09-30"),
        "new": a_contract(**{"from": "2026-10-01"}),
    }
    late = Usage("", "", False, NUMBER, "", datetime(2026, 9, 30, 21, 59, 59, tzinfo=UTC), 60)
    assert contract_in_force(contracts, late) == "old"
    assert contract_in_force(contracts, late._replace(start=late.start + SECOND)) == "new"
    assert contract_in_force(contracts, late._replace(number="+4722000000")) is None
    assert contract_in_force(contracts, late._replace(start=AT - timedelta(days=999))) is None


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+4722000000", "domestic"), ("+4741000000", "mobile"), ("+46812345678", "rest"), ("", "rest"),
        # Replaced by a pseudonym: by the digits that stay.
        ("~4798abcdef", "mobile"), ("~4722abcdef", "domestic"), ("~46812abcdef", "rest"),
    ],
)  # fmt: skip
def test_the_longest_prefix_decides(number: str, kind: str) -> None:
    contract = a_contract(
        outbound={
            "rest": {"per_minute": "3"},
            "domestic": {"per_minute": "1", "prefixes": ["+47"]},
            "mobile": {"per_minute": "2", "prefixes": ["+474", "+479"]},
        }
    )
    found = rate_of(contract, Usage("", "", True, number, "carrier", AT, 60))
    assert found is not None
    assert found[0] == kind


@pytest.mark.parametrize("number", ["~abcdefghij", "~4abcdef", "~47abcdef"])
def test_where_the_digits_that_stay_do_not_tell_the_class_there_is_no_price_and_no_guess(number: str) -> None:
    """One that went whole, and short ones: the rest may be ten times as dear."""
    dialled = Usage("", "", True, number, "carrier", AT, 60)
    several = {"rest": {"per_minute": "3"}, "mobile": {"per_minute": "2", "prefixes": ["+474", "+479"]}}
    assert rate_of(a_contract(outbound=several), dialled) is None
    assert rate_of(a_contract(outbound={"rest": {"per_minute": "3"}}), dialled) is not None

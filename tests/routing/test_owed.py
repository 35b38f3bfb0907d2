"""What a finished call means to the promise ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hotline_ivr.routing.owed import MATTERS, FinishedCall, Rules, person_of, settled_at
from hotline_ivr.routing.steps import Outcome

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = Rules(timedelta(seconds=5), timedelta(days=7), "NO")
ABANDONED = FinishedCall(
    "main", "main-1.0", "info", "main", "+4790012345", "abandoned", NINE, None, NINE + MINUTE, 6_000, None
)


@pytest.mark.parametrize(("waited", "owed"), [(4_999, False), (5_000, False), (5_001, True), (None, False)])
def test_who_gave_up_early_or_before_any_queue_is_owed_nothing(waited: int | None, owed: bool) -> None:
    assert (settled_at(replace(ABANDONED, wait_ms=waited), RULES) is not None) is owed


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_decided_and_what_matters_is_told(outcome: Outcome) -> None:
    settled = settled_at(replace(ABANDONED, outcome=outcome.value), RULES)
    nothing = {Outcome.CLOSED, Outcome.INFORMED, Outcome.BLOCKED, Outcome.NOT_REACHED}
    assert (settled is not None) is (outcome not in nothing)
    # That nobody was reached ends an attempt, and is owed for as before.
    assert (settled is not None or outcome is Outcome.NOT_REACHED) is (outcome in MATTERS)


def test_a_conversation_counts_from_its_beginning() -> None:
    answered = replace(ABANDONED, outcome="answered", connected_at=NINE + MINUTE / 2)
    assert settled_at(answered, RULES) == NINE + MINUTE / 2
    outside = replace(ABANDONED, outcome="overflowed", outside_talk_ms=10_000)
    assert settled_at(outside, RULES) == NINE + timedelta(seconds=50)


def test_a_call_to_a_number_of_no_line_is_nobodys() -> None:
    assert settled_at(replace(ABANDONED, outcome="technical", line=""), RULES) is None


@pytest.mark.parametrize("written", ["+4722851234", "004722851234", "4722851234", "22851234"])
def test_a_number_is_one_person_however_it_is_written(written: str) -> None:
    assert person_of(replace(ABANDONED, caller=written), "NO") == "+4722851234"


def test_what_is_no_number_is_kept_as_it_is() -> None:
    assert person_of(replace(ABANDONED, caller="12"), "NO") == "12"
    assert person_of(replace(ABANDONED, caller="*#"), "NO") == "*#"


def test_each_withheld_caller_is_somebody_else() -> None:
    first = person_of(replace(ABANDONED, caller=""), "NO")
    assert first != person_of(replace(ABANDONED, caller="", id="main-2.0"), "NO")

"""Who is owed a call back: one entry a person, whatever came first to be known."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.routing.promises import Act, ActKind, Fact, Promise, State, promises

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
WEEK = timedelta(days=7)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def call(minutes: float, outcome: str = "abandoned", queue: str = "main") -> Fact:
    return Fact("node", f"node-{minutes}", at(minutes), outcome, "info", queue)


def ledger(*moments: Fact | Act, now: float = 60) -> tuple[Promise, ...]:
    facts = [each for each in moments if isinstance(each, Fact)]
    acts = [each for each in moments if isinstance(each, Act)]
    return promises(facts, acts, now=at(now), expires=WEEK)


def test_who_rings_in_vain_three_times_has_one_entry() -> None:
    (entry,) = ledger(call(0), call(5, "timed-out"), call(9))
    assert (entry.id, entry.opened_at, entry.last_at) == ("node-0", at(0), at(9))
    assert (entry.calls, entry.reasons, entry.state) == (3, ("abandoned", "timed-out"), State.OPEN)


def test_a_conversation_that_began_later_closes_the_entry() -> None:
    (entry,) = ledger(call(0), call(8, "answered"))
    assert (entry.state, entry.closed_at, entry.closed_by) == (State.KEPT, at(8), "node-8")


def test_a_conversation_that_began_before_closes_nothing() -> None:
    (entry,) = ledger(call(3, "answered"), call(4))
    assert entry.is_open


def test_a_call_centre_that_spoke_with_the_person_counts() -> None:
    (entry,) = ledger(call(0), call(8, "overflowed"))
    assert entry.state is State.KEPT


def test_who_is_lost_again_after_a_conversation_has_a_new_entry() -> None:
    first, second = ledger(call(0), call(8, "answered"), call(20))
    assert (first.state, second.state, second.id) == (State.KEPT, State.OPEN, "node-20")


def test_the_queue_is_the_latest_that_is_known() -> None:
    (entry,) = ledger(call(0, queue=""), call(5, "callback", queue="sales"), call(6, "voicemail", queue=""))
    assert entry.queue == "sales"


def test_an_entry_is_taken_given_back_tried_and_done() -> None:
    taken = Act(at(1), ActKind.TAKEN, "anna", "anna")
    tried = Act(at(2), ActKind.TRIED, "anna", note="engaged")
    (entry,) = ledger(call(0), taken, tried)
    assert (entry.owner, entry.tries, entry.note) == ("anna", 1, "engaged")
    (entry,) = ledger(call(0), taken, tried, Act(at(3), ActKind.GIVEN_BACK, "anna"))
    assert entry.owner == ""
    (entry,) = ledger(call(0), taken, tried, Act(at(4), ActKind.DONE, "bjorn", note="helped"))
    assert (entry.state, entry.closed_by, entry.note) == (State.DONE, "bjorn", "helped")


def test_what_was_dropped_stays_so_when_the_person_is_answered_later() -> None:
    (entry,) = ledger(call(0), Act(at(4), ActKind.DROPPED, "anna"), call(9, "answered"))
    assert (entry.state, entry.closed_at) == (State.DROPPED, at(4))


def test_an_act_without_an_open_entry_does_nothing() -> None:
    assert ledger(Act(at(4), ActKind.DONE, "anna")) == ()
    (entry,) = ledger(Act(at(4), ActKind.DONE, "anna"), call(9))
    assert entry.is_open


def test_an_entry_expires_after_the_last_call_that_is_owed_for() -> None:
    week = WEEK.total_seconds() / 60
    (entry,) = ledger(call(0), call(30), now=week + 29)
    assert entry.is_open
    (entry,) = ledger(call(0), call(30), now=week + 30)
    assert (entry.state, entry.closed_at) == (State.EXPIRED, at(week + 30))
    first, second = ledger(call(0), call(week + 1), now=week + 2)
    assert (first.state, second.state) == (State.EXPIRED, State.OPEN)


MOMENTS = st.lists(
    st.one_of(
        st.builds(call, st.integers(0, 40), st.sampled_from(["abandoned", "callback", "answered"])),
        st.builds(Act, st.integers(0, 40).map(at), st.sampled_from(ActKind), st.just("anna")),
    ),
    max_size=12,
    unique_by=lambda moment: (type(moment), moment.at),
)


@given(MOMENTS, st.randoms(use_true_random=False))
def test_the_order_in_which_things_became_known_does_not_matter(moments: list[Fact | Act], chance) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(moments)
    chance.shuffle(shuffled)
    assert ledger(*moments) == ledger(*shuffled)


@given(MOMENTS)
def test_every_owed_call_is_in_one_entry_and_only_the_last_is_open(moments: list[Fact | Act]) -> None:
    entries = ledger(*moments)
    owed = [each for each in moments if isinstance(each, Fact) and not each.is_contact]
    assert sum(entry.calls for entry in entries) == len(owed)
    assert all(not entry.is_open for entry in entries[:-1])
    for before, after in itertools.pairwise(entries):
        assert before.closed_at is not None
        assert before.closed_at <= after.opened_at

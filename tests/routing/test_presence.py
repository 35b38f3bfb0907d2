"""How an operator stands, and what becomes of it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.errors import PresenceRefused
from hotline_ivr.routing.presence import (
    BY_ASTERISK,
    DROPPED,
    BeReady,
    CallAnswered,
    CallEnded,
    DroppedCaller,
    FoundPaused,
    FoundReady,
    PauseRule,
    Period,
    Presence,
    PresenceEvent,
    PresenceRules,
    RangInVain,
    SignIn,
    SignOut,
    Standing,
    TakePause,
    TimePassed,
    Wanted,
    after,
    is_new_period,
    next_due,
    period_of,
    wanted,
)
from hotline_ivr.routing.refusals import NO_ANSWER

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = PresenceRules(
    reasons={
        "lunch": PauseRule(30 * MINUTE),
        "short": PauseRule(10 * MINUTE, returns=True),
        "talk": PauseRule(),
    },
    wrap_up={"main": timedelta(seconds=20)},
    unanswered_limit=2,
    unanswered_pause=MINUTE,
)
READY = Presence(Standing.READY, NOON)
OUT = Presence(Standing.SIGNED_OUT, NOON)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def follow(presence: Presence, *events: tuple[float, PresenceEvent], in_call: bool = False) -> Presence:
    """Where an operator stands after events at these minutes past noon."""
    for minutes, event in events:
        presence = after(presence, event, at(minutes), RULES, in_call=in_call)
    return presence


def test_a_break_with_a_limit_is_over_it_and_goes_on() -> None:
    lunch = follow(READY, (0, TakePause("lunch", "anna")))
    assert (lunch.standing, lunch.reason, lunch.until) == (Standing.PAUSED, "lunch", at(30))
    assert not lunch.lasts_too_long_at(at(29))
    assert lunch.lasts_too_long_at(at(30))
    assert next_due(lunch) is None
    assert follow(lunch, (31, TimePassed())) == lunch


def test_a_break_that_returns_ends_at_its_own_moment_also_when_looked_at_late() -> None:
    short = follow(READY, (0, TakePause("short", "anna")))
    assert next_due(short) == at(10)
    assert follow(short, (12, TimePassed())) == Presence(Standing.READY, at(10))


def test_wrap_up_follows_a_call_and_can_be_ended_early() -> None:
    wrap_up = follow(READY, (5, CallEnded("main")))
    assert wrap_up.standing is Standing.WRAP_UP
    assert wrap_up.until == at(5) + timedelta(seconds=20)
    assert follow(wrap_up, (5.1, BeReady("anna"))) == Presence(Standing.READY, at(5.1), "anna")


def test_a_queue_without_wrap_up_has_none() -> None:
    assert follow(READY, (5, CallEnded("other"))) == READY


def test_a_break_asked_for_in_a_call_waits_for_the_call_and_its_wrap_up() -> None:
    talking = follow(READY, (1, TakePause("lunch", "anna")), in_call=True)
    assert talking.standing is Standing.READY
    assert wanted(talking) == Wanted(member=True, paused=True, reason="lunch")
    wrap_up = follow(talking, (5, CallEnded("main")))
    assert wrap_up.standing is Standing.WRAP_UP
    lunch = follow(wrap_up, (6, TimePassed()))
    assert (lunch.standing, lunch.reason, lunch.by) == (Standing.PAUSED, "lunch", "anna")
    assert lunch.since == at(5) + timedelta(seconds=20)


def test_a_break_asked_for_in_a_call_can_be_taken_back() -> None:
    talking = follow(READY, (1, TakePause("lunch", "anna")), (2, BeReady("anna")), in_call=True)
    assert talking == READY


def test_signing_out_in_a_call_waits_for_its_end_and_signing_in_takes_it_back() -> None:
    leaving = follow(READY, (1, SignOut("anna")), in_call=True)
    assert wanted(leaving).paused
    assert follow(leaving, (2, CallEnded("other"))) == Presence(Standing.SIGNED_OUT, at(2), "anna")
    assert follow(leaving, (2, SignIn("anna")), in_call=True) == READY


def test_a_call_that_ends_after_somebody_paused_the_operator_begins_no_wrap_up() -> None:
    lunch = follow(READY, (1, FoundPaused("lunch")))
    assert follow(lunch, (3, CallEnded("main"))) == lunch


def test_only_rings_in_a_row_count() -> None:
    once = follow(READY, (1, RangInVain()))
    assert once.standing is Standing.READY
    assert follow(once, (2, CallAnswered()), (3, RangInVain())).standing is Standing.READY
    twice = follow(once, (2, RangInVain()))
    assert (twice.standing, twice.reason, twice.until) == (Standing.PAUSED, NO_ANSWER, at(3))
    assert follow(twice, (3, TimePassed())) == Presence(Standing.READY, at(3))


def test_who_drops_a_caller_is_left_in_peace_at_once_also_in_the_wrap_up_after_it() -> None:
    dropped = follow(READY, (1, CallAnswered()), (1, CallEnded("main")), (1, DroppedCaller()))
    assert (dropped.standing, dropped.reason, dropped.until) == (Standing.PAUSED, DROPPED, at(2))
    assert follow(dropped, (2, TimePassed())) == Presence(Standing.READY, at(2))
    lunch = follow(READY, (1, TakePause("lunch", "anna")))
    assert follow(lunch, (2, DroppedCaller())) == lunch
    assert follow(OUT, (2, DroppedCaller())) == OUT
    never = replace(RULES, unanswered_limit=0)
    assert after(READY, DroppedCaller(), at(1), never) == READY


def test_a_pause_by_somebody_else_is_named_so_and_its_end_too() -> None:
    paused = follow(READY, (1, FoundPaused("")))
    assert (paused.standing, paused.reason, paused.by) == (Standing.PAUSED, "", BY_ASTERISK)
    assert follow(paused, (2, FoundReady())) == Presence(Standing.READY, at(2), BY_ASTERISK)


@pytest.mark.parametrize(
    ("presence", "event", "said"),
    [
        (OUT, TakePause("lunch", "anna"), "signed out"),
        (OUT, BeReady("anna"), "sign in first"),
        (READY, TakePause("coffee", "anna"), "lunch, short, talk"),
    ],
)
def test_what_cannot_be_is_refused_in_words(presence: Presence, event: PresenceEvent, said: str) -> None:
    with pytest.raises(PresenceRefused, match=said):
        follow(presence, (1, event))


@pytest.mark.parametrize(
    ("presence", "expected"),
    [
        (OUT, Wanted(member=False)),
        (READY, Wanted(member=True)),
        (Presence(Standing.WRAP_UP, NOON), Wanted(member=True, paused=True, reason="wrap-up")),
        (Presence(Standing.PAUSED, NOON, reason="lunch"), Wanted(member=True, paused=True, reason="lunch")),
    ],
)
def test_what_asterisk_shall_hold(presence: Presence, expected: Wanted) -> None:
    assert wanted(presence) == expected


def test_a_period_ends_where_the_next_begins() -> None:
    lunch = follow(READY, (5, TakePause("lunch", "anna")))
    assert period_of("anna", READY, lunch) == Period(
        "anna", Standing.READY, "", NOON, at(5), READY.by, "anna"
    )
    assert period_of("anna", lunch).ended_at is None


EVENTS = st.one_of(
    st.sampled_from(
        [
            SignIn("anna"),
            SignOut("anna"),
            BeReady("anna"),
            CallAnswered(),
            CallEnded("main"),
            CallEnded("other"),
            RangInVain(),
            DroppedCaller(),
            FoundPaused("lunch"),
            FoundReady(),
            TimePassed(),
        ]
    ),
    st.sampled_from([TakePause(reason, "anna") for reason in RULES.reasons]),
)


@given(st.lists(st.tuples(st.integers(0, 40), EVENTS, st.booleans()), max_size=30))
def test_whatever_happens_the_ledger_has_neither_gaps_nor_overlaps(
    story: list[tuple[int, PresenceEvent, bool]],
) -> None:
    presence, moment = READY, NOON
    ledger: list[Period] = []
    for minutes, event, in_call in story:
        moment += minutes * MINUTE
        try:
            # As its keeper does: what is due comes first.
            steps = [TimePassed(), event]
            for step in steps:
                following = after(presence, step, moment, RULES, in_call=in_call)
                if is_new_period(presence, following):
                    ledger.append(period_of("anna", presence, following))
                presence = following
        except PresenceRefused:
            continue
        assert presence.since <= moment
        assert wanted(presence).member == (presence.standing is not Standing.SIGNED_OUT)
    for one, other in itertools.pairwise(ledger):
        assert one.ended_at == other.began_at
        assert one.began_at <= other.began_at

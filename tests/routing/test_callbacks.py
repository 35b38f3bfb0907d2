"""Whom the service rings, when, and what it may ring at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hotline_ivr.routing.callbacks import Candidate, Dialling, Turn, due, kept_places
from hotline_ivr.routing.promises import Promise
from hotline_ivr.routing.ringing import may_ring, spoken_number
from hotline_ivr.routing.rulebook import Rulebook
from tests.plans import a_plan

# A Monday: nine o'clock in Oslo.
NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PROMISE = Promise("main", "main-1.0", "info", "main", NINE - MINUTE, NINE - MINUTE, ("callback",), 1)
PERSON = "+4790012345"
CANDIDATE = Candidate(PROMISE, PERSON, NINE - 5 * MINUTE, 0, None, PERSON)
# Has given up a wait for the promise.
KEEPING = CANDIDATE._replace(promise=replace(PROMISE, place_at=NINE - 5 * MINUTE))


def book(opening: Any = "always", **callbacks: Any) -> Rulebook:
    rules = {"attempts": "2", "spacing": "10m", "expires": "2h", **callbacks}
    queues = {"main": {"operators": ["anna", "bjorn"], "callbacks": rules}}
    trunks = {"carrier": {"hosts": ["127.0.0.1"], "outbound": "192.0.2.9"}}
    made = Rulebook(a_plan(opening, queues=queues, sections={"trunks": trunks}))
    made.prepare(NINE)
    return made


def rung(
    *candidates: Candidate,
    free: int = 9,
    dialled: int = 0,
    now: datetime = NINE,
    rules: Rulebook | None = None,
) -> list[Dialling]:
    found = due(candidates, rules or book(), free={"main": free}, dialled={"main": dialled}, now=now)
    return list(found)


def test_all_that_asterisk_has_to_know() -> None:
    (call,) = rung(CANDIDATE)
    assert (call.id, call.number, call.person) == ("main-1.0-1", 1, "+4790012345")
    assert (call.line_number, call.carrier, call.host, call.ring) == (
        "+4722851234",
        "carrier",
        "192.0.2.9",
        25,
    )
    assert (call.queue, call.language, call.prompt, call.sorry) == ("main", "nb", "callback-call", "sorry")
    assert call.joined_at == NINE - 5 * MINUTE


def test_nobody_is_rung_where_nobody_is_free_for_them() -> None:
    assert rung(CANDIDATE, free=0) == []
    others = [
        CANDIDATE._replace(promise=replace(PROMISE, id=f"main-{n}.0"), joined_at=NINE - n * MINUTE)
        for n in range(5)
    ]
    assert [call.promise_id for call in rung(*others, free=2)] == ["main-4.0", "main-3.0"]


def test_only_what_the_queue_calls_back_for() -> None:
    abandoned = CANDIDATE._replace(promise=replace(PROMISE, reasons=("abandoned", "full")))
    assert rung(abandoned) == []
    assert len(rung(abandoned, rules=book(reasons=["callback", "full"]))) == 1


def test_a_queue_without_rules_rings_nobody() -> None:
    plain = Rulebook(a_plan())
    plain.prepare(NINE)
    assert rung(CANDIDATE, rules=plain) == []


def test_who_came_to_no_queue_is_owed_by_that_of_the_line() -> None:
    assert len(rung(CANDIDATE._replace(promise=replace(PROMISE, queue="")))) == 1


def test_attempts_have_their_distance_and_an_end() -> None:
    once = CANDIDATE._replace(attempts=1, tried_at=NINE)
    assert rung(once, now=NINE + 9 * MINUTE) == []
    (second,) = rung(once, now=NINE + 10 * MINUTE)
    assert second.id == "main-1.0-2"
    assert rung(once._replace(attempts=2), now=NINE + 60 * MINUTE) == []
    assert rung(CANDIDATE, now=NINE + 119 * MINUTE) == []
    assert len(rung(CANDIDATE, now=NINE + 118 * MINUTE)) == 1


def test_people_are_rung_while_the_line_is_open_or_in_hours_of_their_own() -> None:
    morning = book({"mon-fri": "08:00-09:30"})
    assert len(rung(CANDIDATE, rules=morning)) == 1
    late = NINE + 31 * MINUTE
    assert rung(CANDIDATE, rules=morning, now=late) == []
    own = book({"mon-fri": "08:00-09:30"}, hours={"mon": "09:30-12:00"})
    assert rung(CANDIDATE, rules=own) == []
    assert len(rung(CANDIDATE, rules=own, now=late)) == 1


def test_a_day_has_so_many_attempts() -> None:
    assert rung(CANDIDATE, rules=book(a_day="3"), dialled=3) == []
    assert len(rung(CANDIDATE, rules=book(a_day="3"), dialled=2)) == 1


@pytest.mark.parametrize(
    ("number", "rings"),
    [
        ("+4790012345", True),
        ("+4722850000", True),
        # A surcharge, abroad, our own, a number that no exchange has, and no number at all.
        ("+4782012345", False),
        ("+46812345678", False),
        ("+4722851234", False),
        ("+4701234567", False),
        ("90012345", False),
        ("+4790012345;x=y", False),
        ("", False),
    ],
)
def test_what_may_be_rung(number: str, rings: bool) -> None:
    plan = book().plan
    rules = plan.queues["main"].callbacks
    assert rules is not None
    assert may_ring(number, rules, plan) is rings
    assert (rung(CANDIDATE._replace(rings=number)) != []) is rings


def test_a_list_of_numbers_bounds_what_may_be_rung() -> None:
    assert rung(CANDIDATE, rules=book(allowed=["+47 4"])) == []
    assert len(rung(CANDIDATE._replace(rings="+46812345678"), rules=book(allowed=["+46 8"]))) == 1


def test_without_a_carrier_nobody_is_rung() -> None:
    plan = book().plan
    mute = plan.model_copy(
        update={"trunks": {"carrier": plan.trunks["carrier"].model_copy(update={"outbound": None})}}
    )
    rules = Rulebook(mute)
    rules.prepare(NINE)
    assert rung(CANDIDATE, rules=rules) == []


def turn(*waiting: float, soon: int = 1, serving: int = 1, notice: bool = True) -> Turn:
    """Callers who have waited for so many minutes."""
    return Turn(tuple(NINE - minutes * MINUTE for minutes in waiting), soon, serving, notice)


NO_NOTICE: dict[str, Any] = {"soon": 0, "notice": False}
"""No wrap-up, and nothing that tells when a conversation ends."""


def next_ones(
    *candidates: Candidate, seen: Turn, ringing: int = 0, standing: int = 0, **rules: Any
) -> list[str]:
    found = due(
        candidates,
        book(**rules),
        free={"main": -len(seen.waiting)},
        dialled={},
        now=NINE,
        turns={"main": seen},
        under_way={"main": ringing},
        standing={"main": standing},
    )
    return [call.promise_id for call in found]


def keeping(number: int, minutes: float) -> Candidate:
    at = NINE - minutes * MINUTE
    return KEEPING._replace(promise=replace(PROMISE, id=f"main-{number}.0", place_at=at), joined_at=at)


def test_who_keeps_a_place_is_rung_in_turn_though_others_came_later_and_wait() -> None:
    assert next_ones(KEEPING, seen=turn(4, 3)) == ["main-1.0"]
    assert next_ones(KEEPING, seen=turn(6, 3)) == [], "somebody came before"
    assert next_ones(KEEPING, seen=turn(6, 3, soon=2)) == ["main-1.0"]
    assert next_ones(KEEPING, seen=turn(4, soon=0)) == [], "nobody is free soon"


def test_who_was_promised_a_call_and_never_waited_is_rung_only_while_nobody_waits() -> None:
    assert next_ones(CANDIDATE, seen=turn(4)) == []
    abandoned = KEEPING._replace(promise=replace(KEEPING.promise, reasons=("abandoned",)))
    assert next_ones(abandoned, seen=turn(4), reasons=["abandoned"]) == []


def test_no_more_are_rung_than_operators_will_be_free() -> None:
    both = [keeping(1, 5), keeping(2, 6)]
    assert next_ones(*both, seen=turn(4)) == ["main-2.0"]
    assert next_ones(*both, seen=turn(4, soon=2)) == ["main-2.0", "main-1.0"]
    assert next_ones(*both, seen=turn(4, soon=2), ringing=1) == ["main-2.0"]


def test_where_nothing_gives_notice_whoever_is_next_is_rung_before_those_who_came_later_are_served() -> None:
    assert next_ones(KEEPING, seen=turn(4, **NO_NOTICE)) == ["main-1.0"]
    assert next_ones(KEEPING, seen=turn(6, 4, **NO_NOTICE)) == [], "somebody came before, and waits"
    assert next_ones(KEEPING, seen=turn(4, soon=0)) == [], "the wrap-up gives notice"


def test_where_nothing_gives_notice_and_nobody_came_later_an_operator_is_waited_for() -> None:
    assert next_ones(KEEPING, seen=turn(**NO_NOTICE)) == []
    assert next_ones(KEEPING, seen=turn(6, **NO_NOTICE)) == []


def test_where_nothing_gives_notice_they_are_rung_one_at_a_time_in_the_order_of_their_places() -> None:
    both = [keeping(1, 5), keeping(2, 6)]
    assert next_ones(*both, seen=turn(4, **NO_NOTICE)) == ["main-2.0"]
    assert next_ones(*both, seen=turn(4, **NO_NOTICE), ringing=1) == []


def test_nobody_is_rung_for_whom_no_operator_is_at_work() -> None:
    assert next_ones(KEEPING, seen=turn(4, serving=0, **NO_NOTICE)) == []


def test_who_was_promised_a_call_and_never_waited_goes_before_nobody_also_without_notice() -> None:
    assert next_ones(CANDIDATE, seen=turn(4, **NO_NOTICE)) == []


def test_where_operators_are_rung_first_a_place_waits_in_the_queue_itself() -> None:
    both = [keeping(1, 5), keeping(2, 6)]
    assert next_ones(*both, seen=turn(4, soon=0), first="operator") == ["main-2.0"]
    assert next_ones(*both, seen=turn(4, soon=0), first="operator", standing=1) == []
    assert next_ones(*both, seen=turn(7, soon=0), first="operator") == []


def test_places_are_kept_by_those_who_are_to_be_rung() -> None:
    late = keeping(2, 3)._replace(attempts=1, tried_at=NINE)
    foreign = keeping(3, 2)._replace(rings="+46812345678")
    found = kept_places([KEEPING, CANDIDATE, late, foreign], book(), NINE)
    assert found == {"main": (NINE - 5 * MINUTE,)}
    assert kept_places([KEEPING], book({"mon-fri": "08:00-08:30"}), NINE) == {}


def test_a_number_is_spoken_as_it_is_dialled() -> None:
    assert spoken_number(PERSON, "NO") == tuple(f"say-{digit}" for digit in "90012345")
    assert spoken_number(PERSON, "SE") == tuple(f"say-{digit}" for digit in "004790012345")


def test_a_place_that_no_operator_came_for_stands_in_the_queue_again_soon() -> None:
    again = CANDIDATE._replace(attempts=3, tried_at=NINE, not_rung=2, last_not_rung=True)
    assert rung(again, now=NINE + timedelta(seconds=14)) == []
    (call,) = rung(again, now=NINE + timedelta(seconds=15))
    assert call.number == 4
    assert rung(again._replace(not_rung=1), now=NINE + MINUTE) == [], "twice they were rung in vain"

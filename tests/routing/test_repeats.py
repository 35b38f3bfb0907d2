"""Who called again: what is a repeat, what is a redial, and whom nobody knows."""

from __future__ import annotations

import pytest

from hotline_ivr.routing.owed import read_number
from hotline_ivr.routing.pseudonym import Pseudonyms
from hotline_ivr.routing.repeats import Arrival, LineRepeats, RepeatCounter, person_key

MINUTE = 60 * 1_000_000
DAY = 24 * 60 * MINUTE
KEYED = Pseudonyms(b"k" * 32)


def counted(*calls: Arrival, since: int = 0, until: int = 28 * DAY) -> dict[str, LineRepeats]:
    counter = RepeatCounter(since, until, 7 * DAY)
    for call in sorted(calls, key=lambda each: each.at):
        counter.add(call)
    return {each.line: each for each in counter.found()}


def call(at: int, person: str = "a", outcome: str = "answered", line: str = "info") -> Arrival:
    return Arrival(line, person, at, outcome)


@pytest.mark.parametrize(
    ("later", "again"), [(14 * MINUTE, 0), (15 * MINUTE, 1), (7 * DAY, 1), (7 * DAY + 1, 0)]
)
def test_a_conversation_is_repeated_by_a_call_of_the_days_after_it_and_not_by_a_redial(
    later: int, again: int
) -> None:
    found = counted(call(DAY), call(DAY + later))["info"]
    assert (found.answered, found.answered_again) == (2, again)
    assert (found.persons, found.persons_again) == (1, again)


def test_a_redial_takes_nothing_from_the_repeat_that_comes_after_it() -> None:
    found = counted(call(DAY), call(DAY + MINUTE), call(3 * DAY))["info"]
    assert (found.answered, found.answered_again) == (3, 2)


def test_who_was_not_served_tries_again_however_soon() -> None:
    found = counted(call(DAY, outcome="abandoned"), call(DAY + MINUTE, outcome="closed"))["info"]
    assert (found.unanswered, found.unanswered_again, found.answered) == (2, 1, 0)


def test_each_call_is_repeated_once_and_only_by_the_same_person_on_the_same_line() -> None:
    found = counted(call(DAY), call(2 * DAY), call(3 * DAY), call(2 * DAY, "b"), call(2 * DAY, line="other"))
    info = found["info"]
    assert (info.answered, info.answered_again, info.persons, info.persons_again) == (4, 2, 2, 1)
    assert found["other"].answered_again == 0


def test_calls_after_the_time_repeat_and_are_not_counted_themselves() -> None:
    """So the last days before now, of which nobody knows yet, can be left out."""
    found = counted(call(DAY), call(5 * DAY), until=4 * DAY)["info"]
    assert (found.answered, found.answered_again) == (1, 1)
    assert counted(call(DAY), call(2 * DAY), since=2 * DAY)["info"].answered == 1


def test_who_withheld_the_number_is_counted_apart_and_who_is_blocked_not_at_all() -> None:
    found = counted(call(DAY, ""), call(2 * DAY, ""), call(DAY, "b", "blocked"), call(2 * DAY, "b"))["info"]
    assert (found.withheld, found.answered, found.answered_again) == (2, 1, 0)
    assert counted(call(DAY, line="")) == {}


@pytest.mark.parametrize("written", ["+4790012345", "004790012345", "90012345", "4790012345", "02800", "180"])
def test_a_number_is_the_same_person_however_it_is_written_and_after_it_was_replaced(written: str) -> None:
    before = person_key(KEYED, written, "NO")
    assert before == person_key(KEYED, KEYED.of(read_number(written, "NO"), len(written)), "NO")
    if "90012345" in written:
        assert before == person_key(KEYED, "+4790012345", "NO")
    assert before != person_key(KEYED, "+4790012346", "NO")


def test_nobody_is_no_person() -> None:
    assert person_key(KEYED, "", "NO") == ""

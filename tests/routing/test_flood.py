"""Counts in a sliding window: exact, and bounded whatever comes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.routing.flood import SlidingCount


def let_in(count: SlidingCount, key: str, at: float, calls: int = 3, within: float = 10) -> bool:
    room = count.has_room(key, calls, within, at)
    if room:
        count.let_in(key, at)
    return room


def test_so_many_get_in_and_the_next_when_the_first_has_left_the_window() -> None:
    count = SlidingCount()
    assert [let_in(count, "a", at) for at in (0, 1, 2, 3, 9.9)] == [True, True, True, False, False]
    assert let_in(count, "a", 10)
    assert not let_in(count, "a", 10.5)
    assert let_in(count, "a", 11)


def test_one_key_takes_nothing_from_another() -> None:
    count = SlidingCount()
    for at in range(5):
        let_in(count, "a", at)
    assert let_in(count, "b", 5)


@given(
    gaps=st.lists(st.floats(min_value=0, max_value=6, allow_nan=False), max_size=60),
    calls=st.integers(min_value=1, max_value=5),
)
def test_never_more_in_any_window_and_never_one_turned_away_without_need(
    gaps: list[float], calls: int
) -> None:
    count, at = SlidingCount(), 0.0
    seen: list[float] = []
    for gap in gaps:
        at += gap
        in_window = [moment for moment in seen if at - 10 < moment]
        if let_in(count, "a", at, calls):
            assert len(in_window) < calls
            seen.append(at)
        else:
            assert len(in_window) >= calls


def test_a_million_different_numbers_take_no_more_memory_than_ten_thousand() -> None:
    count = SlidingCount()
    for number in range(1_000_000):
        let_in(count, f"+47{number:08}", number / 1000)
    assert len(count) == 10_000


def test_who_calls_all_the_time_is_not_forgotten_among_strangers() -> None:
    count = SlidingCount(most_keys=100)
    results = []
    for number in range(1000):
        let_in(count, f"stranger-{number}", 0.001 * number)
        if number % 50 == 0:
            results.append(let_in(count, "pest", 0.001 * number))
    assert results == [True] * 3 + [False] * 17

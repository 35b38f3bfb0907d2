"""Numbers that are missing among Asterisk's SIP channels."""

from __future__ import annotations

from hotline_ivr.routing.lost_channels import LostChannels, Seen, lost_channels, number_of

S = 1_000_000


def seen(*numbers: int, begun: int = 0, run: int = 0) -> list[Seen]:
    """One a second."""
    return [Seen(begun + index * S, number, run) for index, number in enumerate(numbers)]


def test_the_number_stands_at_the_end_of_a_sip_channel_s_name() -> None:
    assert number_of("PJSIP/trunk-carrier-0000001a") == 26
    assert number_of("Local/s@hotline-callback-leg-00000001;1") is None
    assert number_of("PJSIP/anna") is None


def test_what_is_missing_between_two_is_lost() -> None:
    (gap,) = lost_channels(seen(0, 1, 2, 7, 8))
    assert gap == LostChannels(3, 6, 2 * S, 3 * S)
    assert gap.channels == 4


def test_nothing_is_lost_where_channels_are_written_of_in_another_order() -> None:
    assert list(lost_channels(seen(3, 1, 2, 0, 4))) == []


def test_asterisk_counts_anew_at_each_start() -> None:
    assert list(lost_channels([*seen(5, 6, 7), *seen(0, 1, begun=60 * S, run=1)])) == []
    both = [*seen(5, 7), *seen(0, 2, begun=60 * S, run=1)]
    assert [gap.first for gap in lost_channels(both)] == [6, 1]


def test_a_start_that_was_not_written_of_is_seen_by_the_numbers() -> None:
    assert list(lost_channels([*seen(5000, 5001), *seen(0, 1, begun=60 * S)])) == []


def test_more_than_can_be_in_the_time_is_none_of_asterisk_s_counting() -> None:
    assert list(lost_channels(seen(1, 17_000))) == []


def test_a_clock_that_is_set_loses_nothing() -> None:
    back = [*seen(0, 1, 2, begun=3_600 * S), *seen(3, 4, 5)]
    assert list(lost_channels(back)) == []
    ahead = [*seen(0, 1, 2), *seen(3, 5, begun=3_600 * S)]
    assert [gap.first for gap in lost_channels(ahead)] == [4]


def test_a_number_that_comes_again_is_of_another_start() -> None:
    assert list(lost_channels([*seen(5, 6), *seen(5, 6, begun=60 * S)])) == []

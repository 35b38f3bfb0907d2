"""Which number was dialled for which channel."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_ivr.routing.dialled import dialled_numbers
from tests.routing.call_tables import FOLDER, START, read_call

FIRST, SECOND = f"main-{START}.7", f"main-{START}.1000007"


def numbers(table: str, path: Path) -> dict[str, str]:
    file = path / "call.txt"
    file.write_text(table, encoding="utf-8")
    return dialled_numbers(read_call(file).events)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("overflowed", "+4722850000"),
        # The first number of the centre was busy before there was a channel.
        ("centre_took_it", "+4722850000"),
        ("called_back_and_answered", "+4798765432"),
        ("operator_first", "+4798765432"),
    ],
)
def test_the_number_that_was_said_last_before_the_channel_is_its_number(name: str, number: str) -> None:
    assert dialled_numbers(read_call(FOLDER / f"{name}.txt").events) == {FIRST: number}


def test_a_dialling_that_made_no_channel_hands_its_number_to_nobody(tmp_path: Path) -> None:
    """The first carrier's trunk was down; a second dialling by it, and a channel that nobody dialled."""
    table = """
1 | HOTLINE    | caller    | dial|carrier|+4790000001
1 | HOTLINE    | caller    | dialled|CHANUNAVAIL
2 | HOTLINE    | caller    | dial|carrier|+4790000002
3 | CHAN_START | outside   |
9 | HOTLINE    | caller    | dialled|ANSWER
9 | HOTLINE    | caller    | dial|carrier|+4790000003
9 | HOTLINE    | caller    | dialled|CHANUNAVAIL
9 | CHAN_START | outside#2 |
"""
    assert numbers(table, tmp_path) == {FIRST: "+4790000002"}


def test_of_two_who_dial_at_once_each_trunk_has_the_number_dialled_by_it(tmp_path: Path) -> None:
    table = """
1 | HOTLINE    | caller    | dial|other|+4790000001
1 | HOTLINE    | anna      | dial|carrier|+4790000002
2 | CHAN_START | outside   |
2 | CHAN_START | PJSIP/trunk-other-00000009 |
"""
    assert set(numbers(table, tmp_path).values()) == {"+4790000001", "+4790000002"}
    assert numbers(table, tmp_path)[FIRST] == "+4790000002"


def test_a_clock_that_was_set_back_between_word_and_channel_changes_nothing(tmp_path: Path) -> None:
    table = """
9 | HOTLINE    | caller    | target|night|+4790000001
2 | CHAN_START | outside   |
3 | HOTLINE    | caller    | target-over|NOANSWER
3 | HOTLINE    | caller    | target|night|+4790000002
4 | CHAN_START | outside#2 |
"""
    assert numbers(table, tmp_path) == {FIRST: "+4790000001", SECOND: "+4790000002"}

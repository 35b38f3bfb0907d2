"""The checker that says whether a caller was ever with nobody and nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from hotline_ivr.routing.cel import CallEvent
from hotline_ivr.testing.audio import Audio, tone
from hotline_ivr.testing.company import Company, Had, company, lonely
from hotline_ivr.testing.ledger import LedgerRow
from tests.calls.asterisk_files import cel_line

CALLER, OPERATOR, CENTRE = "test-1.1", "test-1.2", "test-1.3"
NAMES = {
    CALLER: "PJSIP/trunk-carrier-00000001",
    OPERATOR: "PJSIP/anna.k3v9-00000002",
    CENTRE: "PJSIP/trunk-carrier-00000003",
}


def event(at: float, kind: str, extra: str = "", channel: str = CALLER) -> CallEvent:
    text = json.dumps({"extra": extra} if kind == "HOTLINE" else {"bridge_id": extra})
    return CallEvent(kind, round(at * 1e6), channel, CALLER, NAMES[channel], text, 0, round(at * 1000))


EVENTS = [
    event(100.5, "HOTLINE", "play|en/greeting|greeting"),
    event(102.5, "HOTLINE", "played|SUCCESS"),
    event(102.5, "HOTLINE", "wait|main|300"),
    event(110.0, "BRIDGE_ENTER", "b", OPERATOR),
    event(110.0, "BRIDGE_ENTER", "b"),
    event(120.0, "BRIDGE_EXIT", "b"),
]


def quiet(seconds: float) -> Audio:
    return Audio(np.zeros(round(seconds * 8000)), 8000)


def listened(*pieces: tuple[float, Audio]) -> Company:
    return company(100.0, 100.5, 120.0, EVENTS, pieces)


def test_each_moment_is_told_by_the_record_and_what_was_heard() -> None:
    had = listened((110.0, tone(440, 9.5)), (120.0, quiet(10)))
    assert had.nothing() == []
    assert had.in_words() == "prompt 2.0, music 7.5, operator 10.0"
    assert had.had(Had.RINGING) == 0.5


@pytest.mark.parametrize(("silent_s", "expected"), [(2.0, 0), (3.0, 0), (3.5, 1), (7.5, 1)])
def test_silence_in_the_queue_is_nothing_and_counts_from_three_seconds_on(
    silent_s: float, expected: int
) -> None:
    had = listened((110.0 - silent_s, tone(440, 9.5 - silent_s)), (110.0, quiet(silent_s)))
    assert len(had.nothing()) == expected
    assert had.longest_nothing == pytest.approx(silent_s)


def test_where_no_audio_comes_at_all_there_is_nothing_though_the_record_says_music() -> None:
    had = listened((104.0, tone(440, 3.5)), (120.0, tone(440, 10)))
    (alone,) = had.nothing()
    assert (alone.start, alone.end) == (104.0, 110.0)


def test_a_prompt_that_is_played_and_not_heard_is_nothing() -> None:
    had = company(100.0, 100.5, 106.0, EVENTS[:1], [(106.0, quiet(5.5))])
    assert [stretch.had for stretch in had.stretches] == [Had.RINGING, Had.NOTHING]


QUESTION = [
    event(100.5, "HOTLINE", "menu|main|en/menu|menu"),
    event(103.0, "HOTLINE", "played|SUCCESS"),
    event(109.0, "HOTLINE", "key|main|timeout"),
]


def test_who_was_asked_something_has_a_while_for_the_key() -> None:
    had = company(100.0, 100.5, 109.0, QUESTION, [(103.0, tone(440, 2.5))])
    assert had.in_words() == "prompt 2.5, question 6.0"
    assert had.nothing() == []


def test_a_question_that_nobody_heard_is_nothing() -> None:
    had = company(100.0, 100.5, 109.0, QUESTION, [(109.0, quiet(8.5))])
    assert had.longest_nothing == pytest.approx(8.5)


def test_somebody_outside_and_a_recorder_are_company_though_they_are_silent() -> None:
    events = [
        event(101.0, "BRIDGE_ENTER", "b", CENTRE),
        event(101.0, "BRIDGE_ENTER", "b"),
        event(106.0, "BRIDGE_EXIT", "b"),
        event(106.0, "HOTLINE", "record|box|box/1.wav"),
        event(112.0, "HOTLINE", "recorded|DTMF"),
    ]
    had = company(100.0, 100.0, 112.0, events, [(101.0, tone(440, 1))])
    assert had.in_words() == "music 1.0, somebody outside 5.0, recorder 6.0"


def test_alone_in_a_bridge_is_alone() -> None:
    events = [*EVENTS[:5], event(112.0, "BRIDGE_EXIT", "b", OPERATOR)]
    had = company(100.0, 100.5, 120.0, events, [(110.0, tone(440, 9.5))])
    (alone,) = had.nothing()
    assert (alone.start, alone.end) == (112.0, 120.0)


@dataclass(frozen=True)
class Listener:
    """What a telephone knows of its call."""

    row: LedgerRow
    heard: list[tuple[float, Audio]]

    def heard_at(self) -> list[tuple[float, Audio]]:
        return self.heard


def test_of_many_telephones_callers_who_were_alone_are_named(tmp_path: Path) -> None:
    file = tmp_path / "cel.json"
    arrived = event(100.4, "HOTLINE", "arrived|open|+4722851201|+4790000001|x|")
    file.write_bytes(b"".join(map(cel_line, (arrived, *EVENTS[:3]))))
    row = LedgerRow("", "+4790000001", 100.0, answered=100.5, ended=112.0)
    alone = Listener(row, [(104.0, tone(440, 3.5)), (112.0, quiet(8))])
    heard = Listener(row, [(112.0, tone(440, 11.5))])
    others = [
        replace(alone, row=replace(row, number="anna.k3v9")),
        replace(alone, row=replace(row, answered=None)),
        # Who reached the control number is no caller of a line.
        replace(alone, row=replace(row, number="+4790000002")),
    ]
    assert lonely([heard, alone, *others], file) == ["+4790000001: prompt 2.0, music 1.5, nothing 8.0"]


def test_what_came_after_the_last_that_is_kept_of_a_long_call_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "cel.json"
    file.write_bytes(cel_line(event(100.4, "HOTLINE", "arrived|open|+4722851201|+4790000001|x|")))
    row = LedgerRow("", "+4790000001", 100.0, answered=100.5, ended=240.0)
    assert lonely([Listener(row, [(220.5, tone(440, 120))])], file) == []

"""What is told of a message, how long it is kept, and what does not belong together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.messages import (
    Message,
    MessageState,
    Recording,
    is_news,
    kept_long_enough,
    message_alert,
    purge_day,
    strays,
)
from tests.plans import OSLO, a_plan

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MESSAGE = Message("main", "main-1.1", "box", NOON, 12_400, 198_444, line="info", caller="+4790000001")


def plan(**box: Any) -> Plan:
    return a_plan(sections={"voicemails": {"box": {"prompt": "after-the-tone", **box}}})


def recording(name: str, age: timedelta, box: str = "box") -> Recording:
    return Recording(box, name, 16_044, NOON - age)


def test_how_a_message_stands() -> None:
    assert MESSAGE.state is MessageState.NEW
    heard = Message("main", "main-1.1", "box", NOON, 1, 1, heard_at=NOON)
    assert heard.state is MessageState.HEARD
    assert Message("main", "main-1.1", "box", NOON, 1, 1, done_at=NOON).state is MessageState.DONE


def test_the_mail_says_who_rang_where_and_how_to_go_on() -> None:
    alert = message_alert(plan(), "box", MESSAGE, "/v/box/main-1.1.wav", NOON + DAY)
    assert alert.title == "New message: Information, 0:12"
    assert alert.text.splitlines() == [
        "A caller has left a message of 0:12 in box box.",
        "Caller: +4790000001",
        "Line: Information",
        "At: 2026-03-02 13:00",
        "Message: main-1.1",
        "When it is dealt with: hotline voicemail done main-1.1",
    ]
    assert alert.recording == "/v/box/main-1.1.wav"
    assert alert.id == message_alert(plan(), "box", MESSAGE, "", NOON).id


@pytest.mark.parametrize(
    ("size", "limit", "attached"), [(1_000_000, 1, True), (1_000_001, 1, False), (5, 0, False)]
)
def test_a_recording_that_is_too_large_stays_here(size: int, limit: int, *, attached: bool) -> None:
    large = Message("main", "main-1.1", "box", NOON, 1000, size, line="info")
    alert = message_alert(plan(attach_up_to=limit), "box", large, "/v/x.wav", NOON)
    assert bool(alert.recording) is attached
    assert ("hotline voicemail play main-1.1" in alert.text) is not attached
    assert "Caller: number withheld" in alert.text


@pytest.mark.parametrize(
    ("box", "age", "news"),
    [
        ({"notify": ["mail"]}, timedelta(), True),
        ({"notify": ["mail"]}, 6 * DAY, True),
        ({"notify": ["mail"]}, 8 * DAY, False),
        ({}, timedelta(), False),
    ],
)
def test_what_is_news(box: dict[str, Any], age: timedelta, *, news: bool) -> None:
    assert is_news(recording("main-1.1", age), plan(**box).voicemails["box"], NOON) is news
    assert not is_news(recording("main-1.1", age), None, NOON)


def test_a_box_keeps_messages_for_its_days_and_others_for_ever() -> None:
    files = [recording("a", 89 * DAY), recording("b", 91 * DAY), recording("c", 999 * DAY, "gone")]
    assert [each.call_id for each in kept_long_enough(plan(keep_days=90), files, NOON)] == ["b"]
    assert kept_long_enough(plan(), files, NOON) == []


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-02T02:59:59+01:00", date(2026, 3, 1)),
        ("2026-03-02T03:00:00+01:00", date(2026, 3, 2)),
        ("2026-03-03T02:59:59+01:00", date(2026, 3, 2)),
    ],
)
def test_each_night_has_its_deletions_at_three(moment: str, day: date) -> None:
    assert purge_day(OSLO, datetime.fromisoformat(moment)) == day


def test_what_does_not_belong_together() -> None:
    files = [recording("known", DAY), recording("stray", DAY), recording("young", timedelta())]
    found = strays(files, {"known", "deleted"}, ["known", "deleted"], ["lost", "stray"], NOON - DAY / 2)
    assert [each.call_id for each in found.files] == ["stray"]
    assert found.calls == ("lost",)
    assert found.messages == ("deleted",)

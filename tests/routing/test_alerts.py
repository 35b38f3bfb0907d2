"""Who is told of an alert, and when it is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline_ivr.config.alerts import Alerts
from hotline_ivr.routing.alerts import (
    FIRST_RETRY,
    LONGEST_RETRY,
    TEST,
    Alert,
    AlertState,
    Channel,
    Delivery,
    Result,
    Told,
    addressed,
    after_try,
    pause_after,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MAIL, HOOK = Channel.MAIL, Channel.WEBHOOK
ALERTS = Alerts.model_validate(
    {
        "mail": {"host": "mail.example.org", "sender": "hotline@example.org"},
        "webhooks": {"chat": {"url": "https://chat.example.org/x", "secret": "env:SECRET"}},
        "to": [
            {"kinds": ["ghost-open"], "mail": ["duty", "ops@example.org"], "webhooks": ["chat"]},
            {"kinds": ["ghost-open", "record"], "mail": ["ops@example.org"]},
            {"kinds": ["voicemail"], "mail": ["desk@example.org"], "webhooks": ["chat"]},
        ],
    }
)


def alert(kind: str) -> Alert:
    return Alert("a-1", kind, AlertState.RAISED, "main", NOON, "Title", "Text")


def targets(kind: str, duty: str | None = "kari@example.org", **more: object) -> list[tuple[Channel, str]]:
    queued = addressed(alert(kind), ALERTS, duty_mail=duty, **more)  # type: ignore[arg-type]
    return [(each.channel, each.target) for each in queued.deliveries]


def test_each_is_told_once_by_all_routes_of_the_kind() -> None:
    wanted = [(MAIL, "kari@example.org"), (MAIL, "ops@example.org"), (HOOK, "chat")]
    assert targets("ghost-open") == wanted
    assert targets("record") == [(MAIL, "ops@example.org")]
    assert targets("asterisk") == []


def test_without_anybody_on_duty_the_others_are_told() -> None:
    assert targets("ghost-open", None) == [(MAIL, "ops@example.org"), (HOOK, "chat")]


def test_a_test_goes_to_everybody() -> None:
    assert len(targets(TEST)) == 4


def test_a_box_names_its_own_people_and_ways() -> None:
    mailed = targets("voicemail", channels=(MAIL,), mail_to=("desk@example.org", "duty"))
    assert mailed == [(MAIL, "desk@example.org"), (MAIL, "kari@example.org")]
    assert targets("voicemail", channels=(HOOK,)) == [(HOOK, "chat")]


DELIVERY = Delivery(MAIL, "ops@example.org", NOON)
DAY_LATER = NOON + timedelta(days=1)


def test_what_arrives_is_over() -> None:
    after = after_try(DELIVERY, Told(arrived=True), NOON, 0.5, give_up_at=DAY_LATER)
    assert (after.result, after.tries, after.at) == (Result.SENT, 1, NOON)


def test_what_does_not_arrive_is_tried_again_later_and_later() -> None:
    after, now = DELIVERY, NOON
    pauses = []
    for _ in range(12):
        after = after_try(after, Told(arrived=False, reason="no"), now, 0.5, give_up_at=DAY_LATER)
        assert after.result is Result.WAITING
        pauses.append(after.next_at - now)
        now = after.next_at
    assert pauses[:4] == [FIRST_RETRY * factor for factor in (1, 2, 4, 8)]
    assert pauses[-1] == LONGEST_RETRY


@pytest.mark.parametrize("told", [Told(arrived=False, reason="550 no such user", final=True)])
def test_a_refusal_for_good_is_not_tried_again(told: Told) -> None:
    after = after_try(DELIVERY, told, NOON, 0.5, give_up_at=DAY_LATER)
    assert (after.result, after.reason) == (Result.FAILED, "550 no such user")


def test_it_is_given_up_when_the_time_is_over() -> None:
    late = DAY_LATER - timedelta(seconds=1)
    assert after_try(DELIVERY, Told(arrived=False), late, 0.0, give_up_at=DAY_LATER).result is Result.FAILED


@pytest.mark.parametrize("tries", [1, 5, 10_000])
def test_pauses_differ_by_a_quarter_both_ways(tries: int) -> None:
    middle = pause_after(tries, 0.5)
    assert pause_after(tries, 0.0) == middle * 0.75
    assert pause_after(tries, 0.999) < middle * 1.25
    assert pause_after(tries, 0.999) > middle

"""What is wrong, who has been told, and who is on duty, over REST."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hotline_ivr.routing.alarms import Alarm, AlarmKey
from hotline_ivr.routing.alerts import Alert, AlertState, Channel, Delivery, QueuedAlert, Result
from hotline_ivr.routing.on_duty import on_duty
from tests.plans import OSLO
from tests.web.api.house import NOW, Caller, House

DELIVERY = Delivery(Channel.MAIL, "ops@example.org", NOW, tries=2, reason="no answer", at=NOW)
ALERT = QueuedAlert(
    Alert("a-1", "record", AlertState.RAISED, "record", NOW, "The record", "Why"),
    (DELIVERY, replace(DELIVERY, channel=Channel.WEBHOOK, target="chat", result=Result.SENT)),
)
ROTA = {
    "people": {
        "kari": {"name": "Kari Nord", "mail": "kari@example.org"},
        "ola": {"name": "Ola", "mail": "ola@example.org"},
    },
    "weeks": ["kari", "ola"],
    "first_week": "2026-11-23",
}


async def test_alarms_and_alerts_are_listed(caller: Caller, house: House) -> None:
    house.alerts.standing = {AlarmKey("ghost-open", "main"): Alarm(NOW - timedelta(minutes=2), NOW)}
    house.alerts.waiting = (ALERT,)
    await caller.problem(403, "GET", "/alerts", "read")
    answer = await caller.get("/alerts", "control")
    (alarm,) = answer["alarms"]
    assert (alarm["kind"], alarm["about"]) == ("ghost-open", "main")
    (queued,) = answer["queued"]
    mail, hook = queued["deliveries"]
    assert (mail["result"], mail["tries"], mail["reason"]) == ("waiting", 2, "no answer")
    assert mail["next_at"] is not None
    assert (hook["result"], hook["next_at"]) == ("sent", None)
    assert answer["past"] == []


async def test_a_test_is_sent_by_who_may_and_stands_in_the_trail(caller: Caller, house: House) -> None:
    await caller.problem(403, "POST", "/alerts/test", "read")
    response = await caller.ask("POST", "/alerts/test", "control")
    assert response.status == 200
    assert (await response.json())["kind"] == "test"
    (entry,) = house.trail.entries()
    assert (entry.action, entry.by) == ("alerts.test", "control token")
    assert len((await caller.get("/alerts?limit=1", "control"))["past"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "role"), [("GET", "/alerts", "control"), ("POST", "/alerts/test", "control")]
)
async def test_a_folder_that_cannot_be_used_is_told_of(
    caller: Caller, house: House, method: str, path: str, role: str
) -> None:
    house.alerts.broken = True
    await caller.problem(503, method, path, role)


async def test_who_is_on_duty_and_who_will_be(caller: Caller, house: House) -> None:
    assert await caller.get("/duty") == {"now": None, "turns": []}
    house.use({"duty": ROTA})
    house.alerts.on_duty = on_duty(house.plan.duty, OSLO, NOW)
    answer = await caller.get("/duty?days=14")
    assert answer["now"]["id"] == "kari"
    assert answer["now"]["until"] == "2026-11-29T23:00:00Z"
    assert [each["who"] for each in answer["turns"]] == ["kari", "ola"]

"""Mails to a real SMTP server on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.config.alerts import Alerts
from hotline_ivr.launch.alert_mail import SmtpMail
from hotline_ivr.launch.doctor_alerts import alerts_seen
from hotline_ivr.routing.alerts import Alert, AlertState
from hotline_ivr.testing.mailbox import Mailbox
from hotline_ivr.testing.ports import free_port
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALERT = Alert("a-1", "record", AlertState.RAISED, "record", NOON, "The record is lost", "Why: æøå")


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with Mailbox() as box:
        yield box


def settings(port: int, **more: Any) -> dict[str, Any]:
    server = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "hotline@example.org", **more}
    return {"alerts": {"mail": server}}


def mail(port: int, **more: Any) -> SmtpMail:
    plan = a_plan(sections=settings(port, **more))
    return SmtpMail(lambda: plan)


async def test_a_mail_says_what_the_alert_says(mailbox: Mailbox) -> None:
    assert (await mail(mailbox.port).send(ALERT, "ops@example.org")).arrived
    (arrived,) = mailbox.mails
    assert (arrived.sender, arrived.recipients) == ("hotline@example.org", ("ops@example.org",))
    assert arrived.message["Subject"] == "[Example University] The record is lost"
    assert arrived.message["From"] == "Example University <hotline@example.org>"
    assert arrived.message["X-Hotline-Alert"] == "a-1"
    assert arrived.text.strip() == "Why: æøå"
    assert arrived.recording is None


async def test_one_that_comes_twice_is_known_by_its_message_id(mailbox: Mailbox) -> None:
    post = mail(mailbox.port)
    for target in ("ops@example.org", "ops@example.org", "kari@example.org"):
        await post.send(ALERT, target)
    first, second, other = (each.message["Message-ID"] for each in mailbox.mails)
    assert first == second != other


async def test_a_recording_goes_along(mailbox: Mailbox, tmp_path: Path) -> None:
    file = tmp_path / "call.wav"
    file.write_bytes(b"RIFF" + bytes(range(256)) * 100)
    spoken = replace(ALERT, recording=str(file))
    await mail(mailbox.port).send(spoken, "ops@example.org")
    assert mailbox.mails[0].recording == file.read_bytes()
    file.unlink()
    assert (await mail(mailbox.port).send(spoken, "ops@example.org")).arrived
    assert mailbox.mails[1].recording is None
    assert "is not there any more" in mailbox.mails[1].text


@pytest.mark.parametrize(("answer", "final"), [("550 no such user", True), ("450 come back later", False)])
async def test_a_refused_recipient(mailbox: Mailbox, answer: str, *, final: bool) -> None:
    mailbox.refusals["gone@example.org"] = answer
    told = await mail(mailbox.port).send(ALERT, "gone@example.org")
    assert (told.arrived, told.final) == (False, final)
    assert answer[4:] in told.reason
    assert mailbox.mails == []


async def test_nobody_at_the_other_end_is_for_another_try() -> None:
    told = await mail(free_port()).send(ALERT, "ops@example.org")
    assert (told.arrived, told.final) == (False, False)
    assert told.reason


async def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(mailbox: Mailbox) -> None:
    told = await mail(mailbox.port, security="starttls").send(ALERT, "ops@example.org")
    assert not told.arrived
    assert mailbox.mails == []


async def test_a_password_that_is_not_there_is_for_another_try(mailbox: Mailbox) -> None:
    told = await mail(mailbox.port, user="hotline", password="env:HOTLINE_NONE").send(
        ALERT, "ops@example.org"
    )
    assert (told.arrived, told.final) == (False, False)
    assert "HOTLINE_NONE" in told.reason


async def test_the_doctor_says_what_stands_in_the_way(mailbox: Mailbox) -> None:
    def alerts(port: int) -> Alerts:
        return Alerts.model_validate(settings(port)["alerts"])

    assert (await alerts_seen(Alerts())).ok
    seen = await alerts_seen(alerts(mailbox.port))
    assert (seen.ok, seen.text) == (True, "mail by 127.0.0.1")
    assert mailbox.mails == []
    assert not (await alerts_seen(alerts(free_port()))).ok
    hooks = {"webhooks": {"chat": {"url": "https://example.org/x", "secret": "file:/none"}}}
    routes = {"to": [{"webhooks": ["chat"]}]}
    seen = await alerts_seen(Alerts.model_validate(hooks | routes))
    assert not seen.ok
    assert "web hook chat: /none: the secret cannot be read" in seen.text

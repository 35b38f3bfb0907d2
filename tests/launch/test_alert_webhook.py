"""Posts to a real receiver, which checks the signature."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_ivr.launch.alert_webhook import WebhookPost, body_of
from hotline_ivr.launch.signed_post import signature
from hotline_ivr.routing.alerts import Alert, AlertState
from hotline_ivr.testing.mailbox import HookReceiver
from hotline_ivr.testing.ports import free_port
from tests.plans import a_plan

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALERT = Alert("a-1", "record", AlertState.RAISED, "record", NOON, "Title", "Why: æøå", {"since": "noon"})


@pytest.fixture
async def receiver() -> AsyncIterator[HookReceiver]:
    async with HookReceiver("s3cret") as made:
        yield made


def post(url: str, secret: Path) -> WebhookPost:
    hooks = {"chat": {"url": url, "secret": f"file:{secret}"}}
    plan = a_plan(sections={"alerts": {"webhooks": hooks}})
    return WebhookPost(lambda: plan, "main", lambda: NOON)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("s3cret\n", encoding="utf-8")
    return tmp_path / "secret"


async def test_what_is_posted_is_signed_and_has_its_id(receiver: HookReceiver, secret: Path) -> None:
    hooks = post(receiver.url, secret)
    assert (await hooks.send(ALERT, "chat")).arrived
    await hooks.close()
    (arrived,) = receiver.hooks
    assert (arrived.id, arrived.genuine) == ("a-1", True)
    assert arrived.body == {
        "schema": "hotline/alert/1",
        "id": "a-1",
        "kind": "record",
        "state": "raised",
        "about": "record",
        "at": "2026-03-02T12:00:00+00:00",
        "title": "Title",
        "text": "Why: æøå",
        "details": {"since": "noon"},
        "organisation": "Example University",
        "node": "main",
    }


def test_a_signature_as_openssl_makes_it() -> None:
    """printf '1772452800.{}' | openssl dgst -sha256 -hmac s3cret"""
    assert signature("s3cret", b"{}", NOON) == (
        "t=1772452800,v1=a5ac58aa0492bea1aab733184fe6d19e232c47c0f7f3d0c02bc5f0b49e1f0a7d"
    )


async def test_another_secret_or_another_body_is_found_out(receiver: HookReceiver, secret: Path) -> None:
    receiver.secret = "another"
    hooks = post(receiver.url, secret)
    await hooks.send(ALERT, "chat")
    await hooks.close()
    assert not receiver.hooks[0].genuine


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_a_receiver_that_does_not_take_it_is_asked_again(
    receiver: HookReceiver, secret: Path, status: int
) -> None:
    receiver.status = status
    hooks = post(receiver.url, secret)
    told = await hooks.send(ALERT, "chat")
    await hooks.close()
    assert (told.arrived, told.final, told.reason) == (False, False, f"status {status}")


async def test_what_cannot_be_posted_now(tmp_path: Path, secret: Path) -> None:
    nobody = post(f"http://127.0.0.1:{free_port()}/x", secret)
    told = await nobody.send(ALERT, "chat")
    assert (told.arrived, told.final) == (False, False)
    assert (await nobody.send(ALERT, "gone")).final
    await nobody.close()
    told = await post("http://127.0.0.1:1/x", tmp_path / "none").send(ALERT, "chat")
    assert "the secret cannot be read" in told.reason


def test_the_body_is_the_same_at_each_try() -> None:
    assert body_of(ALERT, "U", "main") == body_of(ALERT, "U", "main")

"""A call through the containers, and what the containers may and may not do."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from hotline_ivr.testing.audio import Audio, recognise, tone, tone_share
from hotline_ivr.testing.compose import ComposeNode
from hotline_ivr.testing.phone import Phone, PhoneCall, Telephones
from hotline_ivr.testing.plans import CLOSED, OPEN

# The first test also waits for the images to be built.
pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]


async def dial(compose: ComposeNode, telephones: Telephones, number: str, called: str) -> PhoneCall:
    caller = await telephones.caller(number, compose.sip_address, compose.sip_port)
    call = await caller.dial(called)
    await call.wait_answered()
    return call


async def operator(compose: ComposeNode, telephones: Telephones) -> Phone:
    account, secret = compose.accounts()["anna"]
    return await telephones.operator(account, secret, compose.sip_address, compose.sip_port)


async def test_a_call_through_the_containers_is_greeted_answered_spoken_and_recorded(
    compose: ComposeNode, telephones: Telephones, tmp_path: Path
) -> None:
    prompt = Audio.from_wav(compose.fetch_prompt("en/greeting", tmp_path))
    anna = await operator(compose, telephones)
    caller = await dial(compose, telephones, "+4790020001", OPEN)
    rung = await anna.wait_rung(25)
    greeting = recognise(caller.heard(), prompt)
    assert greeting.recognised, greeting

    await rung.answer()
    spoken = time.time()
    await asyncio.gather(caller.say(tone(1000, 1.2)), rung.say(tone(700, 1.2)))
    to_operator = await rung.wait_heard(lambda heard: heard.seconds > 1.1, 5, "a tone", since=spoken)
    to_caller = await caller.wait_heard(lambda heard: heard.seconds > 1.1, 5, "a tone", since=spoken)
    assert tone_share(to_operator.part(0.4, 0.9), 1000) > 0.9
    assert tone_share(to_caller.part(0.4, 0.9), 700) > 0.9
    await caller.hang_up()
    await rung.wait_ended(5)

    record = await asyncio.to_thread(compose.wait_call, "+4790020001")
    assert (record["outcome"], record["operator"], record["ended_by"]) == ("answered", "anna", "caller")
    assert record["route"] == "service"


async def test_a_closed_line_says_so_also_while_the_service_s_container_is_dead(
    compose: ComposeNode, telephones: Telephones, tmp_path: Path
) -> None:
    prompt = Audio.from_wav(compose.fetch_prompt("en/closed", tmp_path))
    compose.docker("stop", "--time", "20", compose.hotline)
    try:
        caller = await dial(compose, telephones, "+4790020002", CLOSED)
        await caller.wait_ended(30)
    finally:
        compose.docker("start", compose.hotline)
    assert recognise(caller.heard(), prompt).recognised
    # The record of that call is read from Asterisk's own files when the service is back.
    record = await asyncio.to_thread(_wait_record, compose, "+4790020002")
    assert record == ("closed", "fallback")


def _wait_record(compose: ComposeNode, caller: str) -> tuple[str, str]:
    compose.run(compose.hotline, "timeout", "60", "sh", "-c", "until hotline health; do sleep 0.3; done")
    record = compose.wait_call(caller, 30)
    return str(record["outcome"]), str(record["route"])


def test_nothing_in_the_containers_runs_as_root(compose: ComposeNode) -> None:
    for container in (compose.asterisk, compose.hotline):
        rows = compose.docker("top", container, "-eo", "pid,uid,comm").decode().splitlines()[1:]
        assert {row.split()[1] for row in rows} == {"10001"}, rows


def test_only_sip_audio_and_a_local_health_page_are_published(compose: ComposeNode) -> None:
    published = {}
    for container in (compose.asterisk, compose.hotline):
        for port, places in compose.inspect(container)["NetworkSettings"]["Ports"].items():
            if places:
                published[port] = {place["HostIp"] for place in places}
    assert published.pop("8080/tcp") == {"127.0.0.1"}
    assert f"{compose.sip_port}/udp" in published
    assert len(published) == 101
    assert all(port.endswith("/udp") for port in published)
    # The tests ask for loopback; an installation says where callers come in.
    assert set().union(*published.values()) == {"127.0.0.1"}


def test_the_service_s_own_file_system_is_read_only(compose: ComposeNode) -> None:
    with pytest.raises(RuntimeError, match="Read-only file system"):
        compose.run(compose.hotline, "touch", "/opt/hotline/here")
    with pytest.raises(RuntimeError, match="Read-only file system"):
        compose.run(compose.hotline, "touch", "/config/here")

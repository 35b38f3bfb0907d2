"""Messages over REST: listed with masked numbers, heard by who may, and everything in the trail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hotline_ivr.routing.messages import Message, Recording, Strays
from tests.web.api.house import NOW, Caller, House

MESSAGE = Message(
    "main", "main-1.1", "box", NOW, 4000, 64_044, line="info", caller="+4790012345", caller_name="Kari"
)
SOUND = b"RIFF" + bytes(range(256)) * 250


@pytest.fixture
def message(house: House) -> Message:
    path = house.recordings.path("box", "main-1.1")
    path.parent.mkdir(parents=True)
    path.write_bytes(SOUND)
    house.messages.keep(MESSAGE)
    return MESSAGE


@pytest.mark.usefixtures("message")
async def test_messages_are_listed_with_masked_numbers(caller: Caller, house: House) -> None:
    house.messages.keep(replace(MESSAGE, call_id="main-1.2", box="other", recorded_at=NOW + timedelta(1)))
    listed = (await caller.get("/voicemail"))["messages"]
    assert [each["id"] for each in listed] == ["main-1.2", "main-1.1"]
    assert (listed[1]["caller"], listed[1]["caller_name"]) == ("+47 •••• 345", "")
    assert (listed[1]["state"], listed[1]["length_s"], listed[1]["line"]) == ("new", 4.0, "info")
    assert len((await caller.get("/voicemail?box=box&state=new"))["messages"]) == 1
    await caller.problem(403, "GET", "/voicemail?numbers=true", "read")
    full = await caller.get("/voicemail?numbers=true", "control")
    assert (full["messages"][0]["caller"], full["messages"][0]["caller_name"]) == ("+4790012345", "Kari")


@pytest.mark.usefixtures("message")
async def test_a_message_is_heard_by_who_may_and_stands_in_the_trail(caller: Caller, house: House) -> None:
    await caller.problem(403, "GET", "/voicemail/main-1.1/audio", "read")
    await caller.problem(401, "GET", "/voicemail/main-1.1/audio", None)
    assert list(house.trail.entries()) == []
    response = await caller.ask("GET", "/voicemail/main-1.1/audio", "control")
    assert (response.status, response.content_type) == (200, "audio/wav")
    assert await response.read() == SOUND
    assert response.headers["Cache-Control"] == "no-store"
    (entry,) = house.trail.entries()
    assert (entry.action, entry.subject, entry.by) == ("voicemail.play", "main-1.1", "control token")
    assert house.messages.by_id["main-1.1"].heard_by == "control token"


@pytest.mark.usefixtures("message")
async def test_a_part_of_a_message_can_be_asked_for(caller: Caller) -> None:
    part = {"Range": "bytes=4-7"}
    response = await caller.ask("GET", "/voicemail/main-1.1/audio", "control", headers=part)
    assert (response.status, await response.read()) == (206, SOUND[4:8])


@pytest.mark.usefixtures("message")
async def test_nothing_is_heard_that_cannot_be_noted(caller: Caller, house: House) -> None:
    house.disk_full = True
    await caller.problem(503, "GET", "/voicemail/main-1.1/audio", "control")
    assert house.messages.by_id["main-1.1"].heard_at is None


@pytest.mark.usefixtures("message")
async def test_a_message_is_done_once(caller: Caller, house: House) -> None:
    await caller.problem(403, "POST", "/voicemail/main-1.1/done", "read")
    for _ in range(2):
        response = await caller.ask("POST", "/voicemail/main-1.1/done", "control")
        assert (await response.json())["state"] == "done"
    assert [each.action for each in house.trail.entries()] == ["voicemail.done"]


async def test_what_is_not_there(caller: Caller, house: House) -> None:
    await caller.problem(404, "GET", "/voicemail/main-9.9/audio", "control")
    await caller.problem(404, "POST", "/voicemail/main-9.9/done", "control")
    await caller.problem(404, "GET", "/voicemail/..%2Fx/audio", "control")
    house.messages.keep(MESSAGE)
    body = await caller.problem(404, "GET", "/voicemail/main-1.1/audio", "control")
    assert "has been deleted" in body["detail"]
    assert list(house.trail.entries()) == []


async def test_a_database_that_is_away(caller: Caller, house: House) -> None:
    house.messages.away = True
    await caller.problem(503, "GET", "/voicemail")
    await caller.problem(503, "GET", "/voicemail/main-1.1/audio", "control")


async def test_strays_are_told(caller: Caller, house: House) -> None:
    assert await caller.get("/voicemail/strays") == {"files": [], "calls": [], "messages": []}
    house.strays = Strays((Recording("box", "main-1.7", 44, NOW),), ("main-1.8",), ())
    found = await caller.get("/voicemail/strays")
    assert (found["files"][0]["id"], found["calls"]) == ("main-1.7", ["main-1.8"])


async def test_the_recording_is_described_as_a_sound(caller: Caller) -> None:
    document = await caller.get("/openapi.json", None)
    answer = document["paths"]["/voicemail/{id}/audio"]["get"]["responses"]["200"]
    assert answer["content"] == {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}

"""Recordings over REST: as they are kept, by who may, and everything in the trail before it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hotline_ivr.routing.recordings import Found, Recording
from tests.web.api.house import NOW, Caller, House

RECORDING = Recording(
    "main", "main-1.1", 1, NOW, 4000, 300, "ab" * 32, True, line="info", queue="main", operator="anna",
    caller="+4790012345",
)  # fmt: skip
SEALED = b"age-encryption.org/v1\n" + bytes(range(256))


@pytest.fixture
def recording(house: House) -> Recording:
    house.kept.keep(RECORDING, SEALED)
    return RECORDING


@pytest.mark.usefixtures("recording")
async def test_recordings_are_listed_with_masked_numbers(caller: Caller, house: House) -> None:
    house.kept.keep(
        replace(RECORDING, call_id="main-1.2", line="other", recorded_at=NOW + timedelta(1)), b"x"
    )
    listed = (await caller.get("/recordings"))["recordings"]
    assert [(each["id"], each["part"]) for each in listed] == [("main-1.2", 1), ("main-1.1", 1)]
    assert (listed[1]["caller"], listed[1]["length_s"], listed[1]["encrypted"]) == (
        "+47 •••• 345",
        4.0,
        True,
    )
    assert len((await caller.get("/recordings?line=info"))["recordings"]) == 1
    await caller.problem(403, "GET", "/recordings?numbers=true", "read")
    await caller.problem(422, "GET", "/recordings?since=2026-11-23T08:00:00")
    full = await caller.get("/recordings?numbers=true&line=info", "control")
    assert full["recordings"][0]["caller"] == "+4790012345"
    (entry,) = house.trail.entries()
    assert (entry.action, entry.subject, entry.details) == ("numbers.read", "recordings", {"line": "info"})
    house.disk_full = True
    await caller.problem(503, "GET", "/recordings?numbers=true", "control")


@pytest.mark.usefixtures("recording")
async def test_a_recording_leaves_encrypted_to_who_may_and_stands_in_the_trail(
    caller: Caller, house: House
) -> None:
    path = "/recordings/main-1.1/1/audio"
    await caller.problem(403, "GET", path, "read")
    await caller.problem(401, "GET", path, None)
    assert list(house.trail.entries()) == []
    response = await caller.ask("GET", path, "control")
    assert (response.status, await response.read()) == (200, SEALED)
    assert response.content_type == "application/octet-stream"
    (entry,) = house.trail.entries()
    assert (entry.action, entry.subject, entry.by, entry.details) == (
        "recording.play",
        "main-1.1",
        "control token",
        {"part": "1"},
    )


@pytest.mark.usefixtures("recording")
async def test_what_cannot_be_noted_is_neither_heard_nor_deleted(caller: Caller, house: House) -> None:
    house.disk_full = True
    await caller.problem(503, "GET", "/recordings/main-1.1/1/audio", "control")
    await caller.problem(503, "DELETE", "/recordings/main-1.1", "admin")
    await caller.problem(503, "POST", "/recordings/main-1.1/pause", "control")
    assert house.kept.files.path(RECORDING.id) is not None


@pytest.mark.usefixtures("recording")
async def test_only_an_admin_deletes_and_the_row_says_who(caller: Caller, house: House) -> None:
    await caller.problem(403, "DELETE", "/recordings/main-1.1", "control")
    response = await caller.ask("DELETE", "/recordings/main-1.1", "admin")
    assert (response.status, await response.json()) == (200, {"deleted": 1})
    assert house.kept.files.path(RECORDING.id) is None
    assert [each.action for each in house.trail.entries()] == ["recording.delete"]
    listed = (await caller.get("/recordings?deleted=true"))["recordings"]
    assert listed[0]["deleted_by"] == "admin token"
    for method, path in (("DELETE", "/recordings/main-1.1"), ("GET", "/recordings/main-1.1/1/audio")):
        await caller.problem(404, method, path, "admin")
    await caller.problem(404, "GET", "/recordings/main-9.9/1/audio", "control")


async def test_one_part_is_deleted_and_the_others_stay(caller: Caller, house: House) -> None:
    for part in (1, 2):
        house.kept.keep(replace(RECORDING, part=part), SEALED)
    response = await caller.ask("DELETE", "/recordings/main-1.1?part=2", "admin")
    assert (response.status, await response.json()) == (200, {"deleted": 1})
    assert [
        (each["part"], each["deleted_by"]) for each in (await caller.get("/recordings"))["recordings"]
    ] == [(1, "")]
    await caller.problem(404, "DELETE", "/recordings/main-1.1?part=2", "admin")
    (entry,) = house.trail.entries()
    assert (entry.subject, entry.details) == ("main-1.1", {"parts": "2"})


async def test_a_recording_under_way_is_paused_and_goes_on(caller: Caller, house: House) -> None:
    response = await caller.ask("POST", "/recordings/main-1.1/pause", "control")
    told = {"id": "main-1.1", "state": "paused", "resumes_at": "2026-11-23T12:00:00Z"}
    assert (response.status, await response.json()) == (200, told)
    response = await caller.ask("POST", "/recordings/main-1.1/resume", "control")
    assert (await response.json())["state"] == "on"
    await caller.problem(403, "POST", "/recordings/main-1.1/pause", "read")
    await caller.problem(409, "POST", "/recordings/main-1.2/pause", "control")
    house.tapes.deaf = True
    await caller.problem(503, "POST", "/recordings/main-1.1/resume", "control")
    actions = [each.action for each in house.trail.entries()]
    assert actions[:2] == ["recording.pause", "recording.resume"]


async def test_strays_are_listed_and_a_database_that_is_away_is_told(caller: Caller, house: House) -> None:
    house.kept.astray = Found(without_file=("main-1.9",), plain=("main-1.8.1",))
    house.kept.astray = replace(house.kept.astray, undeleted=("main-1.7.1",), foreign=("plain/readme",))
    found = await caller.get("/recordings/strays?thorough=true")
    assert (found["undeleted"], found["foreign"]) == (["main-1.7.1"], ["plain/readme"])
    assert (found["without_file"], found["plain"], found["gone"]) == (["main-1.9"], ["main-1.8.1"], [])
    assert house.kept.asked_thoroughly
    house.kept.away = True
    for path in ("/recordings", "/recordings/strays"):
        await caller.problem(503, "GET", path)

"""No part of a recording is lost, left over or kept as it is without being named.."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.recordings import PartId, Tape, TapeState
from tests.calls.test_recording_keeper import DAY, MINUTE, NOON, Place, place
from tests.store.conftest import database_url

__all__ = ["database_url", "place"]


async def test_everything_astray_is_named(place: Place) -> None:
    for number in range(1, 6):
        place.talk(f"main-1.{number}.1.done", age=timedelta(hours=1))
        if number != 1:
            await place.call(f"main-1.{number}")
    await place.call("main-1.9")
    await place.look()
    assert (await place.keeper.strays()).count == 2
    (place.kept / "main-1.2.1.age").unlink()
    with (place.kept / "main-1.3.1.age").open("ab") as file:
        file.write(b"more")
    with (place.kept / "main-1.4.1.age").open("r+b") as file:
        file.write(b"else")
    place.talk("main-1.8.1.done", age=timedelta(hours=1))
    found = await place.keeper.strays(thorough=True)
    assert (found.without_call, found.without_file) == (("main-1.1.1",), ("main-1.9.1",))
    assert (found.gone, found.changed, found.plain) == (
        ("main-1.2.1",),
        ("main-1.3.1", "main-1.4.1"),
        ("main-1.8.1",),
    )


async def test_a_part_that_was_lost_before_it_was_kept_is_named_until_it_would_have_been_deleted(
    place: Place,
) -> None:
    for part in (1, 3):
        place.talk(f"main-1.1.{part}.done", age=timedelta(hours=1))
    await place.call("main-1.1", recorded=3)
    await place.look()
    found = await place.keeper.strays()
    assert (found.without_file, found.count) == (("main-1.1.2",), 1)
    # What lies there as it is has not been lost.
    place.talk("main-1.1.2.done")
    assert (await place.keeper.strays()).count == 0
    (place.plain / "main-1.1.2.done").unlink()
    place.now += 91 * DAY
    assert (await place.keeper.strays()).without_file == ()


async def test_a_part_in_which_nothing_was_said_is_not_lost(place: Place) -> None:
    place.talk("main-1.1.1.done", age=timedelta(hours=1), samples=b"")
    place.talk("main-1.1.2.done", age=timedelta(hours=1))
    await place.call("main-1.1", recorded=2)
    await place.look()
    assert (await place.keeper.strays()).count == 0


async def test_what_was_deleted_and_is_there_again_is_named_and_removed(place: Place) -> None:
    place.talk("main-1.1.1.done", age=timedelta(hours=1))
    await place.call("main-1.1")
    await place.look()
    copy = (place.kept / "main-1.1.1.age").read_bytes()
    await place.rows.removed([PartId("main-1.1", 1)], "admin", NOON)
    (place.kept / "main-1.1.1.age").write_bytes(copy)
    found = await place.keeper.strays()
    assert (found.undeleted, found.count) == (("main-1.1.1",), 1)
    # In the next night; after a start at once.
    place.now += DAY
    await place.look()
    assert place.names(place.kept) == []
    assert (await place.keeper.strays()).count == 0
    # So is a part that was being written while its call was deleted.
    place.talk("main-1.1.1.done")
    for _ in range(2):
        await place.look()
    assert (place.names(place.kept), place.names(place.plain)) == ([], [])
    row = await place.rows.one(PartId("main-1.1", 1))
    assert row is not None
    assert (row.removed_by, row.removed_at) == ("admin", NOON)


async def test_sound_under_the_number_of_a_part_in_which_nothing_was_said_is_kept(place: Place) -> None:
    place.talk("main-1.1.1.done", samples=b"")
    await place.look()
    place.talk("main-1.1.1.done")
    await place.look()
    assert (await place.listed(), place.names(place.kept)) == (["main-1.1.1"], ["main-1.1.1.age"])


async def test_a_part_of_which_the_record_never_hears_is_named_and_encrypted_after_an_hour(
    place: Place,
) -> None:
    place.talk("main-7.1.1.raw", age=50 * MINUTE)
    await place.look()
    assert (await place.keeper.strays()).plain == ("main-7.1.1",)
    place.now += 11 * MINUTE
    for _ in range(2):
        await place.look()
    assert (place.names(place.plain), place.names(place.kept)) == ([], ["main-7.1.1.age"])
    found = await place.keeper.strays()
    assert (found.without_call, found.count) == (("main-7.1.1",), 1)


async def test_what_nobody_has_written_to_for_a_day_is_encrypted_whatever_the_record_says(
    place: Place,
) -> None:
    await place.call("main-1.1", finished=False)
    place.talk("main-1.1.1.raw", age=23 * timedelta(hours=1))
    await place.look()
    # A caller may be held for long.
    assert (await place.keeper.strays()).plain == ()
    assert place.names(place.plain) == ["main-1.1.1.raw"]
    place.now += timedelta(hours=2)
    # Neither database nor Asterisk is needed for that.
    for _ in range(2):
        await place.keeper.look()
    assert (place.names(place.plain), place.names(place.kept)) == ([], ["main-1.1.1.age"])


async def test_notes_of_a_call_go_when_it_is_over_and_those_of_no_known_call_after_an_hour(
    place: Place,
) -> None:
    ours = ("main-1.1.parts", "main-1.1.off", "main-7.1.parts", "main-7.1_main-7.2.live")
    for name in ours:
        place.talk(name, age=2 * MINUTE, samples=b"2\n")
    await place.call("main-1.1", finished=False)
    await place.keeper.look_at_rows()
    assert place.names(place.plain) == sorted(ours)
    await place.call("main-1.1")
    await place.keeper.look_at_rows()
    assert place.names(place.plain) == ["main-7.1.parts", "main-7.1_main-7.2.live"]
    place.now += timedelta(hours=1)
    await place.keeper.look_at_rows()
    assert place.names(place.plain) == []


async def test_foreign_files_are_named_and_left_alone(place: Place) -> None:
    for name in ("readme", "main-1.1.x.raw", "main-1.1.1.age", "full", "main-1.1.parts"):
        place.talk(name, age=timedelta(hours=1))
    place.talk("young")
    (place.kept / "main-1.1.1.raw").write_bytes(b"1")
    os.utime(place.kept / "main-1.1.1.raw", (0, 0))
    foreign = ("main-1.1.1.raw", "plain/main-1.1.1.age", "plain/main-1.1.x.raw", "plain/readme")
    assert (await place.keeper.strays()).foreign == foreign
    await place.look()
    assert {"readme", "main-1.1.1.age"} <= set(place.names(place.plain))


async def test_the_tape_of_a_call_whose_recording_was_deleted_is_stopped_until_somebody_resumes(
    place: Place,
) -> None:
    place.tape("on")
    place.files.set_off("main-1.1", off=True)
    place.asterisk.away = True
    await place.keeper.look()
    place.asterisk.away = False
    for _ in range(2):
        await place.keeper.look()
    assert place.asterisk.pressed == ["stopped"]
    with pytest.raises(ArgumentError, match="its recording was deleted"):
        await place.pauses.pause("main-1.1")
    assert (await place.pauses.resume("main-1.1")).state is TapeState.ON
    assert not place.files.is_off("main-1.1")
    # What writes into a deleted file is stopped before it is said to go on.
    place.asterisk.pressed.clear()
    place.files.set_off("main-1.1", off=True)
    assert (await place.pauses.resume("main-1.1")).state is TapeState.ON
    assert place.asterisk.pressed == ["stopped", "on"]


async def test_a_tape_that_is_just_being_told_of_is_looked_for_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dialplan writes its word anew: for a moment the file is empty."""
    place.tape("paused")
    tapes, looks = place.files.tapes, [0]

    def empty_at_each_second_look() -> tuple[Tape, ...]:
        looks[0] += 1
        return tapes() if looks[0] % 2 else ()

    monkeypatch.setattr(place.files, "tapes", empty_at_each_second_look)
    assert (await place.pauses.resume("main-1.1")).state is TapeState.ON
    assert place.asterisk.pressed == ["on"]

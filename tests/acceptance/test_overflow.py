"""Callers who are handed to a centre outside, with the service and without it, on a real Asterisk."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.testing.audio import is_silent
from hotline_ivr.testing.centre_desk import CentreDesk, Manners
from hotline_ivr.testing.company import company_of
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import closed_now, line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record
from hotline_ivr.testing.stage_events import stage_log
from tests.acceptance.by_hand import decide
from tests.acceptance.killed_service import dead
from tests.acceptance.menu_walks import Prompts, Walk

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

DESK_PORT = free_port()
NUMBERS = {manners: f"+47228500{place:02}" for place, manners in enumerate(Manners)}
PRESSES, SILENT, TALKS = (NUMBERS[each] for each in (Manners.PRESSES, Manners.SILENT, Manners.TALKS))
BUSY, DECLINES = NUMBERS[Manners.BUSY], NUMBERS[Manners.DECLINES]
ANNA_PORT = free_port()
_WAITS = re.compile(r"wait: (\d+):(\d+)")


def centre(*numbers: str, **more: object) -> dict[str, object]:
    targets = {f"desk{place}": {"number": number, "ring": "5s"} for place, number in enumerate(numbers)}
    asked = {"press_within": "2s", "press_tries": "1"}
    return {"name": "Night centre", "language": "en", "targets": targets, **asked, **more}


def overflowing(
    number: str, *rules: dict[str, object], queue: str = "main", **more: object
) -> dict[str, object]:
    made = line("Line", number, queue=queue, max_wait=40)
    return {
        **made,
        "overflow": [{"name": f"rule{place}", **rule} for place, rule in enumerate(rules)],
        **more,
    }


def after(seconds: int, name: str) -> dict[str, object]:
    return {"after": f"{seconds}s", "to": {"centre": name}}


LINES: dict[str, dict[str, object]] = {
    "press": overflowing("+4722851301", after(5, "press")),
    "trap": overflowing("+4722851302", after(5, "trap")),
    "busy": overflowing("+4722851303", after(5, "busy")),
    "second": overflowing("+4722851304", after(5, "second")),
    "full": overflowing("+4722851305", after(5, "one")),
    "empty": overflowing("+4722851306", {"nobody": "yes", "to": {"centre": "press"}}, queue="deserted"),
    "lost": overflowing("+4722851307", {"nobody": "yes", "to": {"centre": "trap"}}, queue="deserted"),
    "share": overflowing("+4722851308", {"share": "100", "to": {"centre": "direct"}}),
    "kept": overflowing("+4722851310", after(6, "trap"), queue="kept"),
    "later": line("Line without rules", "+4722851312", queue="kept"),
    "shut": line("Line that closes", "+4722851311", hours=closed_now(datetime.now(UTC)))
    | {"closing": {"drain": "3s", "last_call": "no", "to": {"callback": "main"}}},
    "routed": overflowing("+4722851309", after(5, "trap"), centre="direct"),
}


def configuration() -> dict[str, Any]:
    made = plan(
        {"anna": f"sip:anna@127.0.0.1:{ANNA_PORT}", "bo": None, "cleo": f"sip:cleo@127.0.0.1:{ANNA_PORT}"},
        now=datetime.now(UTC),
        ring_time=60,
        extra_queues={"deserted": ["bo"], "kept": ["cleo"]},
        extra_lines=LINES,
    )
    made["trunks"]["carrier"]["outbound"] = f"127.0.0.1:{DESK_PORT}"
    made["outside"] = {"allowed": ["+47 22 85 00"]}
    made["centres"] = {
        "press": centre(PRESSES),
        "trap": centre(TALKS),
        "busy": centre(BUSY),
        "second": centre(BUSY, DECLINES, SILENT, PRESSES),
        "one": centre(PRESSES, channels="1"),
        "direct": centre(SILENT, confirm="no"),
    }
    return made


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(configuration())
    made.start()
    return made


Check = Callable[[Record], None]


@dataclass
class World:
    """Where callers ring, and the centre that they may come to."""

    stack: HotlineStack
    telephones: Telephones
    prompt: Prompts
    desk: CentreDesk

    async def rings(self, line_id: str, number: str) -> Walk:
        phone = await self.telephones.caller(number, "127.0.0.1", self.stack.settings.sip_port)
        call = await phone.dial(number_of(line_id))
        await call.wait_answered()
        return Walk(self.stack, call, number, self.prompt)


def number_of(line_id: str) -> str:
    numbers = LINES[line_id]["numbers"]
    assert isinstance(numbers, list)
    return str(numbers[0])


async def taken(world: World, walk: Walk, desk_number: str, line_id: str) -> None:
    """Somebody there takes the call, which shows the line's number, and hangs up after a while."""
    while (await walk.event("target", 20)).fields[2] != desk_number:
        continue
    if desk_number == PRESSES:
        while (await walk.event("press", 20)).fields[1] != "pressed":
            continue
    call = await world.desk.answered(desk_number, number_of(line_id))
    # What Asterisk still does before they hear each other is none of the talk.
    await asyncio.sleep(2.0)
    world.desk.hang_up(call)
    assert (await walk.event("centre-left")).fields[2] == "TAKEN"
    await walk.call.wait_ended(10)


def was_taken(centre_id: str, number: str, confirmation: str | None) -> Check:
    def check(record: Record) -> None:
        assert (record["outcome"], record["centre"]) == ("overflowed", centre_id)
        assert (record["outside_number"], record["confirmation"]) == (number, confirmation)
        assert 700 < record["outside_talk_ms"] < 5_000
        assert record["outside_ring_ms"] < 30_000

    return check


async def comes_back(walk: Walk, left: str = "NOBODY") -> None:
    """Handed over, not taken, and waiting again; never in silence."""
    begun = await walk.event("centre", 20)
    over = await walk.event("centre-left", 30)
    assert over.fields[2] == left
    assert (await walk.event("wait")).fields[1] in {"main", "kept", "deserted"}
    away_s = over.at - begun.at
    if away_s > 2:
        heard = walk.call.heard(begun.at)
        pieces = [heard.part(start, start + 1.0) for start in range(1, int(away_s) - 1)]
        # A busy machine hears the end a little later.
        whole = [piece for piece in pieces if piece.seconds > 0.9]
        assert whole
        assert not [piece for piece in whole if is_silent(piece)]


def abandoned_in_the_queue(centre_id: str, confirmation: str | None) -> Check:
    def check(record: Record) -> None:
        assert (record["outcome"], record["centre"]) == ("abandoned", centre_id)
        assert record["stage"] in {"queue", "ringing"}
        assert (record["outside_talk_ms"], record["confirmation"]) == (None, confirmation)
        # From joining first to hanging up, the time outside included. app_queue counts the five seconds until
        # it gives a caller up from the whole second in which the caller joined.
        assert record["wait_ms"] > 4_000

    return check


async def press_one(world: World, number: str) -> tuple[Walk, Check]:
    walk = await world.rings("press", number)
    await taken(world, walk, PRESSES, "press")
    return walk, was_taken("press", PRESSES, "pressed")


async def voicemail_trap(world: World, number: str) -> tuple[Walk, Check]:
    walk = await world.rings("trap", number)
    await comes_back(walk)
    return walk, abandoned_in_the_queue("trap", "not-pressed")


async def busy(world: World, number: str) -> tuple[Walk, Check]:
    walk = await world.rings("busy", number)
    await comes_back(walk)
    return walk, abandoned_in_the_queue("busy", None)


async def busy_declined_silent_taken(world: World, number: str) -> tuple[Walk, Check]:
    walk = await world.rings("second", number)
    await taken(world, walk, PRESSES, "second")
    return walk, was_taken("second", PRESSES, "pressed")


async def full(world: World, number: str) -> tuple[Walk, Check]:
    """The centre takes one call at a time: the second caller waits on."""
    first, second = await asyncio.gather(world.rings("full", f"{number}1"), world.rings("full", f"{number}2"))
    statuses = await asyncio.gather(*(_first_result(walk) for walk in (first, second)))
    assert sorted(statuses) == ["FULL", "pressed"]
    lucky, other = (first, second) if statuses[0] == "pressed" else (second, first)
    await lucky.call.hang_up()
    return other, abandoned_in_the_queue("one", None)


async def nobody_is_there(world: World, number: str) -> tuple[Walk, Check]:
    walk = await world.rings("empty", number)
    await taken(world, walk, PRESSES, "empty")
    return walk, was_taken("press", PRESSES, "pressed")


async def nobody_anywhere(world: World, number: str) -> tuple[Walk, Check]:
    walk = await world.rings("lost", number)
    await comes_back(walk)
    await walk.is_told("en/sorry")
    await walk.call.wait_ended(15)

    def check(record: Record) -> None:
        assert (record["outcome"], record["centre"]) == ("no-operator", "trap")

    return walk, check


async def every_caller_of_a_share(world: World, number: str) -> tuple[Walk, Check]:
    walk = await world.rings("share", number)
    await taken(world, walk, SILENT, "share")
    return walk, was_taken("direct", SILENT, None)


async def hung_up_while_it_rings(world: World, number: str) -> tuple[Walk, Check]:
    walk = await world.rings("trap", number)
    await walk.event("target", 20)
    await walk.call.hang_up()

    def check(record: Record) -> None:
        assert (record["outcome"], record["stage"]) == ("overflow-lost", "transfer")
        assert (record["centre"], record["ended_by"]) == ("trap", "caller")

    return walk, check


async def _first_result(walk: Walk) -> str:
    while True:
        for event in stage_log(walk.stack.settings.cel_file).of(walk.number):
            if event.fields[0] == "centre-left" or event.fields == ("press", "pressed"):
                return event.fields[-1]
        await asyncio.sleep(0.1)


Story = Callable[[World, str], Awaitable[tuple[Walk, Check]]]

STORIES: list[Story] = [
    press_one,
    voicemail_trap,
    busy,
    busy_declined_silent_taken,
    full,
    nobody_is_there,
    nobody_anywhere,
    every_caller_of_a_share,
    hung_up_while_it_rings,
]


@pytest.mark.parametrize("way", ["service", "fallback"])
async def test_every_way_to_a_centre_and_back(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts, way: str
) -> None:
    """All callers at the same time: each meets its own story."""
    alive = contextlib.nullcontext() if way == "service" else dead(stack)
    async with alive, CentreDesk(DESK_PORT, {number: each for each, number in NUMBERS.items()}) as desk:
        world = World(stack, telephones, prompt, desk)

        async def tell(place: int, story: Story) -> tuple[Walk, Check]:
            await asyncio.sleep(0.3 * place)
            walk, check = await story(world, f"+4790{place:02}{len(way):02}01")
            await walk.call.hang_up()
            return walk, check

        told = await asyncio.gather(
            *(tell(place, story) for place, story in enumerate(STORIES)), return_exceptions=True
        )
    walks = [outcome[0].number for outcome in told if not isinstance(outcome, BaseException)]
    records = await stack.wait_calls(
        lambda found: {each["caller"] for each in found if each["finished"]} >= set(walks), 30
    )
    failed = {}
    for story, outcome in zip(STORIES, told, strict=True):
        try:
            if isinstance(outcome, BaseException):
                raise outcome
            walk, check = outcome
            (record,) = [each for each in records if each["caller"] == walk.number]
            check(record)
            assert record["route"] == way
            had = company_of(walk.call, stack.settings.cel_file)
            assert not had.nothing(), had.in_words()
        except (AssertionError, TimeoutError, ValueError) as error:
            failed[story.__name__] = repr(error)
    assert not failed, "\n".join(f"{name}: {error}" for name, error in failed.items())


async def test_who_comes_back_from_the_centre_is_still_before_who_came_later(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    async with CentreDesk(DESK_PORT, {TALKS: Manners.TALKS}) as desk:
        world = World(stack, telephones, prompt, desk)
        first = await world.rings("kept", "+4790777001")
        await first.event("wait")
        await asyncio.sleep(1.5)
        second = await world.rings("later", "+4790777002")
        await second.event("wait")
        await comes_back(first)
        said, _ = await stack.wait_console("queue show kept", lambda text: text.count("prio:") == 2, 10)
        waited = [int(minutes) * 60 + int(seconds) for minutes, seconds in _WAITS.findall(said)]
        # At the head is who has joined anew a moment ago.
        assert waited[0] < waited[1], said
        await first.call.hang_up()
        await second.call.hang_up()


async def test_a_route_is_changed_while_the_service_is_dead(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    async with dead(stack), CentreDesk(DESK_PORT, {SILENT: Manners.SILENT}) as desk:
        await decide(stack, "route", "routed", "outside", "--for", "10m", alive=False)
        walk = await World(stack, telephones, prompt, desk).rings("routed", "+4790777031")
        assert (await walk.event("centre", 20)).fields[1] == "direct"
        await decide(stack, "clear", "routed", alive=False)
        inside = await World(stack, telephones, prompt, desk).rings("routed", "+4790777032")
        assert (await inside.event("wait", 20)).fields[2] == "5"
        await walk.call.hang_up()
        await inside.call.hang_up()


async def test_a_route_by_hand_counts_for_the_next_caller_and_loses_nobody_who_waits(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    async with CentreDesk(DESK_PORT, {number: each for each, number in NUMBERS.items()}) as desk:
        world = World(stack, telephones, prompt, desk)
        waiting = await world.rings("routed", "+4790777011")
        await waiting.event("wait")
        await decide(stack, "route", "routed", "outside", "--for", "10m")
        assert "routed: outside" in await decide(stack, "route")
        outside = await world.rings("routed", "+4790777012")
        assert (await outside.event("centre", 20)).fields[1] == "direct"
        await comes_back(waiting)
        await decide(stack, "route", "routed", "inside", "--for", "10m")
        inside = await world.rings("routed", "+4790777013")
        assert (await inside.event("wait")).fields[2] == "5"
        assert (await inside.event("wait", 20)).fields[2] == "40"
        for walk in (waiting, outside, inside):
            await walk.call.hang_up()
    assert (await inside.record())["centre"] is None


async def test_who_still_waits_when_the_line_is_done_for_the_day_is_promised_a_call(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    async with CentreDesk(DESK_PORT, {}) as desk:
        await decide(stack, "open", "shut", "--for", "15s")
        walk = await World(stack, telephones, prompt, desk).rings("shut", "+4790777021")
        waited = await walk.event("wait")
        assert 3 < int(waited.fields[2]) <= 18
        await walk.is_told("en/closing")
        assert (await walk.event("promise")).fields[1] == "main"
        await walk.call.wait_ended(15)
    record = await walk.record()
    assert (record["outcome"], "closing:drained" in record["reasons"]) == ("callback", True)

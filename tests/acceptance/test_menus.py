"""Every way through a menu by real keys: RFC 4733 and SIP INFO, with the service and without it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from typing_extensions import override

from hotline_ivr.asterisk.render.fallback import fallback_files
from hotline_ivr.asterisk.writing import replace as replace_file
from hotline_ivr.launch.plans import plan_on_disk
from hotline_ivr.routing.foreseen import foresee
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.situation import Change, Rule, RuleKind, Situation
from hotline_ivr.routing.speech import week_hours
from hotline_ivr.testing.audio import Audio, recognise, tone, tone_share
from hotline_ivr.testing.phone import KeysBy, PhoneCall, Telephones
from hotline_ivr.testing.plans import OPEN, line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import Turn, operator_phones
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record
from hotline_ivr.testing.stage_events import StageEvent, caller_of, read_events

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(150)]

MENU_LINE = "+4722851209"
OUTSIDE = "+47 22 85 00 00"
LOOKUP_PORT, OUTSIDE_PORT = free_port(), free_port()
Prompts = Callable[[str], Audio]

MENUS: dict[str, Any] = {
    "main": {
        "prompt": "menu",
        "short_prompt": "menu-short",
        "no_input": "no-key",
        "wrong_input": "wrong-key",
        "tries": "3",
        "timeout": "2s",
        "default": {"message": "closed"},
        "keys": {
            "1": {"queue": "sales"},
            "2": {"menu": "more"},
            "3": {"message": "news"},
            "4": {"language": "nb"},
            "5": "hours",
            "6": {"collect": "customer"},
            "7": {"transfer": OUTSIDE},
            "8": {"voicemail": "box"},
            "9": {"callback": "main"},
            "0": "operator",
            "*": "repeat",
        },
    },
    "more": {"prompt": "more", "barge_in": "no", "keys": {"1": "back"}},
}


def configuration() -> dict[str, Any]:
    made = plan(
        {"anna": f"sip:anna@127.0.0.1:{free_port()}", "bo": f"sip:bo@127.0.0.1:{free_port()}"},
        now=datetime.now(UTC),
        ring_time=30,
        extra_queues={"sales": ["bo"]},
        extra_lines={"menus": line("Line with a menu", MENU_LINE) | {"menu": "main", "languages": ["nb"]}},
    )
    made["trunks"]["carrier"]["outbound"] = f"127.0.0.1:{OUTSIDE_PORT}"
    lookup = {"url": f"http://127.0.0.1:{LOOKUP_PORT}/x", "answers": {"gold": {"message": "news"}}}
    customer = {
        "prompt": "customer",
        "min_digits": "4",
        "max_digits": "6",
        "wrong_input": "wrong-number",
        "default": {"queue": "sales"},
        "lookup": lookup,
    }
    box = {"prompt": "after-the-tone", "max_length": "20s", "thanks": "thanks"}
    return {**made, "menus": MENUS, "collects": {"customer": customer}, "voicemails": {"box": box}}


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(configuration())
    made.start()
    return made


@asynccontextmanager
async def dead(stack: HotlineStack) -> AsyncIterator[None]:
    """The service is killed, and back at the end."""
    stack.signal_service(signal.SIGKILL)
    try:
        yield
    finally:
        stack.start_service()
        await asyncio.to_thread(stack.wait_ready)


@pytest.fixture
async def crm() -> AsyncIterator[list[dict[str, str]]]:
    """The program that is asked about customers: all are gold. What it was asked."""
    asked: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.json())
        return web.json_response({"answer": "gold"})

    application = web.Application()
    application.router.add_post("/x", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", LOOKUP_PORT).start()
    yield asked
    await runner.cleanup()


@dataclass
class Walk:
    """One caller on the way through the menus; hears everything that the dialplan says it plays."""

    stack: HotlineStack
    call: PhoneCall
    number: str
    prompt: Prompts
    seen: int = 0

    async def event(self, name: str, deadline: float = 15) -> StageEvent:
        """The next event of this name. Raises TimeoutError after `deadline` seconds."""
        async with asyncio.timeout(deadline):
            while True:
                events = read_events(self.stack.settings.cel_file)
                ident = caller_of(events, self.number)
                own = [event for event in events if event.call == ident]
                for place, event in enumerate(own[self.seen :], self.seen):
                    if event.fields[0] == name:
                        self.seen = place + 1
                        return event
                await asyncio.sleep(0.05)

    async def hears(self, prompts: str, *, to_the_end: bool = False) -> None:
        """The next prompts of a menu are these, and are recognised one after the other."""
        event = await self.event("menu")
        assert event.fields[2] == prompts
        language, _, names = prompts.partition("/")
        for name in names.split("+"):
            await self.recognises(f"{language}/{name}", event.at, to_the_end=to_the_end)

    async def is_told(self, prompt: str) -> None:
        """The next prompt outside menus is this one, and is recognised."""
        event = await self.event("play")
        assert event.fields[1] == prompt
        await self.recognises(prompt, event.at)

    async def recognises(self, name: str, since: float, *, to_the_end: bool = False) -> None:
        wanted = self.prompt(name)

        def there(heard: Audio) -> bool:
            match = recognise(heard, wanted)
            return match.recognised and (not to_the_end or match.heard_s > wanted.seconds - 0.4)

        await self.call.wait_heard(there, 15, name, since=since)

    async def presses(self, keys: str) -> None:
        await self.call.send_keys(keys)

    async def record(self) -> Record:
        """Keeping the record takes a service that lives."""
        await self.call.hang_up()
        return await self.stack.wait_call(self.number, 20)


def pressed(record: Record) -> list[str]:
    """The keys of a call without their times: ["main:1", "more:timeout"]."""
    return [word.split("@")[0] for word in record["keys"].split()]


Check = Callable[[Record], None]
Story = Callable[[Walk, str], Awaitable[Check]]
"""What a caller goes through, and what must then stand in the record."""


async def to_a_queue(walk: Walk, _way: str) -> Check:
    await walk.is_told("en/greeting")
    await walk.hears("en/menu")
    await walk.presses("1")
    assert (await walk.event("wait")).fields[1] == "sales"

    def check(record: Record) -> None:
        assert (record["outcome"], record["queue"]) == ("abandoned", "sales")
        assert pressed(record) == ["main:1"]

    return check


async def in_and_back(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("2")
    # No barge-in: a key while the prompt is spoken is not heard, and one after it is.
    await walk.hears("en/more")
    await walk.presses("5")
    await walk.event("played")
    await walk.presses("1")
    await walk.hears("en/menu")

    def check(record: Record) -> None:
        assert (record["outcome"], record["stage"]) == ("abandoned", "menu")
        assert pressed(record) == ["main:2", "more:1", "main:hung-up"]

    return check


async def wrong_keys_and_repeat(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("#")
    await walk.hears("en/wrong-key+menu-short")
    await walk.presses("*")
    await walk.hears("en/menu")
    await walk.presses("0")
    assert (await walk.event("wait")).fields[1] == "main"

    def check(record: Record) -> None:
        assert pressed(record) == ["main:#", "main:*", "main:0"]

    return check


async def silence(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.hears("en/no-key+menu-short")
    await walk.hears("en/no-key+menu-short")
    await walk.is_told("en/closed")
    await walk.call.wait_ended(15)

    def check(record: Record) -> None:
        assert (record["outcome"], record["ended_by"]) == ("informed", "system")
        assert pressed(record) == ["main:timeout"] * 3
        told = [["menu"], ["no-key", "menu-short"], ["no-key", "menu-short"]]
        spoken = [sum(walk.prompt(f"en/{name}").seconds for name in names) for names in told]
        seconds = [float(word.split("@")[1]) for word in record["keys"].split()]
        # The time in a node is its prompts and the two seconds after them.
        for told_s, spoken_s in zip(seconds, spoken, strict=True):
            assert spoken_s + 1.9 < told_s < spoken_s + 4

    return check


async def another_language(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("4")
    await walk.hears("nb/menu")
    await walk.presses("3")
    await walk.is_told("nb/news")

    def check(record: Record) -> None:
        assert record["outcome"] == "informed"

    return check


async def the_hours(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("5")
    week = [(date(2026, 3, 2 + day), ((0, 1440),)) for day in range(7)]
    parts = week_hours("en", week)
    event = await walk.event("menu")
    assert event.fields[2] == f"en/{'+'.join(parts)}+menu-short"
    for name in (max(parts, key=lambda part: walk.prompt(f"en/{part}").seconds), "menu-short"):
        await walk.recognises(f"en/{name}", event.at)

    def check(record: Record) -> None:
        assert pressed(record)[0] == "main:5"

    return check


async def right_digits(walk: Walk, way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("6")
    await walk.hears("en/customer")
    await walk.presses("4711#")
    if way == "service":
        await walk.is_told("en/news")
    else:
        # Nobody is there to ask the other program: the default.
        assert (await walk.event("wait")).fields[1] == "sales"

    def check(record: Record) -> None:
        assert pressed(record) == ["main:6", "customer:4-digits"]

    return check


async def wrong_digits(walk: Walk, way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("6")
    await walk.hears("en/customer")
    await walk.presses("12#")
    if way == "service":
        await walk.hears("en/wrong-number+customer")
    else:
        assert (await walk.event("wait")).fields[1] == "sales"

    def check(record: Record) -> None:
        assert pressed(record)[1] == "customer:2-digits"

    return check


async def outside(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("7")
    assert (await walk.event("dialled", 20)).fields[1] == "ANSWER"

    def check(record: Record) -> None:
        assert record["outcome"] == "overflowed"

    return check


async def a_message(walk: Walk, _way: str) -> Check:
    file = await speak_after_the_tone(walk)
    await walk.presses("#")
    await walk.is_told("en/thanks")
    assert is_spoken(file)

    def check(record: Record) -> None:
        assert record["outcome"] == "voicemail"

    return check


async def hung_up_while_speaking(walk: Walk, _way: str) -> Check:
    file = await speak_after_the_tone(walk)
    await walk.call.hang_up()

    def check(record: Record) -> None:
        assert record["outcome"] == "voicemail"
        assert is_spoken(file)

    return check


def is_spoken(file: Path) -> bool:
    """Whether this is the tone that was said; lost packets shift its phase and cost it part of its share."""
    message = Audio.from_wav(file)
    return message.seconds > 1.5 and tone_share(message.part(0.3, 1.3), 440) > 0.3


async def speak_after_the_tone(walk: Walk) -> Path:
    await walk.hears("en/menu")
    await walk.presses("8")
    await walk.is_told("en/after-the-tone")
    file = walk.stack.settings.voicemail_dir / (await walk.event("record")).fields[2]
    await walk.call.say(tone(440, 4))
    return file


async def a_call_back(walk: Walk, _way: str) -> Check:
    await walk.hears("en/menu")
    await walk.presses("9")
    assert (await walk.event("promise")).fields[1:] == ("main", walk.number)
    await walk.is_told("en/callback")

    def check(record: Record) -> None:
        assert record["outcome"] == "callback"

    return check


STORIES: list[Story] = [
    to_a_queue,
    in_and_back,
    wrong_keys_and_repeat,
    silence,
    another_language,
    the_hours,
    right_digits,
    wrong_digits,
    outside,
    a_message,
    hung_up_while_speaking,
    a_call_back,
]


async def walk_through(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts, number: str, keys: KeysBy
) -> Walk:
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port, keys=keys)
    call = await caller.dial(MENU_LINE)
    await call.wait_answered()
    return Walk(stack, call, number, prompt)


@pytest.mark.parametrize("way", ["service", "fallback"])
@pytest.mark.parametrize("keys", ["rtpevent", "info"])
async def test_every_way_through_the_menus(
    stack: HotlineStack,
    telephones: Telephones,
    prompt: Prompts,
    crm: list[dict[str, str]],
    tmp_path: Path,
    *,
    way: str,
    keys: KeysBy,
) -> None:
    """All callers at the same time: each meets its own story."""

    async def tell(place: int, story: Story) -> tuple[Walk, Check]:
        number = f"+47900{place:03}{['rtpevent', 'info'].index(keys)}{len(way):02}"
        # A little apart, for one SIP stack places all these calls.
        await asyncio.sleep(0.3 * place)
        walk = await walk_through(stack, telephones, prompt, number, keys)
        check = await story(walk, way)
        await walk.call.hang_up()
        return walk, check

    alive = contextlib.nullcontext() if way == "service" else dead(stack)
    async with alive, operator_phones(tmp_path, [Turn(500, 1_500)], port=OUTSIDE_PORT):
        told = await asyncio.gather(
            *(tell(place, story) for place, story in enumerate(STORIES)), return_exceptions=True
        )
    failed = {}
    for story, outcome in zip(STORIES, told, strict=True):
        try:
            if isinstance(outcome, BaseException):
                raise outcome
            walk, check = outcome
            record = await walk.record()
            check(record)
            assert record["route"] == way
        except (AssertionError, TimeoutError) as error:
            failed[story.__name__] = str(error)
    assert not failed, "\n".join(f"{name}: {error}" for name, error in failed.items())
    if way == "service":
        assert crm[0]["digits"] == "4711"


async def test_a_service_that_dies_between_two_keys_leaves_the_caller_in_the_same_menu(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts
) -> None:
    walk = await walk_through(stack, telephones, prompt, "+4790099001", "rtpevent")
    await walk.hears("en/menu")
    await walk.presses("4")
    await walk.hears("nb/menu")
    async with dead(stack):
        await walk.presses("#")
        await walk.hears("nb/wrong-key+menu-short")
        await walk.presses("1")
        assert (await walk.event("wait")).fields[1] == "sales"
    record = await walk.record()
    assert record["route"] == "mixed"
    assert "foreseen" not in record["reasons"]
    assert [word.split("@")[0] for word in record["keys"].split()] == ["main:4", "main:#", "main:1"]


class Surging(Rulebook):
    """Every line is open, with an information up front and a key to go on."""

    @override
    def changes(self, line_id: str, start: datetime, days: int) -> tuple[Change, ...]:
        situation = Situation(True, Rule(RuleKind.OVERRIDE, "o1"), "incident", must_press_to_go_on=True)
        return (Change(start, situation), Change(start + timedelta(days=days), situation))


@pytest.mark.parametrize("key", ["5", None])
async def test_an_information_up_front_lets_callers_go_who_know_enough(
    stack: HotlineStack, telephones: Telephones, prompt: Prompts, key: str | None
) -> None:
    """The fallback files of a line with an override, read by Asterisk while the service is dead."""
    now = datetime.now(UTC)
    foreseen = foresee(Surging(plan_on_disk(stack.settings)), "open", now, 1, now)
    async with dead(stack):
        for name, text in fallback_files("open", foreseen).items():
            replace_file(stack.settings.fallback_dir / name, text)
        number = f"+479009910{key or 0}"
        caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
        call = await caller.dial(OPEN)
        await call.wait_answered()
        walk = Walk(stack, call, number, prompt)
        await walk.hears("en/incident", to_the_end=True)
        if key is None:
            await call.wait_ended(20)
        else:
            await walk.presses(key)
            await walk.is_told("en/greeting")
            await walk.event("wait")
    record = await walk.record()
    assert record["outcome"] == ("informed" if key is None else "abandoned")

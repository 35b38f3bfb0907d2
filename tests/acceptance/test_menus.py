"""Every way through a menu by real keys: RFC 4733 and SIP INFO, with the service and without it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from typing_extensions import override

from hotline_ivr.asterisk.render.fallback import fallback_files
from hotline_ivr.files import replace as replace_file
from hotline_ivr.launch.plans import plan_on_disk
from hotline_ivr.routing.foreseen import foresee
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.situation import Change, Rule, RuleKind, Situation
from hotline_ivr.testing.phone import KeysBy, Telephones
from hotline_ivr.testing.plans import OPEN, line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.sipp import Turn, operator_phones
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.killed_service import dead
from tests.acceptance.menu_walks import LATE, STORIES, UNKNOWN, Check, Prompts, Story, Walk

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(150)]

MENU_LINE = "+4722851209"
OUTSIDE = "+47 22 85 00 00"
LOOKUP_PORT, OUTSIDE_PORT = free_port(), free_port()

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
    "more": {
        "prompt": "more",
        "barge_in": "no",
        "keys": {"1": "back", "2": {"message": "news", "language": "nb"}},
    },
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
        "tries": "2",
        "default": {"queue": "sales"},
        "failed": {"message": "closed"},
        "lookup": lookup,
    }
    box = {"prompt": "after-the-tone", "max_length": "20s", "thanks": "thanks"}
    return {**made, "menus": MENUS, "collects": {"customer": customer}, "voicemails": {"box": box}}


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(configuration())
    made.start()
    return made


@pytest.fixture
async def crm() -> AsyncIterator[list[dict[str, str]]]:
    """The program that is asked about customers: most are gold. What it was asked."""
    asked: list[dict[str, str]] = []
    given_up = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.json())
        if asked[-1]["digits"] == LATE:
            # Never by itself: the deadline is that of who asks.
            await given_up.wait()
        return web.json_response({"answer": "unheard-of" if asked[-1]["digits"] == UNKNOWN else "gold"})

    application = web.Application()
    application.router.add_post("/x", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", LOOKUP_PORT).start()
    yield asked
    given_up.set()
    await runner.cleanup()


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
    met = {outcome[0].number for outcome in told if not isinstance(outcome, BaseException)}
    records = await stack.wait_calls(
        lambda found: met <= {each["caller"] for each in found if each["finished"]}, 30
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
        except (AssertionError, TimeoutError) as error:
            failed[story.__name__] = repr(error)
    assert not failed, "\n".join(f"{name}: {error}" for name, error in failed.items())
    if way == "service":
        assert sorted(each["digits"] for each in crm) == ["4711", LATE, UNKNOWN]


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
        begun = await walk.hears("en/incident")
        # A key is heard from the end of the words on, for a few seconds.
        await walk.event("played")
        if key is None:
            await call.wait_ended(20)
        else:
            await walk.presses(key)
            await walk.is_told("en/greeting")
            await walk.event("wait")
        await walk.recognises("en/incident", begun, to_the_end=True)
    record = await walk.record()
    assert record["outcome"] == ("informed" if key is None else "abandoned")

"""A configuration with mistakes never takes the place of a good one in a running service.

And one that is good is taken as soon as it is saved, where so configured, and decides only calls that begin
after that.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.launch.reloading import wait_until_loaded
from hotline_ivr.testing.audio import Audio
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import CLOSED, OPEN, line, plan
from hotline_ivr.testing.stack import HotlineStack, write_config
from hotline_ivr.testing.stage_events import wait_event
from tests.acceptance.menu_walks import Walk, pressed

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(90)]

NEW = "+4722851250"
WITH_A_MENU = "+4722851251"


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path, texts: Path, sounds: Path
) -> Iterator[HotlineStack]:
    with HotlineStack(
        tmp_path_factory.mktemp("node"),
        plan({"anna": None}, now=datetime.now(UTC)),
        sounds=sounds,
        asterisk_root=asterisk_root,
        variables={"HOTLINE_SOUNDS": str(texts), "HOTLINE_APPLY": "auto"},
    ) as made:
        made.start()
        yield made


def good() -> dict[str, Any]:
    return plan({"anna": None}, now=datetime.now(UTC))


def with_ten_mistakes() -> dict[str, Any]:
    config = good()
    config["organisation"]["contry"] = "NO"
    config["trunks"]["carrier"]["hosts"] = ["not an address"]
    config["trunks"]["carrier"]["codecs"] = ["mp3"]
    config["queues"]["main"]["strategy"] = "fastest"
    config["queues"]["main"]["ring_time"] = "soon"
    config["lines"]["open"]["time_zone"] = "Europe/Olso"
    config["lines"]["open"]["hours"] = {"mon": "16:00-08:0"}
    config["lines"]["open"]["numbers"] = ["call us"]
    config["lines"]["closed"]["queue"] = "mian"
    config["lines"]["closed"]["language"] = "xx"
    return config


async def wait_configuration(
    stack: HotlineStack, condition: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """What the service says of its configuration, once `condition` holds; within 20 s."""
    end = time.monotonic() + 20
    while True:
        _, text = await asyncio.to_thread(stack.get, "/readyz")
        part: dict[str, Any] = json.loads(text)["parts"]["configuration"] if text else {}
        if part and condition(part):
            return part
        assert time.monotonic() < end, part
        await asyncio.sleep(0.05)


async def plan_of_a_call(stack: HotlineStack, telephones: Telephones, number: str, called: str) -> str:
    """The version of the plan by which a call of this moment is decided."""
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(called)
    asked = await wait_event(stack.settings.cel_file, number, "asked", 5)
    await call.hang_up()
    return asked.fields[1]


async def test_a_running_service_keeps_its_last_good_plan_and_takes_the_next_good_one(
    stack: HotlineStack, telephones: Telephones
) -> None:
    first = await plan_of_a_call(stack, telephones, "+4790050001", OPEN)

    stack.write_config(with_ten_mistakes())
    stack.signal_service(signal.SIGHUP)
    await wait_configuration(stack, lambda part: not part["ok"])
    assert await plan_of_a_call(stack, telephones, "+4790050002", OPEN) == first
    assert await plan_of_a_call(stack, telephones, "+4790050003", CLOSED) == first

    better = good()
    better["lines"]["second"] = line("Second line", NEW)
    stack.write_config(better)
    stack.signal_service(signal.SIGHUP)
    part = await wait_configuration(stack, lambda part: part["ok"] and first not in part["detail"])
    second = await plan_of_a_call(stack, telephones, "+4790050004", NEW)
    assert second != first
    assert second in part["detail"]


def with_a_menu(message: str) -> dict[str, Any]:
    """A line whose callers hear this message when they press 1."""
    config = good()
    config["lines"]["menu"] = line("Line with a menu", WITH_A_MENU) | {"menu": "main"}
    config["menus"] = {"main": {"prompt": "menu", "timeout": "30s", "keys": {"1": {"message": message}}}}
    return config


async def take(stack: HotlineStack, config: dict[str, Any]) -> None:
    """Save a configuration, and wait until the service and Asterisk have taken it by themselves."""
    before = stack.settings.in_use_file.read_text(encoding="utf-8")
    stack.write_config(config)
    async with asyncio.timeout(20):
        while stack.settings.in_use_file.read_text(encoding="utf-8") == before:
            await asyncio.sleep(0.05)
    assert await wait_until_loaded(stack.settings.etc_dir, 20)


async def test_what_is_saved_is_taken_by_itself_and_a_call_that_is_under_way_keeps_its_plan(
    stack: HotlineStack, telephones: Telephones, prompt: Callable[[str], Audio]
) -> None:
    async def in_the_menu(number: str) -> Walk:
        phone = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
        walk = Walk(stack, await phone.dial(WITH_A_MENU), number, prompt)
        await walk.call.wait_answered()
        await walk.hears("en/menu")
        return walk

    await take(stack, with_a_menu("news"))
    early = await in_the_menu("+4790050011")
    await take(stack, with_a_menu("thanks"))
    late = await in_the_menu("+4790050012")
    for walk, message in ((early, "en/news"), (late, "en/thanks")):
        await walk.presses("1")
        await walk.is_told(message)
        record = await walk.record()
        assert pressed(record) == ["main:1"]


async def test_a_service_that_restarts_beside_a_bad_file_goes_on_with_the_last_good_plan(
    stack: HotlineStack, telephones: Telephones
) -> None:
    in_use = await wait_configuration(stack, lambda part: part["ok"])
    first = await plan_of_a_call(stack, telephones, "+4790050005", OPEN)
    assert first in in_use["detail"]

    stack.write_config(with_ten_mistakes())
    stack.signal_service(signal.SIGKILL)
    stack.start_service()
    await wait_configuration(stack, lambda part: not part["ok"])
    assert await plan_of_a_call(stack, telephones, "+4790050006", OPEN) == first

    stack.write_config(good())
    stack.signal_service(signal.SIGHUP)
    await wait_configuration(stack, lambda part: part["ok"])


async def test_each_mistake_is_told_with_its_place_and_remedy(stack: HotlineStack, tmp_path: Path) -> None:
    write_config(tmp_path, with_ten_mistakes())
    done = await asyncio.to_thread(stack.hotline, "check", str(tmp_path))
    assert done.returncode == 3
    places = [text for text in done.stderr.splitlines() if "hotline.yaml:" in text]
    assert len(places) >= 10, done.stderr

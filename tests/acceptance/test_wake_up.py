"""Callers who wait are woken when an operator is free: on real Asterisk, with what could go wrong."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from hotline_ivr.asterisk.ami_link import AmiLink, LinkState
from hotline_ivr.asterisk.queue_control import AmiQueueControl
from hotline_ivr.asterisk.render.links import AMI_USER
from hotline_ivr.errors import AsteriskRefused
from hotline_ivr.testing.audio import Audio, recognise
from hotline_ivr.testing.phone import Phone, PhoneCall, Telephones
from hotline_ivr.testing.plans import line, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.callers import dial, wait_queued

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

SECOND = "+4722851299"
"""A line whose queue shares its one operator with the first line's."""


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    """Anna serves two queues, bjorn nobody's but his own."""
    config = plan(
        {"anna": None},
        now=datetime.now(UTC),
        extra_lines={"second": line("Second line", SECOND, queue="second")},
    )
    # Some tests are about callers for whom nobody is there.
    config["queues"]["main"]["join_when_empty"] = True
    config["queues"]["second"] = dict(config["queues"]["main"])
    made = make_stack(config)
    made.start()
    return made


@pytest.fixture
def exit_keys(stack: HotlineStack) -> Iterator[None]:
    """Callers may leave the queue by pressing 1 and 2."""
    with changed_queues(stack, "context = way-out\n"):
        stack.console("dialplan add extension 12,1,Hangup() into way-out")
        yield


@pytest.fixture
def announcement(stack: HotlineStack) -> Iterator[str]:
    """Callers hear a message every few seconds; its name."""
    name = "en/greeting"
    sound = stack.settings.sounds_dir / name
    with changed_queues(stack, f"periodic-announce = {sound}\nperiodic-announce-frequency = 3\n"):
        yield name


class changed_queues:  # noqa: N801 - read as a function
    """More settings for the queue `main`, beside what was rendered."""

    def __init__(self, stack: HotlineStack, more: str) -> None:
        self._stack = stack
        self._file = stack.settings.etc_dir / "queues.conf"
        self._more = more

    def __enter__(self) -> None:
        self._before = self._file.read_text(encoding="utf-8")
        self._file.write_text(f"{self._before}\n[main](+)\n{self._more}", encoding="utf-8")
        self._stack.console("queue reload all")

    def __exit__(self, *_: object) -> None:
        self._file.write_text(self._before, encoding="utf-8")
        self._stack.console("queue reload all")


@asynccontextmanager
async def link_to(stack: HotlineStack) -> AsyncIterator[AmiQueueControl]:
    """A manager link of the test's own, by the service's account."""

    async def nothing(*_: object) -> None:
        return

    link = AmiLink(
        "127.0.0.1",
        stack.settings.ami_port,
        AMI_USER,
        stack.ami_secret(),
        on_connected=nothing,
        on_event=nothing,
    )
    running = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(10):
            await link.wait_for(LinkState.CONNECTED)
        yield AmiQueueControl(lambda: link)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def nobody_there(stack: HotlineStack) -> None:
    """The phone of an earlier test is gone."""
    await stack.wait_console("queue show main", lambda said: "Unavailable" in said, 40)


async def talk(rung: PhoneCall) -> None:
    """The operator answers and hears something of the caller."""
    await rung.answer(after_s=0.3)
    await rung.wait_heard(lambda heard: heard.seconds > 0.5, 10, "the caller")


def woken(stack: HotlineStack, answer: str = "success") -> int:
    found = re.search(
        rf'^hotline_queue_wakeups_total{{answer="{answer}"}} (\d+)', stack.get("/metrics")[1], re.MULTILINE
    )
    return int(found[1]) if found else 0


def queue_log(stack: HotlineStack, event: str) -> list[str]:
    lines = stack.settings.queue_log_file.read_text(encoding="utf-8").splitlines()
    return [each for each in lines if each.split("|")[4] == event]


async def test_the_next_caller_is_woken_when_the_operator_hangs_up_and_each_is_delivered_once(
    stack: HotlineStack, telephones: Telephones, anna: Phone
) -> None:
    numbers = [f"+47900200{n:02d}" for n in range(4)]
    first = await dial(stack, telephones, numbers[0])
    rung = await anna.wait_rung(25)
    await rung.answer()
    callers = [first]
    for place, number in enumerate(numbers[1:], 1):
        callers.append(await dial(stack, telephones, number))
        await wait_queued(stack, place)
    before, digits = woken(stack), rung.digits
    for number, waiting in zip(numbers[1:], callers[1:], strict=True):
        await rung.hang_up()
        rung = await anna.wait_rung(10)
        assert number in rung.row.peer, "out of turn"
        await talk(rung)
        digits += rung.digits + waiting.digits
    await rung.hang_up()
    assert woken(stack) >= before + 3
    assert digits == "", "a key reached somebody"
    for number in numbers:
        record = await stack.wait_call(number)
        assert (record["outcome"], record["operator"]) == ("answered", "anna")
    connected = [each.split("|")[1] for each in queue_log(stack, "CONNECT")]
    assert len(connected) == len(set(connected)), "delivered twice"


async def test_of_two_queues_that_share_an_operator_the_one_that_waits_longest_is_next(
    stack: HotlineStack, telephones: Telephones, anna: Phone
) -> None:
    held = await dial(stack, telephones, "+4790020100")
    rung = await anna.wait_rung(25)
    await rung.answer()
    await dial(stack, telephones, "+4790020101", SECOND)
    await wait_queued(stack, 1, "second")
    await dial(stack, telephones, "+4790020102")
    await wait_queued(stack, 1)
    before = woken(stack)
    await held.hang_up()
    peers = []
    for _ in range(2):
        rung = await anna.wait_rung(10)
        peers.append(rung.row.peer)
        await talk(rung)
        await rung.hang_up()
    assert "+4790020101" in peers[0], "the longest-waiting is first"
    assert "+4790020102" in peers[1]
    assert woken(stack) > before


async def test_an_announcement_is_heard_to_its_end_though_the_caller_is_woken_in_the_middle(
    stack: HotlineStack,
    telephones: Telephones,
    announcement: str,
    prompt: Callable[[str], Audio],
) -> None:
    await nobody_there(stack)
    caller = await dial(stack, telephones, "+4790020200")
    (channel,) = await wait_queued(stack, 1)
    words = prompt(announcement)
    begun = caller.heard().seconds
    async with link_to(stack) as control:

        def said(heard: Audio) -> bool:
            match = recognise(heard.part(begun, heard.seconds - begun), words)
            return match.recognised and match.heard_s >= words.seconds - 0.2

        async def pester() -> None:
            while True:
                await control.wake(channel)
                await asyncio.sleep(0.05)

        pestering = asyncio.create_task(pester())
        await caller.wait_heard(said, 15, "the announcement to its end")
        pestering.cancel()
    await caller.hang_up()


async def test_a_caller_who_is_woken_hears_the_music_go_on_and_no_tone(
    stack: HotlineStack, telephones: Telephones
) -> None:
    await nobody_there(stack)
    music = Audio.from_wav(next(stack.settings.music_dir.glob("*.wav")))
    caller = await dial(stack, telephones, "+4790020500")
    (channel,) = await wait_queued(stack, 1)
    async with link_to(stack) as control:
        begun = time.time()
        for _ in range(20):
            await control.wake(channel)
        heard = await caller.wait_heard(lambda heard: heard.seconds > 1.6, 10, "music", since=begun)
    piece = heard.part(0.3, 1.2)
    assert recognise(music, piece).recognised, recognise(music, piece)
    assert caller.digits == ""
    await caller.hang_up()


@pytest.mark.usefixtures("exit_keys")
async def test_a_way_out_that_is_half_typed_survives_a_wake_up(
    stack: HotlineStack, telephones: Telephones
) -> None:
    await nobody_there(stack)
    caller = await dial(stack, telephones, "+4790020300")
    (channel,) = await wait_queued(stack, 1)
    async with link_to(stack) as control:
        for _ in range(3):
            await control.wake(channel)
        assert await wait_queued(stack, 1) == [channel], "a wake-up let the caller out"
        await caller.send_keys("1")
        await asyncio.sleep(0.5)  # the key takes a quarter of a second on the wire, and nothing tells its end
        for _ in range(3):
            await control.wake(channel)
        await caller.send_keys("2")
        await caller.wait_ended(10)
    (left,) = queue_log(stack, "EXITWITHKEY")
    assert left.split("|")[5].replace("-", "") == "12"


async def test_without_the_service_the_queue_goes_on_at_its_own_pace_and_afterwards_callers_are_woken_again(
    stack: HotlineStack, telephones: Telephones, anna: Phone
) -> None:
    await dial(stack, telephones, "+4790020400")
    rung = await anna.wait_rung(25)
    await rung.answer()
    for place, number in enumerate(("+4790020401", "+4790020402"), 1):
        await dial(stack, telephones, number)
        await wait_queued(stack, place)
    await asyncio.to_thread(stack.stop_service)
    await rung.hang_up()
    rung = await anna.wait_rung(10)
    assert "+4790020401" in rung.row.peer
    await rung.answer()
    await asyncio.to_thread(stack.start_service)
    await asyncio.to_thread(stack.wait_ready)
    assert woken(stack) == 0
    await rung.hang_up()
    rung = await anna.wait_rung(10)
    assert "+4790020402" in rung.row.peer
    await talk(rung)
    await rung.hang_up()
    assert woken(stack) > 0


async def test_a_caller_who_has_hung_up_cannot_be_woken_and_nothing_comes_of_it(stack: HotlineStack) -> None:
    async with link_to(stack) as control:
        with pytest.raises(AsteriskRefused):
            await control.wake("PJSIP/trunk-carrier-0000ffff")

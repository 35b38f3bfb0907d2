"""What is heard around a wait: own music, words of comfort that delay nobody, what operators are told."""

from __future__ import annotations

import asyncio
import shutil
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from hotline_ivr.setup.audio import sox
from hotline_ivr.testing.audio import Audio, recognise
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.killed_service import Service, alive, dead
from tests.acceptance.operators import operator_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(150)]

EVERY_S = 15


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    config = plan({"anna": None}, now=datetime.now(UTC))
    config["lines"]["open"]["operator_announcement"] = "for-open"
    config["operators"]["anna"]["language"] = "nb"
    config["queues"]["main"].update(
        join_when_empty=True,
        music=["calm.wav"],
        comfort={"prompts": ["still-waiting"], "every": f"{EVERY_S}s"},
    )
    made = make_stack(config)
    folder = made.settings.config / "music"
    folder.mkdir(parents=True, exist_ok=True)
    sox("-n", "-r", "16000", "-c", "1", folder / "calm.wav", "synth", "5", "sine", "300-1100")
    made.start()
    return made


async def with_music(stack: HotlineStack) -> None:
    await stack.wait_console("moh show classes", lambda said: "main.en" in said, 60)


@pytest.mark.parametrize("service", [alive, dead], ids=["service", "no-service"])
async def test_words_come_in_the_music_and_a_caller_who_hears_them_is_delivered_at_once(
    stack: HotlineStack, telephones: Telephones, prompt: Callable[[str], Audio], service: Service
) -> None:
    await with_music(stack)
    words, spoken = prompt("en/still-waiting"), prompt("nb/for-open")
    async with service(stack):
        caller = await telephones.caller(
            f"+47900320{int(service is dead)}0", "127.0.0.1", stack.settings.sip_port
        )
        call = await caller.dial(OPEN)
        await call.wait_answered()
        await stack.wait_console("queue show main", lambda said: "1. PJSIP" in said, 20)
        music = Audio.from_wav(stack.settings.asterisk_dir / "moh-queues" / "main.en" / "hold.wav")
        begun = time.time()
        await call.wait_heard(lambda heard: recognise(heard, words).heard_s > 1.0, 40, "words", since=begun)
        piece = music.part(3, 5)
        heard = call.heard(begun)
        assert recognise(heard, piece).recognised, "no music of its own"
        phone = await operator_of(stack, telephones, "anna")
        rung = await phone.wait_rung(10)
        await rung.answer()
        await rung.wait_heard(
            lambda told: recognise(told, spoken).recognised, 15, "which line the call is for"
        )
        # Long enough to be no phone that was dropped.
        await asyncio.sleep(0.8)
        await rung.hang_up()
        await phone.unregister()


async def test_without_its_files_a_queue_has_the_music_of_all(
    stack: HotlineStack, telephones: Telephones
) -> None:
    """As in the seconds in which it is made for the first time."""
    await with_music(stack)
    (stack.settings.etc_dir / "musiconhold-queues.conf").write_text("")
    shutil.rmtree(stack.settings.asterisk_dir / "moh-queues")
    await stack.wait_console("moh show classes", lambda said: "main.en" not in said, 20)
    caller = await telephones.caller("+4790032100", "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(OPEN)
    await call.wait_answered()
    await stack.wait_console("queue show main", lambda said: "1. PJSIP" in said, 20)
    every = Audio.from_wav(next(stack.settings.music_dir.glob("*.wav")))
    begun = time.time()
    heard = await call.wait_heard(lambda heard: heard.seconds > 3, 20, "music", since=begun)
    assert recognise(every, heard.part(0.5, 2.5)).recognised
    await call.hang_up()
    # It is made anew at the next start: whatever test comes then finds it.
    stack.signal_service(signal.SIGKILL)
    stack.start_service()
    await asyncio.to_thread(stack.wait_ready)

"""What the acceptance tests share: an Asterisk, prompts, and a node of its own for each module.

An Asterisk root that is not there yet is made in the checkout's state folder, as `make up` does, and kept.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from hotline_ivr.settings import Settings
from hotline_ivr.setup.machine import ensure_asterisk, ready_sounds
from hotline_ivr.testing.audio import Audio
from hotline_ivr.testing.company import lonely
from hotline_ivr.testing.phone import Phone, Telephones
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from tests.acceptance.operators import operator_of
from tests.postgres import postgres

__all__ = ["postgres"]

# Its checks are to say what they saw.
pytest.register_assert_rewrite("tests.acceptance.menu_walks")

CHECKOUT = Path(__file__).parents[2]
FAILED = pytest.StashKey[bool]()

SHORT = {
    "greeting": "Welcome. One moment, please hold.",
    "closed": "We are closed. Call again tomorrow morning.",
    "sorry": "Sorry, nobody could answer. Goodbye for now.",
    "technical": "There is a fault. Try once more in a minute.",
    "menu": "For sales press one. For the warehouse press two. For news press three.",
    "menu-short": "Choose among one, two and three, please, or wait for somebody.",
    "more": "This is the warehouse. Press one to go back to where you were.",
    "wrong-key": "That key does nothing here, unfortunately.",
    "no-key": "We have not heard any key from your telephone.",
    "customer": "Please enter the digits of your customer number, then hash.",
    "wrong-number": "No customer has a number like that one.",
    "news": "Yesterday's storm took down four masts. They will be up again on Thursday.",
    "after-the-tone": "Leave your message after the tone, and end it with hash.",
    "thanks": "Thanks a lot. Your message has been kept.",
    "callback": "Good. One of us is going to ring you back today.",
    "callback-offer": "Press one, and we ring you when your turn has come.",
    "callback-number": "The number that we are going to ring is",
    "callback-right": "One if that is right, two for another, zero to wait on.",
    "callback-enter": "Which number shall we ring? End it with hash, please.",
    "callback-wrong-number": "Nobody of ours can ring such a number.",
    "callback-wait-on": "Then your place in the line is still yours.",
    "callback-agreed": "That is agreed. Hang up now, and wait for our call.",
    "callback-operator": "Somebody is rung back now, with the number",
    "callback-nobody": "That telephone was not picked up by anybody.",
    "press-one": "A call from the hotline. Press one to take it, please.",
    "callback-call": "Hello, you rang us before. Press one to speak with somebody.",
    "for-open": "A call for the open line of the university.",
    "still-waiting": "You are still in the queue. Please go on waiting.",
    "closing": "We close now. Your turn does not come today, sorry.",
    "all-busy": "Every line of ours is taken. Try again in ten minutes.",
    "greeting-anna": "Good day, you speak with Anna. How may I help you?",
    "recording-announce": "All that is said from now on goes on tape.",
    "recording-question": "May we tape what we say? One for yes, two for no.",
    "recording-off": "Then nothing of our talk is kept by anybody.",
    "recording-paused": "The tape stands still.",
    "recording-on": "The tape runs on again.",
    "recording-full": "There is no room for a tape.",
    "incident": "All of the town is without a network since six this morning.",
}


@pytest.fixture(scope="session")
def asterisk_root() -> Path:
    """The root that `make up` uses; HOTLINE_ASTERISK_ROOT names another one."""
    settings = Settings.from_environment(
        {"HOTLINE_STATE": str(CHECKOUT / "state")}, asterisk_root=os.environ.get("HOTLINE_ASTERISK_ROOT")
    )
    ensure_asterisk(settings)
    return settings.root_dir


@pytest.fixture(scope="session")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prompts of two seconds: most tests are not about the words, and wait for their end."""
    folder = tmp_path_factory.mktemp("texts")
    prompts = {name: {"nb": text, "en": text} for name, text in SHORT.items()}
    (folder / "prompts.yaml").write_text(json.dumps(prompts), encoding="utf-8")
    return folder


def prepared(name: str, texts: Path, like: Path | None = None) -> Path:
    """Prompts of these texts, the package's own parts, and music: an asterisk folder to start a stack with.

    Kept in the checkout's state folder, as the Asterisk root is, and only what has changed is made again;
    `like` is another such folder to begin with.
    """
    state = CHECKOUT / "state" / "for-tests" / name
    settings = Settings.from_environment({"HOTLINE_STATE": str(state), "HOTLINE_SOUNDS": str(texts)})
    if like is not None and not settings.asterisk_dir.exists():
        shutil.copytree(like, settings.asterisk_dir)
    ready_sounds(settings)
    return settings.asterisk_dir


@pytest.fixture(scope="session")
def sounds(texts: Path) -> Path:
    """Short prompts and music, made once for all modules."""
    return prepared("short", texts)


@pytest.fixture(scope="module")
def nodes() -> list[HotlineStack]:
    """Every node that the module's tests have made."""
    return []


@pytest.fixture(scope="module")
def make_stack(
    tmp_path_factory: pytest.TempPathFactory,
    asterisk_root: Path,
    texts: Path,
    sounds: Path,
    nodes: list[HotlineStack],
) -> Iterator[MakeStack]:
    """Every node that is made is stopped after the module."""
    with ExitStack() as made:

        def make(config: Mapping[str, object], *, shipped_prompts: bool = False) -> HotlineStack:
            folder = tmp_path_factory.mktemp("node")
            node = HotlineStack(
                folder,
                config,
                sounds=None if shipped_prompts else sounds,
                asterisk_root=asterisk_root,
                variables={} if shipped_prompts else {"HOTLINE_SOUNDS": str(texts)},
            )
            nodes.append(node)
            return made.enter_context(node)

        yield make


@pytest.fixture
async def telephones(request: pytest.FixtureRequest, nodes: list[HotlineStack]) -> AsyncIterator[Telephones]:
    """After the test: no caller was ever with nobody and nothing, by the record and by their own ears.

    Where a test means somebody to hear nothing, it says why: `@pytest.mark.may_hear_nothing("...")`.
    """
    async with Telephones() as phones:
        yield phones
        if request.node.get_closest_marker("may_hear_nothing") or request.node.stash.get(FAILED, False):
            return
        for call in phones.calls:
            await call.leave()
        found = []
        for node in nodes:
            calls = [call for call in phones.calls if call.port == node.settings.sip_port]
            if calls and node.settings.cel_file.exists():
                found += await asyncio.to_thread(lonely, calls, node.settings.cel_file)
        assert found == []


@pytest.fixture
async def anna(stack: HotlineStack, telephones: Telephones) -> Phone:
    """The telephone of anna at the module's own `stack`, registered."""
    return await operator_of(stack, telephones, "anna")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that has failed has told enough."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def prompt(sounds: Path) -> Callable[[str], Audio]:
    """The samples of a prompt as callers hear it, by `<language>/<prompt>`."""

    def load(name: str) -> Audio:
        return Audio.from_wav(sounds / "sounds" / f"{name}.wav")

    return load

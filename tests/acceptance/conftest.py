"""What the acceptance tests share: an Asterisk, prompts, and a node of its own for each module.

An Asterisk root that is not there yet is made in the checkout's state folder, as `make up` does, and kept.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from hotline_ivr.settings import Settings
from hotline_ivr.setup.machine import ensure_asterisk, ready_sounds
from hotline_ivr.testing.audio import Audio
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.stack import HotlineStack, MakeStack

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def asterisk_root() -> Path:
    """The root that `make up` uses; HOTLINE_ASTERISK_ROOT names another one."""
    settings = Settings.from_environment(
        {"HOTLINE_STATE": str(CHECKOUT / "state")}, asterisk_root=os.environ.get("HOTLINE_ASTERISK_ROOT")
    )
    ensure_asterisk(settings)
    return settings.root_dir


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prompts and music, made once for all modules."""
    settings = Settings.from_environment({"HOTLINE_STATE": str(tmp_path_factory.mktemp("prepared"))})
    ready_sounds(settings)
    return settings.asterisk_dir


@pytest.fixture(scope="module")
def make_stack(
    tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path, sounds: Path
) -> Iterator[MakeStack]:
    """Makes a node, not started yet; every one is stopped after the module."""
    with ExitStack() as made:

        def make(config: Mapping[str, object]) -> HotlineStack:
            folder = tmp_path_factory.mktemp("node")
            return made.enter_context(
                HotlineStack(folder, config, sounds=sounds, asterisk_root=asterisk_root)
            )

        yield make


@pytest.fixture
async def telephones() -> AsyncIterator[Telephones]:
    async with Telephones() as phones:
        yield phones


@pytest.fixture(scope="session")
def prompt(sounds: Path) -> Callable[[str], Audio]:
    """The samples of a prompt as callers hear it, by `<language>/<prompt>`."""

    def load(name: str) -> Audio:
        return Audio.from_wav(sounds / "sounds" / f"{name}.wav")

    return load


@pytest.fixture(scope="session")
def music(sounds: Path) -> Audio:
    return Audio.from_wav(next((sounds / "moh").glob("*.wav")))

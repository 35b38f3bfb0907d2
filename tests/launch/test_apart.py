"""Work beside the service: a verb in a process of its own, and what is told of it."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from hotline_ivr.launch.apart import run_apart
from hotline_ivr.launch.balance_nightly import prove_apart
from hotline_ivr.launch.privacy.nightly import purge_apart
from hotline_ivr.store.migrate import upgrade

SHIPPED = Path(__file__).parents[2] / "config"


@pytest.fixture
async def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder with an empty record; processes are started for it."""
    shutil.copytree(SHIPPED, tmp_path / "config")
    state = tmp_path / "state"
    state.mkdir()
    monkeypatch.setenv("HOTLINE_STATE", str(state))
    monkeypatch.setenv("HOTLINE_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)
    await upgrade(f"sqlite:///{state / 'hotline.db'}")
    return state


async def test_what_went_well_says_nothing() -> None:
    assert await run_apart("version", longest=60) == ""


async def test_what_failed_is_told_with_its_last_words() -> None:
    said = await run_apart("calls", "--since", "never", longest=60, good=(0, 1))
    assert said.startswith("exit code 2: ")


async def test_what_takes_too_long_is_ended() -> None:
    assert await run_apart("version", longest=0.01) == "it took longer than 0 s"


@pytest.mark.usefixtures("node")
async def test_the_nightly_purge_is_a_verb_that_there_is() -> None:
    assert await purge_apart() == ""


@pytest.mark.usefixtures("node")
async def test_the_nightly_proof_is_a_verb_that_there_is() -> None:
    assert await prove_apart(date(2026, 11, 26)) == ""

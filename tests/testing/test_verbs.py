"""Verbs that are forked do as those that Python starts from the beginning."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hotline_ivr.testing.verbs import run_verb


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return {**kept, "HOTLINE_STATE": str(tmp_path / "state"), "TZ": "Asia/Tokyo"}


@pytest.mark.parametrize(
    "arguments",
    [("version",), ("check", "/nowhere"), ("calls", "--limit", "many"), ("no-such-verb",), ()],
)
def test_a_forked_verb_says_and_returns_what_a_started_one_does(
    variables: dict[str, str], arguments: tuple[str, ...]
) -> None:
    started = subprocess.run(
        [Path(sys.executable).parent / "hotline", *arguments],
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    forked = run_verb(arguments, variables, 60)
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        started.returncode,
        started.stdout,
        started.stderr,
    )


async def test_verbs_beside_one_another_keep_their_own_environment(variables: dict[str, str]) -> None:
    ports = ("no", "one", "two", "three")
    done = await asyncio.gather(
        *(
            asyncio.to_thread(run_verb, ("check",), {**variables, "HOTLINE_SIP_PORT": port}, 60)
            for port in ports
        )
    )
    assert [each.returncode for each in done] == [2] * len(ports)
    for port, each in zip(ports, done, strict=True):
        assert f"'{port}'" in each.stderr


def test_a_verb_that_takes_too_long_is_ended(variables: dict[str, str]) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run_verb(("check",), variables, 0.001)
    assert run_verb(("version",), variables, 60).returncode == 0

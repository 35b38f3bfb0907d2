"""The product in containers, as docker-compose.yml runs it; scripts/docker-test finds or starts the engine.

Where no engine can be had the tests are skipped, and the end of the test run says so in so many words.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hotline_ivr.testing.compose import ComposeNode
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import plan

CHECKOUT = Path(__file__).parents[2]
NO_ENGINE = 69
"""Exit code of scripts/docker-test where this machine can have no Docker engine (EX_UNAVAILABLE)."""

_STOP_DEADLINE_S = 120
_NO_ENGINE_WORDS = "no Docker engine can be had here"


@pytest.fixture(scope="session")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeNode]:
    """The two containers, built from this checkout, up and healthy."""
    folder = tmp_path_factory.mktemp("compose")
    subnet = _free_subnet()
    variables = {
        "HOTLINE_CONFIG_FOLDER": str(_write_config(folder / "config", subnet)),
        "HOTLINE_SUBNET": subnet,
        "HOTLINE_PUBLISH": "127.0.0.1",
        "COMPOSE_PROJECT_NAME": "hotline-test",
    }
    log = folder / "docker-test.log"
    with (
        log.open("w") as words,
        subprocess.Popen(
            [CHECKOUT / "scripts/docker-test"],
            env={**_without_hotline(), **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        ready = process.stdout.readline()
        if not ready:
            _not_ready(process.wait(_STOP_DEADLINE_S), log.read_text(errors="replace"))
        try:
            yield ComposeNode(**json.loads(ready))
        finally:
            # The end of its standard input tells the script to take everything down.
            process.communicate(timeout=_STOP_DEADLINE_S)
    assert process.returncode == 0, log.read_text(errors="replace")[-3000:]


@pytest.fixture
async def telephones() -> AsyncIterator[Telephones]:
    async with Telephones() as phones:
        yield phones


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end of the run, where nobody can miss it, that the images were not tested."""
    # From the reports, since a worker that skips has nothing else in common with who sums up.
    reports = [report.longrepr for report in terminalreporter.stats.get("skipped", ())]
    skipped = (where[-1] for where in reports if isinstance(where, tuple))
    if why := next((text for text in skipped if _NO_ENGINE_WORDS in text), ""):
        terminalreporter.section("THE DOCKER IMAGES WERE NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.line(why)


def _not_ready(code: int, words: str) -> None:
    if code == NO_ENGINE:
        pytest.skip(f"{_NO_ENGINE_WORDS}: {words.strip()}")
    pytest.fail(f"scripts/docker-test failed (exit code {code}):\n{words[-6000:]}", pytrace=False)


def _free_subnet() -> str:
    """A network that no interface of this machine is in; a killed engine leaves its bridge behind."""
    subnets = (f"172.30.{third}" for third in range(58, 99))
    return next(subnet for subnet in subnets if not _is_ours(f"{subnet}.1"))


def _is_ours(address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _write_config(folder: Path, subnet: str) -> Path:
    """One open and one closed line; callers come from the network's gateway, as this machine does."""
    config = plan({"anna": None}, now=datetime.now(UTC))
    config["trunks"] = {"carrier": {"hosts": ["127.0.0.1", f"{subnet}.1"], "codecs": ["alaw", "ulaw"]}}
    folder.mkdir()
    # The containers' user is not ours.
    folder.chmod(0o755)
    text = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.dump(config, text)
    (folder / "hotline.yaml").write_text(text.getvalue(), encoding="utf-8")
    return folder


def _without_hotline() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("HOTLINE_", "COMPOSE_"))}
    if "HOTLINE_DOCKER_OWN" in os.environ:
        own["HOTLINE_DOCKER_OWN"] = os.environ["HOTLINE_DOCKER_OWN"]
    own.pop("DATABASE_URL", None)
    # Tests start from the environment of the interpreter, whose folder need not be on PATH.
    own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
    return own

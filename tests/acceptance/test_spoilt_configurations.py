"""A hundred spoilt files under a service that answers calls: its plan changes only by those that are good."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.sipp import Caller, callers
from hotline_ivr.testing.stack import HotlineStack, Record
from tests.acceptance.conftest import SHORT, prepared
from tests.config.mutations import SPOILS

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

EXAMPLE = Path(__file__).parents[2] / "config" / "examples" / "university"
COUNT = 100
CALLERS, A_SECOND = 120, 2
TAKEN, REFUSED = '"configuration in use"', '"the configuration is refused; the last good one stays"'


def prompts_of(folder: Path) -> Path:
    """The words of these tests and those of the example."""
    texts: dict[str, object] = {name: {"en": text, "nb": text} for name, text in SHORT.items()}
    texts |= YAML(typ="safe").load((EXAMPLE / "prompts/prompts.yaml").read_text(encoding="utf-8"))
    (folder / "texts").mkdir()
    (folder / "texts/prompts.yaml").write_text(json.dumps(texts), encoding="utf-8")
    return folder / "texts"


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path, sounds: Path
) -> Iterator[HotlineStack]:
    """The university's files beside one with a line of its own, which is never spoilt."""
    folder = tmp_path_factory.mktemp("spoilt")
    texts = prompts_of(folder)
    steady = plan({"steady": None}, now=datetime.now(UTC))
    del steady["lines"]["closed"]
    made = HotlineStack(
        folder / "node",
        steady,
        sounds=prepared("spoilt", texts, like=sounds),
        asterisk_root=asterisk_root,
        variables={"HOTLINE_SOUNDS": str(texts)},
    )
    for file in EXAMPLE.glob("*.yaml"):
        if file.name != "hotline.yaml":
            shutil.copyfile(file, made.settings.config / file.name)
    with made:
        made.start()
        yield made


@dataclass(frozen=True)
class Answer:
    """What the service has said of what it found on disk."""

    refused: str
    version: str


class Reloads:
    """Has the service read its folder again, and reads in its log what came of it."""

    def __init__(self, node: HotlineStack) -> None:
        self._node = node
        self._log = node.log_of("serve")

    async def __call__(self) -> Answer:
        begun = self._log.stat().st_size
        self._node.signal_service(signal.SIGHUP)
        async with asyncio.timeout(40):
            while True:
                with self._log.open("rb") as file:
                    file.seek(begun)
                    lines = file.read().decode("utf-8", "replace").splitlines()
                for line in lines:
                    if TAKEN in line:
                        return Answer("", json.loads(line)["version"])
                    if REFUSED in line:
                        return Answer(json.loads(line)["problems"], "")
                await asyncio.sleep(0.02)

    @property
    def version(self) -> str:
        """By which new calls go."""
        return self._node.settings.in_use_file.read_text(encoding="utf-8").strip()


async def spoil_and_reload(node: HotlineStack) -> tuple[int, int]:
    """How many were refused, and how many were taken."""
    reload = Reloads(node)
    files = sorted(each for each in node.settings.config.glob("*.yaml") if each.name != "hotline.yaml")
    refused = taken = 0
    for number in range(COUNT):
        kind = sorted(SPOILS)[number % len(SPOILS)]
        rng = random.Random(f"live/{kind}/{number}")
        file = rng.choice(files)
        good = file.read_bytes()
        file.write_bytes(SPOILS[kind](rng, good))
        before = reload.version
        answer = await reload()
        if answer.refused:
            refused += 1
            assert re.search(r"\.yaml(:\d+:\d+)?: error: ", answer.refused), answer.refused
            assert "        = " in answer.refused, "there is a remedy"
            assert reload.version == before
        else:
            taken += 1
            assert reload.version == answer.version
        file.write_bytes(good)
    return refused, taken


async def test_spoilt_files_are_refused_with_their_place_or_taken_while_calls_are_answered(
    node: HotlineStack, tmp_path: Path
) -> None:
    first = Reloads(node).version
    calling = [Caller(f"+47901{number:05}", OPEN) for number in range(CALLERS)]
    async with callers(
        tmp_path, "127.0.0.1", node.settings.sip_port, calling, per_second=A_SECOND, at_once=40
    ) as sipp:
        refused, taken = await spoil_and_reload(node)
        assert (await Reloads(node)()).version == first
        sipp.call_no_more()
        rows = await sipp.wait_ended(60)
    assert min(refused, taken) > COUNT // 10, "the spoilt files are all of one sort"
    assert "Traceback" not in node.log_of("serve").read_text(encoding="utf-8", errors="replace")

    # Every caller was answered by the service, whatever was on disk at that moment.
    assert len(rows) > 20
    assert [row for row in rows if row.code != 200] == []

    def over(records: list[Record]) -> bool:
        return len([each for each in records if each["finished"]]) >= len(rows)

    records = await node.wait_calls(over, 30)
    assert {(each["route"], each["outcome"]) for each in records} == {("service", "no-operator")}

"""Two hundred spoilt files under a service that answers calls: its plan changes only by those that are good.

Each is written over the live folder and read by the service, and the next one is spoilt from the good file
again. What of it the service has to say is what `hotline check` says of the same folder. The line that is
called stands in a file that is spoilt like the others; only what would rightly change that line is left out.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hotline_ivr.config.check import check
from hotline_ivr.config.models import Plan
from hotline_ivr.launch.plans import known_prompts
from hotline_ivr.testing.audio import recognise
from hotline_ivr.testing.phone import Phone, Telephones
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.stack import HotlineStack, Record
from tests.acceptance.conftest import SHORT, prepared
from tests.acceptance.control_calls import Prompts
from tests.config.mutations import SPOILS

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

EXAMPLE = Path(__file__).parents[2] / "config" / "examples" / "university"
SEED, COUNT = "live", 204
PHONES = 8
A_CALL_EVERY_S = 1.0
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
    """The university's files beside one with the carrier and the line that is called."""
    folder = tmp_path_factory.mktemp("spoilt")
    texts = prompts_of(folder)
    called = plan({"steady": None}, now=datetime.now(UTC))
    del called["lines"]["closed"]
    made = HotlineStack(
        folder / "node",
        called,
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
class Spoilt:
    """A file and what to write over it; what has to come of it: the plan's version, or None for a refusal."""

    name: str
    content: bytes
    version: str | None


def spoilt_files(node: HotlineStack, folder: Path) -> Iterator[Spoilt]:
    """As many as wanted of those that leave the called line as it is; tried in a copy of the folder."""
    shutil.copytree(node.settings.config, folder)
    prompts = known_prompts(node.settings)
    first = check(folder, prompts).plan
    assert first is not None

    def may_be(chosen: Plan) -> bool:
        return (chosen.lines.get("open"), chosen.trunks) == (first.lines["open"], first.trunks)

    made = 0
    for number in count():
        kind = sorted(SPOILS)[number % len(SPOILS)]
        rng = random.Random(f"{SEED}/{kind}/{number}")
        file = rng.choice(sorted(folder.glob("*.yaml")))
        good = file.read_bytes()
        content = SPOILS[kind](rng, good)
        file.write_bytes(content)
        found = check(folder, prompts).plan
        file.write_bytes(good)
        if found is None or may_be(found):
            yield Spoilt(file.name, content, found.version if found else None)
            made += 1
        if made == COUNT:
            return


class Reloads:
    """Has the service read its folder again, and reads in its log what came of it."""

    def __init__(self, node: HotlineStack) -> None:
        self._node = node
        self._log = node.log_of("serve")

    async def __call__(self) -> tuple[str, str]:
        """Why the folder was refused, or the version of the plan that was taken."""
        begun = self._log.stat().st_size
        self._node.signal_service(signal.SIGHUP)
        async with asyncio.timeout(40):
            while True:
                for line in self._since(begun):
                    if TAKEN in line:
                        return "", json.loads(line)["version"]
                    if REFUSED in line:
                        return json.loads(line)["problems"], ""
                await asyncio.sleep(0.02)

    def _since(self, begun: int) -> list[str]:
        with self._log.open("rb") as file:
            file.seek(begun)
            # What stands after the last line's end is still being written.
            return file.read().decode("utf-8", "replace").split("\n")[:-1]

    @property
    def version(self) -> str:
        """By which new calls go."""
        return self._node.settings.in_use_file.read_text(encoding="utf-8").strip()


async def reload_each(node: HotlineStack, spoilt: list[Spoilt]) -> tuple[int, int]:
    """How many were refused, and how many were taken."""
    reload, refused = Reloads(node), 0
    for each in spoilt:
        file = node.settings.config / each.name
        good, before = file.read_bytes(), reload.version
        file.write_bytes(each.content)
        why, version = await reload()
        assert version == (each.version or "")
        assert reload.version == (each.version or before)
        if why:
            refused += 1
            # With its file, and line and column where there is one; and with what to write instead.
            assert re.search(r"/config(/[\w.-]+\.yaml(:\d+:\d+)?)?: error: ", why), why
            assert "        = " in why, why
        file.write_bytes(good)
    return refused, len(spoilt) - refused


class Calling:
    """Somebody calls every second, is greeted, and hangs up."""

    def __init__(self, node: HotlineStack, prompt: Prompts, phones: list[Phone]) -> None:
        self._greeting = prompt("en/greeting")
        self._node, self._phones = node, phones
        self.begun = self.greeted = 0
        self._enough = asyncio.Event()

    def end(self) -> None:
        """Nobody calls any more."""
        self._enough.set()

    async def run(self) -> None:
        """Until the last has hung up after the end. Raises for whoever was not answered or not greeted."""
        async with asyncio.TaskGroup() as calls:
            while not self._enough.is_set():
                calls.create_task(self._call(self._phones[self.begun % len(self._phones)]))
                self.begun += 1
                await asyncio.wait([asyncio.create_task(self._enough.wait())], timeout=A_CALL_EVERY_S)

    async def _call(self, phone: Phone) -> None:
        call = await phone.dial(OPEN)
        await call.wait_answered()
        await call.wait_heard(lambda heard: recognise(heard, self._greeting).recognised, 20, "the greeting")
        await call.hang_up()
        self.greeted += 1


async def test_spoilt_files_are_refused_with_their_place_or_taken_while_every_call_is_greeted(
    node: HotlineStack, telephones: Telephones, prompt: Prompts, tmp_path: Path
) -> None:
    print(f"seed {SEED!r}, {COUNT} files")  # noqa: T201  shown where this fails
    spoilt = await asyncio.to_thread(list, spoilt_files(node, tmp_path / "copy"))
    first, port = Reloads(node).version, node.settings.sip_port
    phones = [await telephones.caller(f"+47900720{n:02}", "127.0.0.1", port) for n in range(PHONES)]
    calling = Calling(node, prompt, phones)
    async with AsyncExitStack() as ended:
        calls = asyncio.create_task(calling.run())
        ended.push_async_callback(asyncio.gather, calls)
        ended.callback(calling.end)
        begun = asyncio.get_running_loop().time()
        refused, taken = await reload_each(node, spoilt)
        took_s = asyncio.get_running_loop().time() - begun
        assert (await Reloads(node)()) == ("", first)
    print(f"{refused} refused, {taken} taken in {took_s:.0f} s; {calling.greeted} calls")  # noqa: T201
    assert min(refused, taken) > COUNT // 10, "the spoilt files are all of one sort"
    log = node.log_of("serve").read_text(encoding="utf-8", errors="replace")
    assert "Traceback" not in log
    assert '"exception"' not in log

    assert calling.greeted == calling.begun > 20

    def over(records: list[Record]) -> bool:
        return len([each for each in records if each["finished"]]) >= calling.begun

    records = await node.wait_calls(over, 30)
    assert len(records) == calling.begun
    assert {(each["route"], each["outcome"]) for each in records} == {("service", "abandoned")}

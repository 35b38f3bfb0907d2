"""The four examples as real calls: open, and closed where they close; heard, answered and in the record.

Each is written by `hotline init` with a number of its own. All four then run on one node, which their files
let them: no line, queue or person has the same name in two. What this test changes in what was written is
the carrier, which is here the same for all, on loopback, in place of 192.0.2.10. The moment at which a
caller rings is told by HOTLINE_TEST_CLOCK; the evening of the municipality is in a hundred days.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from hotline_ivr.setup.starting import TEMPLATES, answers, write_configuration
from hotline_ivr.testing.audio import Audio, tone, tone_share
from hotline_ivr.testing.centre_desk import CentreDesk, Manners
from hotline_ivr.testing.phone import Phone, Telephones
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack
from tests.acceptance.conftest import SHORT, prepared
from tests.acceptance.menu_walks import Walk, is_spoken, pressed

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

EVENING = datetime.now(UTC).date() + timedelta(days=100)
NUMBERS = {template: f"+472285123{place}" for place, template in enumerate(TEMPLATES)}
CENTRE_PORT = free_port()
"""Where the charity's call centre answers."""


@dataclass(frozen=True)
class Story:
    """A caller of an example at a moment of Oslo, what happens, and the record."""

    template: str
    at: datetime
    tell: Callable[[Walk, Phone | None], Awaitable[None]]
    record: dict[str, object]
    operator: str | None = None

    @property
    def caller(self) -> str:
        return f"+4790020{STORIES.index(self):03}"


def oslo(day: date, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ZoneInfo("Europe/Oslo"))


async def speaks_with(walk: Walk, phone: Phone | None) -> None:
    """The operator's phone rings, the operator picks up and is heard."""
    assert phone is not None
    rung = await phone.wait_rung(30)
    await rung.answer()
    await rung.say(tone(440, 2))
    await walk.call.wait_heard(is_a_tone, 10, "the operator", since=rung.row.answered)


def is_a_tone(heard: Audio) -> bool:
    """Whether half a second of it is the operator's tone."""
    halves = (heard.part(start / 2, start / 2 + 0.5) for start in range(int(heard.seconds * 2)))
    return any(tone_share(half, 440) > 0.5 for half in halves)


async def university_open(walk: Walk, phone: Phone | None) -> None:
    await walk.is_told("nb/admission-greeting")
    await walk.hears("nb/admission-menu")
    await walk.presses("8")
    await walk.hears("en/admission-menu")
    await walk.presses("1")
    assert (await walk.event("wait")).fields[1] == "admission"
    await speaks_with(walk, phone)


async def university_closed(walk: Walk, _phone: Phone | None) -> None:
    await walk.is_told("nb/admission-closed")
    await walk.call.wait_ended(30)


async def isp_open(walk: Walk, phone: Phone | None) -> None:
    await walk.is_told("nb/support-greeting")
    await walk.hears("nb/support-menu")
    await walk.presses("1")
    await walk.hears("nb/support-customer-number")
    await walk.presses("41234567")
    assert (await walk.event("wait")).fields[1] == "support"
    await speaks_with(walk, phone)


async def municipal_open(walk: Walk, phone: Phone | None) -> None:
    await walk.is_told("nb/evening-greeting")
    assert (await walk.event("wait")).fields[1] == "evening"
    await speaks_with(walk, phone)


async def municipal_early(walk: Walk, _phone: Phone | None) -> None:
    await walk.is_told("nb/evening-soon")
    await walk.is_told("nb/evening-voicemail")
    file = walk.stack.settings.voicemail_dir / (await walk.event("record")).fields[2]
    await walk.call.say(tone(440, 3))
    await walk.presses("#")
    await walk.is_told("nb/evening-thanks")
    assert is_spoken(file)


async def municipal_over(walk: Walk, _phone: Phone | None) -> None:
    await walk.is_told("nb/evening-over")


async def charity_open(walk: Walk, phone: Phone | None) -> None:
    await walk.is_told("nb/helpline-greeting")
    await walk.hears("nb/helpline-menu")
    await walk.presses("1")
    assert (await walk.event("wait")).fields[1] == "volunteers"
    await speaks_with(walk, phone)


async def charity_closed(walk: Walk, _phone: Phone | None) -> None:
    await walk.is_told("nb/helpline-centre")
    while (await walk.event("press", 40)).fields[1] != "pressed":
        continue
    # A talk of a second.
    await asyncio.sleep(1)


def answered(*keys: str) -> dict[str, object]:
    return {"outcome": "answered", "keys": list(keys)}


WEDNESDAY, SUNDAY = date(2028, 3, 1), date(2028, 3, 5)

STORIES = [
    Story(
        "university",
        oslo(WEDNESDAY, "10:00"),
        university_open,
        answered("admission:8", "admission:1"),
        "anna",
    ),
    Story("university", oslo(WEDNESDAY, "14:00"), university_closed, {"outcome": "closed"}),
    Story("isp", oslo(SUNDAY, "03:00"), isp_open, answered("support:1", "customer-number:8-digits"), "emre"),
    Story("municipal", oslo(EVENING, "18:00"), municipal_open, answered(), "mayor"),
    Story(
        "municipal", oslo(EVENING - timedelta(days=20), "12:00"), municipal_early, {"outcome": "voicemail"}
    ),
    Story("municipal", oslo(EVENING, "21:00"), municipal_over, {"outcome": "closed"}),
    Story("charity", oslo(WEDNESDAY, "10:00"), charity_open, answered("helpline:1"), "lena"),
    Story("charity", oslo(SUNDAY, "12:00"), charity_closed, {"outcome": "overflowed"}),
]


def written(folder: Path) -> dict[str, Any]:
    """Write the examples below `folder`; what stands in their hotline.yaml, with the carrier on loopback."""
    merged: dict[str, Any] = {}
    for template in TEMPLATES:
        given = answers(
            name="Example", number=NUMBERS[template], time_zone="Europe/Oslo", language="nb", day=EVENING
        )
        write_configuration(folder / template, template, given, datetime.now(UTC).date())
        merged |= YAML(typ="safe").load((folder / template / "hotline.yaml").read_text(encoding="utf-8"))
    carrier = {"hosts": ["127.0.0.1"], "outbound": f"127.0.0.1:{CENTRE_PORT}", "codecs": ["alaw", "ulaw"]}
    return {**merged, "trunks": {"carrier": carrier}}


def prompts_of(folder: Path) -> Path:
    """One folder with the prompts of all four; the package's own are the short ones of these tests."""
    texts: dict[str, object] = {name: {"nb": text, "en": text} for name, text in SHORT.items()}
    for file in sorted(folder.glob("*/prompts/prompts.yaml")):
        texts |= YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    (folder / "texts").mkdir()
    (folder / "texts/prompts.yaml").write_text(json.dumps(texts), encoding="utf-8")
    return folder / "texts"


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path, sounds: Path
) -> Iterator[HotlineStack]:
    folder = tmp_path_factory.mktemp("examples")
    config, texts = written(folder), prompts_of(folder)
    (folder / "clock.json").write_text(json.dumps({story.caller: story.at.isoformat() for story in STORIES}))
    variables = {"HOTLINE_SOUNDS": str(texts), "HOTLINE_TEST_CLOCK": str(folder / "clock.json")}
    with HotlineStack(
        folder / "node",
        config,
        sounds=prepared("examples", texts, like=sounds),
        asterisk_root=asterisk_root,
        variables=variables,
    ) as made:
        for template in TEMPLATES:
            for file in (folder / template).glob("*.yaml"):
                # Weeks of shifts and how long things are kept say nothing of what callers hear, and the
                # examples name these alike.
                if file.name not in {"hotline.yaml", "shifts.yaml", "privacy.yaml"}:
                    shutil.copyfile(file, made.settings.config / f"{template}-{file.name}")
        made.start()
        yield made


async def test_callers_of_each_example_hear_its_words_and_reach_its_people(
    node: HotlineStack, telephones: Telephones
) -> None:
    """All at the same time."""
    port, accounts = node.settings.sip_port, node.accounts()

    def prompt(name: str) -> Audio:
        return Audio.from_wav(node.settings.sounds_dir / f"{name}.wav")

    async def tell(story: Story) -> None:
        account = accounts[story.operator] if story.operator else None
        phone = await telephones.operator(*account, "127.0.0.1", port) if account else None
        caller = await telephones.caller(story.caller, "127.0.0.1", port)
        call = await caller.dial(NUMBERS[story.template])
        await call.wait_answered()
        await story.tell(Walk(node, call, story.caller, prompt), phone)
        await call.hang_up()

    async with CentreDesk(CENTRE_PORT, {"+4722850000": Manners.PRESSES}):
        told = await asyncio.gather(*map(tell, STORIES), return_exceptions=True)
    failed = {
        f"{story.template} {story.at}": outcome
        for story, outcome in zip(STORIES, told, strict=True)
        if outcome is not None
    }
    assert not failed, failed

    callers = {story.caller for story in STORIES}
    records = await node.wait_calls(
        lambda found: callers <= {each["caller"] for each in found if each["finished"]}, 20
    )
    by_caller = {record["caller"]: record for record in records}
    for story in STORIES:
        record = by_caller[story.caller]
        found = {**record, "keys": pressed(record)}
        expected = {**story.record, "number": NUMBERS[story.template], "operator": story.operator}
        assert {name: found[name] for name in expected} == expected

"""Each kind of rule by real calls, with the service and without it: the right prompt is in the audio.

With the service, the service's clock is faked: HOTLINE_TEST_CLOCK gives each caller the moment at which it
is decided. Without it Asterisk's own clock counts, and that one is true: the fallback files are those that
the service would have left at the faked moment, made by its own functions, with every moment in them moved
by the difference between the faked one and now. So Asterisk reads real files against its real EPOCH, and
calls of all hours go on at the same time. (libfaketime would give one hour to a whole Asterisk, one start of
it a row, and would have to be loaded by the Debian root's own loader.)
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.asterisk.render.fallback import FALLBACK_DAYS, fallback_files
from hotline_ivr.config.check import read_plan
from hotline_ivr.control.overrides_file import OverridesFile
from hotline_ivr.files import replace as replace_file
from hotline_ivr.routing.foreseen import foresee
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.situation import RuleKind
from hotline_ivr.testing.audio import Audio, recognise
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import plan
from hotline_ivr.testing.stack import HotlineStack, Record
from hotline_ivr.testing.stage_events import wait_event
from tests.acceptance.conftest import prepared
from tests.acceptance.rules_table import CALENDARS, FAIR, ROWS, TEXTS, Row

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

AT_ONCE = 22
"""Callers at the same time: all are heard by this one process, which recognises nothing before the end."""

LINES = {f"row{place:02}": row for place, row in enumerate(ROWS)}
WAYS = ("service", "fallback")


def number_of(line: str) -> str:
    return f"+47228531{line[-2:]}"


def caller_of(line: str, way: str) -> str:
    return f"+479007{WAYS.index(way)}00{line[-2:]}"


def configuration() -> dict[str, Any]:
    made = plan({"anna": None}, now=datetime.now(UTC))
    usual = {"time_zone": "Europe/Oslo", "language": "en", "queue": "main", "greeting": "week-open"}
    usual |= {"closed_message": "week-closed", "sorry_message": "nobody"}
    made["lines"] = {
        line: {"name": f"Line {line}", "numbers": [number_of(line)], **usual, **row.line}
        for line, row in LINES.items()
    }
    box = {"prompt": "box", "max_length": "20s"}
    return {**made, "calendars": {**CALENDARS, "always": {"hours": "always"}}, "voicemails": {"box": box}}


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path, texts: Path, sounds: Path
) -> Iterator[HotlineStack]:
    """A running node, for both ways; of its prompts only those of the rules are made here."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "texts").mkdir()
    words = json.loads((texts / "prompts.yaml").read_text(encoding="utf-8"))
    words |= {name: {"en": text} for name, text in TEXTS.items()}
    (folder / "texts/prompts.yaml").write_text(json.dumps(words), encoding="utf-8")
    clock = {caller_of(line, "service"): row.moment.isoformat() for line, row in LINES.items()}
    (folder / "clock.json").write_text(json.dumps(clock), encoding="utf-8")
    variables = {
        "HOTLINE_SOUNDS": str(folder / "texts"),
        "HOTLINE_TEST_CLOCK": str(folder / "clock.json"),
    }
    made = HotlineStack(
        folder / "node",
        configuration(),
        sounds=prepared("rules", folder / "texts", like=sounds),
        asterisk_root=asterisk_root,
        variables=variables,
    )
    (made.settings.config / "fair.ics").write_bytes("\r\n".join(FAIR).encode())
    for line, row in LINES.items():
        if (by_hand := row.override(line)) is not None:
            OverridesFile(made.settings.overrides_file).add(by_hand, datetime.now(UTC))
    with made:
        made.start()
        yield made


@pytest.fixture(scope="module")
def book(node: HotlineStack) -> Rulebook:
    standing = OverridesFile(node.settings.overrides_file).standing(datetime.now(UTC))
    return Rulebook(read_plan(node.settings.config), standing)


def leave_behind(folder: Path, book: Rulebook, line: str, at: datetime) -> None:
    """The files of a service that last ran at `at`, moved so that for Asterisk it is that moment now."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    found = foresee(book, line, midnight, FALLBACK_DAYS, at)
    by = datetime.now(UTC).replace(microsecond=0) - at
    moved = replace(found, changes=tuple((moment + by, place) for moment, place in found.changes))
    for name, text in fallback_files(line, moved).items():
        replace_file(folder / name, text)


async def ring(node: HotlineStack, telephones: Telephones, line: str, way: str) -> Audio:
    """All that a caller hears of a line, until it is let go or may leave a message."""
    caller = caller_of(line, way)
    phone = await telephones.caller(caller, "127.0.0.1", node.settings.sip_port)
    call = await phone.dial(number_of(line))
    await call.wait_answered()
    if "box" in LINES[line].prompts:
        await wait_event(node.settings.cel_file, caller, "record", 25)
        await call.hang_up()
    else:
        await call.wait_ended(25)
    return call.heard()


def told(heard: Audio, row: Row, prompts: dict[str, Audio]) -> list[str]:
    """Which of the row's prompts, and of those of the ordinary week, were heard, in their order."""
    looked_for = dict.fromkeys((*row.prompts, "week-open", "week-closed", "nobody"))
    found = [(recognise(heard, prompts[name]), name) for name in looked_for]
    return [name for match, name in sorted(found, key=lambda each: each[0].offset_s) if match.recognised]


def too_long(heard: Audio, row: Row, prompts: dict[str, Audio]) -> bool:
    """Whether there was time for one prompt more than the row's: the shortest takes longer than this."""
    return heard.seconds > sum(prompts[name].seconds for name in row.prompts) + 1.5


def misrecorded(record: Record, row: Row, way: str) -> str:
    """What is wrong with a record; empty for nothing."""
    right = (record["route"], row.reason in record["reasons"])
    outcome = "closed" if "nobody" not in row.prompts else "no-operator"
    if right == (way, True) and record["outcome"] == ("closed" if "box" in row.prompts else outcome):
        return ""
    return f"{row}: {record['route']} {record['outcome']} {record['reasons']}"


def test_every_kind_of_rule_is_in_the_table(book: Rulebook) -> None:
    kinds = {book.situation(line, row.moment).rule.kind for line, row in LINES.items()}
    assert kinds == set(RuleKind)
    assert {name for row in ROWS for name in row.prompts} == set(TEXTS)


@pytest.mark.parametrize("way", WAYS)
async def test_callers_of_every_hour_hear_what_the_rule_of_that_hour_says(
    node: HotlineStack, book: Rulebook, telephones: Telephones, way: str
) -> None:
    sounds = {name: Audio.from_wav(node.settings.sounds_dir / f"en/{name}.wav") for name in TEXTS}
    places = asyncio.Semaphore(AT_ONCE)

    async def listen(line: str, row: Row) -> Audio:
        async with places:
            if way == "fallback":
                # Just before the call, so that a second more or less is none that the table asks about.
                leave_behind(node.settings.fallback_dir, book, line, row.moment)
            return await ring(node, telephones, line, way)

    if way == "fallback":
        node.signal_service(signal.SIGKILL)
    try:
        heard = await asyncio.gather(*(listen(*each) for each in LINES.items()))
    finally:
        if way == "fallback":
            node.start_service()
            await asyncio.to_thread(node.wait_ready)
    # Recognised only now: callers who listen need the processor.
    wrong = [
        f"{row}: heard {names} in {audio.seconds:.1f} s"
        for row, audio in zip(ROWS, heard, strict=True)
        if (names := told(audio, row, sounds)) != list(row.prompts) or too_long(audio, row, sounds)
    ]
    assert not wrong, "\n".join(wrong)

    callers = {caller_of(line, way): row for line, row in LINES.items()}
    records = await node.wait_calls(_all_finished(set(callers)), 20)
    problems = [
        found
        for record in records
        if record["caller"] in callers and (found := misrecorded(record, callers[record["caller"]], way))
    ]
    assert not problems, "\n".join(problems)


def _all_finished(callers: set[str]) -> Callable[[list[Record]], bool]:
    def there(records: list[Record]) -> bool:
        return callers <= {record["caller"] for record in records if record["finished"]}

    return there

"""Closed, opened and informed by hand, in every way: real callers hear it, the service alive or dead."""

from __future__ import annotations

import asyncio
import json
import signal
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_ivr.testing.audio import Audio, recognise
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import closed_now, line, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack, Record
from hotline_ivr.testing.stage_events import wait_event
from tests.acceptance.by_hand import decide, in_use
from tests.acceptance.control_calls import CONTROL, Prompts, new_pin, ring, trail
from tests.acceptance.overrides_table import CLOSED, ENDING, OPEN, ROWS, Row, Way

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

LINES: Mapping[str, Row] = {
    **{f"row{place:02}": row for place, row in enumerate(ROWS)},
    **{f"end{place:02}": row for place, row in enumerate(ENDING)},
}
HEARD = ("incident", "news", "thanks", "greeting", "closed", "sorry")
"""Every prompt that one of the rows may bring."""

KEY = {name: place for place, name in enumerate(LINES, 1)}
"""Of each line at the control number."""


def number_of(name: str) -> str:
    return f"+472285{1300 + KEY[name]}"


def configuration() -> dict[str, Any]:
    made = plan({"anna": None}, now=datetime.now(UTC))
    hours = {"open": "always", "closed": closed_now(datetime.now(UTC))}
    made["lines"] = {
        name: line(f"Line {name}", number_of(name), hours=hours[row.calendar]) for name, row in LINES.items()
    }
    lines = {name: {"key": key} for name, key in KEY.items()}
    made["control"] = {"numbers": [CONTROL], "language": "en", "lines": lines}
    return made


@pytest.fixture(scope="module")
def node(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(configuration())
    made.start()
    return made


@pytest.fixture(scope="module")
def secrets(node: HotlineStack) -> tuple[str, str]:
    """Kari's PIN, and the token of the desk."""
    made = node.hotline("token", "create", "desk", "--role", "control")
    assert made.returncode == 0, made.stderr
    return new_pin(node, "kari"), made.stdout.strip()


@pytest.fixture
def hands(node: HotlineStack, secrets: tuple[str, str], telephones: Telephones, prompt: Prompts) -> Hands:
    return Hands(node, telephones, prompt, *secrets)


class Hands:
    """Somebody who decides, by each of the ways."""

    def __init__(
        self, node: HotlineStack, telephones: Telephones, prompt: Prompts, pin: str, token: str
    ) -> None:
        self._node, self._telephones, self._prompt = node, telephones, prompt
        self._pin, self._token = pin, token
        self._rung = 0

    async def set(self, name: str, row: Row) -> None:
        match row.way:
            case Way.CLI | Way.CLI_DEAD:
                verb, *options = (word.replace("_", " ") for word in row.words.split())
                await self._command(verb, name, *options)
            case Way.REST:
                written = dict(word.replace("_23", " 23").split("=") for word in row.words.split())
                await self._asks("POST", name, {key: _value(text) for key, text in written.items()})
            case Way.PHONE:
                await self._rings(name, row.words)

    async def clear(self, name: str, way: Way) -> None:
        match way:
            case Way.CLI | Way.CLI_DEAD:
                await self._command("clear", name)
            case Way.REST:
                await self._asks("DELETE", name, None)
            case Way.PHONE:
                await self._rings(name, "3")

    async def _command(self, verb: str, *words: str) -> None:
        done = await asyncio.to_thread(self._node.hotline, verb, *words, "--by", "kari")
        assert done.returncode == 0, done.stderr

    async def _asks(self, method: str, name: str, body: object) -> None:
        def ask() -> int:
            request = urllib.request.Request(
                f"http://127.0.0.1:{self._node.settings.http_port}/api/v1/lines/{name}/overrides",
                data=None if body is None else json.dumps(body).encode(),
                headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
                method=method,
            )
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
                return int(answer.status)

        assert await asyncio.to_thread(ask) in {200, 201}

    async def _rings(self, name: str, words: str) -> None:
        """One question after the other; what is pressed last is confirmed by how the line stands."""
        self._rung += 1
        talk = await ring(self._node, self._telephones, self._prompt, f"+47900620{self._rung:02}")
        await talk.answers("control-pin", f"{self._pin}#")
        menu, *length = words.split()
        await talk.answers("control-close", menu)
        await talk.answers("control-which-line", f"{KEY[name]:02}")
        questions = ("control-how-long", "control-hours")
        for question, keys in zip(questions, length, strict=False):
            await talk.answers(question, keys)
        said = {"1": "control-is-closed", "2": "control-is-open", "3": "control-cleared"}
        await talk.hears(said[menu])
        await talk.call.hang_up()


def _value(text: str) -> object:
    return text == "true" if text in {"true", "false"} else int(text) if text.isdigit() else text


async def each(deeds: Iterable[Any], at_once: int = 3) -> None:
    """Do all of them, a few at a time: each starts a program or makes a call."""
    places = asyncio.Semaphore(at_once)

    async def one(deed: Any) -> None:
        async with places:
            await deed

    await asyncio.gather(*map(one, deeds))


async def is_used(node: HotlineStack) -> None:
    """Until the running service goes by what stands in the file."""
    await decide(node, "overrides")


class Ears:
    """Callers of many lines at the same time, one wave of them after the other."""

    def __init__(self, node: HotlineStack, telephones: Telephones, first_wave: int = 1) -> None:
        self._node, self._telephones = node, telephones
        self._waves = first_wave - 1
        self.expected: dict[str, tuple[str, str]] = {}
        """Of each caller: what it was to hear, and whether by `service` or `fallback`."""
        self._heard: dict[str, tuple[str, str, str, Audio]] = {}

    async def listen(self, when: str, route: str, wanted: Mapping[str, str]) -> None:
        """A caller for each line, who is to hear these prompts; whether it did is asked later."""
        self._waves += 1

        async def call(name: str, prompts: str) -> None:
            caller = f"+4790{self._waves:02}00{KEY[name]:02}"
            phone = await self._telephones.caller(caller, "127.0.0.1", self._node.settings.sip_port)
            call = await phone.dial(number_of(name))
            await call.wait_answered()
            keys = LINES[name].presses if prompts == LINES[name].heard else ""
            if keys:
                # The information is told to its end: a key is heard after it.
                await wait_event(self._node.settings.cel_file, caller, "played", 20)
                await call.send_keys(keys)
            await call.wait_ended(40)
            self.expected[caller] = (prompts, route)
            self._heard[caller] = (name, when, prompts, call.heard())

        await asyncio.gather(*(call(*each) for each in wanted.items()))

    def mistakes(self, prompt: Callable[[str], Audio]) -> list[str]:
        """What was heard amiss. Recognised only now: callers who listen need the processor."""
        sounds = {name: prompt(f"en/{name}") for name in HEARD}
        return [
            f"{LINES[name]} ({name}) {when}: heard {found}, not {prompts}"
            for name, when, prompts, audio in self._heard.values()
            if (found := told(audio, sounds)) != prompts.split()
        ]


def told(heard: Audio, sounds: Mapping[str, Audio]) -> list[str]:
    """Which prompts were heard, in their order."""
    found = [(recognise(heard, sound), name) for name, sound in sounds.items()]
    return [name for match, name in sorted(found, key=lambda each: each[0].offset_s) if match.recognised]


def heard_now(*ways: Way) -> dict[str, str]:
    """What the rows that were decided in these ways have callers hear."""
    return {name: row.heard for name, row in LINES.items() if row in ROWS and row.way in ways}


def after_clearing(*ways: Way) -> dict[str, str]:
    return {name: row.without for name, row in LINES.items() if row in ROWS and row.cleared in ways}


async def test_what_is_decided_by_hand_is_heard_in_every_way_until_it_is_cleared(
    node: HotlineStack, hands: Hands, telephones: Telephones, prompt: Prompts
) -> None:
    ears = Ears(node, telephones)
    alive = (Way.CLI, Way.REST, Way.PHONE)
    rows = {name: row for name, row in LINES.items() if row in ROWS}
    await each(hands.set(name, row) for name, row in rows.items() if row.way in alive)
    await is_used(node)
    await ears.listen("decided", "service", heard_now(*alive))

    node.signal_service(signal.SIGKILL)
    await ears.listen("the service dead", "fallback", heard_now(*alive))
    await each(hands.set(name, row) for name, row in rows.items() if row.way is Way.CLI_DEAD)
    await each(hands.clear(name, row.cleared) for name, row in rows.items() if row.cleared is Way.CLI_DEAD)
    changed = {**after_clearing(Way.CLI_DEAD), **heard_now(Way.CLI_DEAD)}
    await ears.listen("decided and cleared while it is dead", "fallback", changed)

    node.start_service()
    await asyncio.to_thread(node.wait_ready)
    still = {**heard_now(*Way), **after_clearing(Way.CLI_DEAD)}
    await ears.listen("after a restart", "service", still)
    await each(hands.clear(name, row.cleared) for name, row in rows.items() if row.cleared in alive)
    await is_used(node)
    assert in_use(node) == []
    await ears.listen("cleared", "service", after_clearing(*alive))

    wrong = ears.mistakes(prompt)
    assert not wrong, "\n".join(wrong)
    await recorded(node, ears)
    vias = {"command": ("kari", {Way.CLI, Way.CLI_DEAD}), "rest": ("desk", {Way.REST})}
    for entry in trail(node):
        # The other test may have been first: its lines stand in the same trail.
        if entry["action"] in {"override.set", "override.clear"} and entry["subject"] in rows:
            row = rows[entry["subject"]]
            by, ways = vias.get(entry["via"], ("kari", {Way.PHONE}))
            assert (entry["by"], (row.way if entry["action"] == "override.set" else row.cleared) in ways) == (
                by,
                True,
            )


async def recorded(node: HotlineStack, ears: Ears) -> None:
    """The record tells of each caller what was heard, by whom it was decided, and why."""

    def there(records: list[Record]) -> bool:
        return ears.expected.keys() <= {each["caller"] for each in records if each["finished"]}

    records = {each["caller"]: each for each in await node.wait_calls(there, 30)}
    for caller, (prompts, route) in ears.expected.items():
        outcome = "informed" if prompts == "incident" else "no-operator" if "sorry" in prompts else "closed"
        assert (records[caller]["outcome"], records[caller]["route"]) == (outcome, route), records[caller]
        if prompts not in {OPEN, CLOSED}:
            assert any(word in records[caller]["reasons"] for word in ("override:", "surge:")), records[
                caller
            ]


@pytest.mark.parametrize("service", ["alive", "dead"])
async def test_what_is_decided_by_hand_ends_by_itself(
    node: HotlineStack, hands: Hands, telephones: Telephones, prompt: Prompts, service: str
) -> None:
    ears = Ears(node, telephones, 20 if service == "alive" else 30)
    route = "service" if service == "alive" else "fallback"
    rows = {name: row for name, row in LINES.items() if row in ENDING}
    if service == "dead":
        node.signal_service(signal.SIGKILL)
    try:
        await each(hands.set(name, row) for name, row in rows.items())
        if service == "alive":
            await is_used(node)
        begun = asyncio.get_running_loop().time()
        await ears.listen("decided", route, {name: row.heard for name, row in rows.items()})
        # Its end is a moment of the clock, which no event tells.
        await asyncio.sleep(max(0.0, begun + 12.5 - asyncio.get_running_loop().time()))
        await ears.listen("ended", route, {name: row.without for name, row in rows.items()})
    finally:
        if service == "dead":
            node.start_service()
            await asyncio.to_thread(node.wait_ready)
    wrong = ears.mistakes(prompt)
    assert not wrong, "\n".join(wrong)
    await recorded(node, ears)
    assert (await asyncio.to_thread(node.hotline, "overrides")).stdout.startswith("no overrides")

"""Sessions of the control number: who may go on with one, how many there are, and slow effects."""

from __future__ import annotations

import asyncio
import itertools
import threading
from datetime import UTC, datetime

import pytest

from hotline_ivr.calls.control_desk import MOST_SESSIONS, SESSION_S, ControlDesk, Person
from hotline_ivr.errors import RemoteProtocolError
from hotline_ivr.routing.control_said import controlled_lines
from hotline_ivr.routing.control_steps import (
    Began,
    CheckPin,
    ControlStep,
    Done,
    Effect,
    Enter,
    Entered,
    PinRight,
    PinWrong,
    Result,
    View,
)
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import HangUp, Play, Say, Stage
from tests.plans import a_plan

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
KARI = Person("node-1.1", "+4790000001", "", "")


class Parts:
    """A node whose one PIN is 907142; effects wait for `gate`."""

    def __init__(self) -> None:
        self.locked = False
        self.gate = threading.Event()
        self.gate.set()
        self.carried_out: list[tuple[Effect, Person]] = []
        self.changes = 0
        self.at_work = self.most_at_work = 0
        self.fault: Exception | None = None

    def view(self) -> View:
        plan = a_plan()
        return View("en", controlled_lines(plan), Rulebook(plan), {}, NOW)

    def is_locked(self, _who: Person) -> bool:
        return self.locked

    def carry_out(self, effect: Effect, who: Person) -> Result:
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        assert self.gate.wait(10)
        self.at_work -= 1
        if self.fault is not None:
            raise self.fault
        self.carried_out.append((effect, who))
        if isinstance(effect.what, CheckPin):
            return PinRight("kari", 2) if effect.what.pin == "907142" else PinWrong()
        return Done(effect)

    def changed(self) -> None:
        self.changes += 1


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(parts: Parts, clock: Clock) -> ControlDesk:
    keys = itertools.count(1)
    return ControlDesk(parts, clock=clock, new_key=lambda: f"{next(keys):032x}", patience_s=5)


def said(steps: list[ControlStep]) -> list[str]:
    found: list[str] = []
    for step in steps:
        match step:
            case Play(_, prompt):
                found.append(prompt)
            case Say(_, prompts) | Enter(_, prompts):
                found += prompts
            case _:
                pass
    return found


async def test_a_change_is_made_in_the_name_of_who_showed_the_pin(desk: ControlDesk, parts: Parts) -> None:
    key, _ = await desk.answer(KARI, "", Began())
    for entry in ("907142", "1"):
        await desk.answer(KARI, key, Entered(entry))
    _, steps = await desk.answer(KARI, key, Entered("3"))
    assert said(list(steps))[0] == "control-line"
    effect, who = parts.carried_out[-1]
    assert effect.session.line == "info"
    assert who == KARI._replace(name="kari")
    assert parts.changes == 2


@pytest.mark.parametrize("key", ["", "f" * 32])
async def test_a_key_that_nobody_was_given_opens_no_session(desk: ControlDesk, key: str) -> None:
    await desk.answer(KARI, "", Began())
    with pytest.raises(RemoteProtocolError):
        await desk.answer(KARI, key, Entered("1"))


async def test_another_call_cannot_go_on_with_somebodys_session(desk: ControlDesk) -> None:
    key, _ = await desk.answer(KARI, "", Began())
    await desk.answer(KARI, key, Entered("907142"))
    with pytest.raises(RemoteProtocolError):
        await desk.answer(KARI._replace(call="node-1.2"), key, Entered("1"))


async def test_who_is_locked_out_is_not_even_asked(desk: ControlDesk, parts: Parts) -> None:
    parts.locked = True
    _, steps = await desk.answer(KARI, "", Began())
    assert said(list(steps)) == ["control-locked"]
    assert steps[-1] == HangUp()


async def test_what_takes_long_is_waited_for_with_one_moment_and_done_once(
    parts: Parts, clock: Clock
) -> None:
    desk = ControlDesk(parts, clock=clock, new_key=lambda: "a" * 32, patience_s=0.01)
    key, _ = await desk.answer(KARI, "", Began())
    parts.gate.clear()
    moment = (Play("en", "control-moment", Stage.MENU),)
    assert await desk.answer(KARI, key, Entered("907142")) == (key, moment)
    assert await desk.answer(KARI, key, None) == (key, moment)
    parts.gate.set()
    async with asyncio.timeout(10):
        while (answer := await desk.answer(KARI, key, None)) == (key, moment):
            pass
    assert "control-close" in said(list(answer[1]))
    assert len(parts.carried_out) == 1


async def test_a_fault_is_told_as_nothing_done_and_says_no_pin_in_the_log(
    desk: ControlDesk, parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    parts.fault = ValueError("907142")
    key, _ = await desk.answer(KARI, "", Began())
    _, steps = await desk.answer(KARI, key, Entered("907142"))
    assert said(list(steps))[0] == "control-not-possible"
    assert "907142" not in caplog.text


async def test_tens_of_pins_at_once_are_looked_at_one_by_one_and_hold_up_nothing_else(
    parts: Parts, clock: Clock
) -> None:
    keys = itertools.count(1)
    desk = ControlDesk(parts, clock=clock, new_key=lambda: f"{next(keys):032x}", patience_s=0.01)
    parts.gate.clear()
    people = [Person(f"node-1.{number}", f"+47900{number:05}", "", "") for number in range(40)]
    begun = {who: (await desk.answer(who, "", Began()))[0] for who in people}
    for who, key in begun.items():
        _, steps = await desk.answer(who, key, Entered("907142"))
        assert said(list(steps)) == ["control-moment"], "nobody is refused, or waits in silence"
    assert parts.at_work == 1
    # The threads that all others share are free.
    assert await asyncio.wait_for(asyncio.to_thread(lambda: "done"), 10) == "done"
    parts.gate.set()
    for who, key in begun.items():
        async with asyncio.timeout(10):
            while "control-moment" in (heard := said(list((await desk.answer(who, key, None))[1]))):
                pass
        assert "control-close" in heard
    assert parts.most_at_work == 1


async def test_a_flood_does_not_drop_whose_pin_is_being_looked_at(parts: Parts, clock: Clock) -> None:
    keys = itertools.count(1)
    desk = ControlDesk(parts, clock=clock, new_key=lambda: f"{next(keys):032x}", patience_s=0.01)
    parts.gate.clear()
    key, _ = await desk.answer(KARI, "", Began())
    await desk.answer(KARI, key, Entered("907142"))
    for number in range(2 * MOST_SESSIONS):
        await desk.answer(Person(f"node-2.{number}", "", "", ""), "", Began())
    parts.gate.set()
    await desk.answer(KARI, key, None)


async def test_a_flood_drops_strangers_and_never_who_has_shown_a_pin(desk: ControlDesk) -> None:
    key, _ = await desk.answer(KARI, "", Began())
    await desk.answer(KARI, key, Entered("907142"))
    for number in range(2 * MOST_SESSIONS):
        await desk.answer(Person(f"node-2.{number}", "", "", ""), "", Began())
    await desk.answer(KARI, key, Entered("4"))


async def test_a_session_that_nobody_used_for_half_an_hour_is_gone(desk: ControlDesk, clock: Clock) -> None:
    key, _ = await desk.answer(KARI, "", Began())
    clock.now += SESSION_S
    await desk.answer(KARI._replace(call="node-1.2"), "", Began())
    with pytest.raises(RemoteProtocolError):
        await desk.answer(KARI, key, Entered("907142"))

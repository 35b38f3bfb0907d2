"""The operators' own code: who rings is known by the phone, and keys become wishes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from hotline_ivr.calls.operator_desk import OperatorDesk
from hotline_ivr.errors import PresenceFileError, PresenceRefused, RemoteProtocolError
from hotline_ivr.routing.control_steps import Began, ControlStep, Entered, Recorded
from hotline_ivr.routing.presence import Presence, PresenceEvent, Standing, after
from hotline_ivr.routing.presence_rules import rules_of
from hotline_ivr.routing.steps import HangUp, Say
from tests.plans import a_plan

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PLAN = a_plan(sections={"floor": {"code": "*81", "language": "en"}})


class Staff:
    def __init__(self) -> None:
        self.places: list[str] = []
        self.standing = {name: Presence(Standing.READY, NOW) for name in PLAN.operators}

    def at_phone(self, account: str) -> str | None:
        return {"anna.k3v9": "anna", "bjorn.x2m4": "bjorn", "gone.1": "gone"}.get(account)

    def presences(self) -> Mapping[str, Presence]:
        return self.standing

    async def be_at(self, account: str) -> None:
        if account == "bjorn.x2m4":
            raise PresenceFileError("no space")
        self.places.append(account)

    async def wish(self, operator: str, event: PresenceEvent) -> Presence:
        self.standing[operator] = after(self.standing[operator], event, NOW, rules_of(PLAN))
        return self.standing[operator]


class House:
    def __init__(self) -> None:
        self.staff = Staff()
        self.noted: list[tuple[str, str]] = []
        self.full = False
        self.desk = OperatorDesk(self.staff, lambda: PLAN, self.note)

    def note(self, _at: datetime, operator: str, action: str, _call: str) -> None:
        if self.full:
            raise OSError("no space")
        self.noted.append((operator, action))

    async def press(self, key: str, account: str = "anna.k3v9", at: str = "1") -> tuple[str, ...]:
        _, steps = await self.desk.answer(account, at, Entered(key), call="main-1.1")
        return said(steps)


def said(steps: object) -> tuple[str, ...]:
    assert isinstance(steps, tuple)
    found: list[ControlStep] = [step for step in steps if isinstance(step, Say)]
    return tuple(prompt for step in found if isinstance(step, Say) for prompt in step.prompts)


@pytest.fixture
def house() -> House:
    return House()


async def test_the_phone_says_who_it_is_and_the_keys_do_what_they_say(house: House) -> None:
    node, steps = await house.desk.answer("anna.k3v9", "", Began(), call="main-1.1")
    assert node == "1"
    assert len(steps) == 2
    assert await house.press("3") == ("operator-is-signed-out",)
    assert await house.press("1") == ("operator-is-ready",)
    assert await house.press("2") == ("operator-is-paused",)
    assert await house.press("1") == ("operator-is-ready",)
    assert house.noted == [("anna", each) for each in ("sign-out", "sign-in", "pause", "ready")]
    assert house.staff.standing["bjorn"].standing is Standing.READY


async def test_one_code_sets_do_not_disturb_and_lifts_it_again(house: House) -> None:
    async def rings(account: str = "anna.k3v9") -> tuple[str, ...]:
        return said((await house.desk.disturb(account, call="main-1.1"))[1])

    assert await rings() == ("operator-is-undisturbed",)
    assert house.staff.standing["anna"].reason == "do-not-disturb"
    assert await rings() == ("operator-is-ready",)
    await house.press("2")
    assert await rings() == ("operator-is-undisturbed",)
    assert house.noted == [("anna", each) for each in ("pause", "ready", "pause", "pause")]
    await house.press("3")
    assert await rings() == ("control-not-possible", "operator-is-signed-out")
    assert (await house.desk.disturb("stranger.z9", call="main-1.1"))[1][-1] == HangUp()


async def test_where_somebody_is_ready_calls_come_to_also_if_that_cannot_be_kept(house: House) -> None:
    await house.press("2")
    assert house.staff.places == []
    await house.press("1")
    assert house.staff.places == ["anna.k3v9"]
    assert await house.press("1", "bjorn.x2m4") == ("operator-is-ready",)


@pytest.mark.parametrize("account", ["", "stranger.z9", "gone.1"])
async def test_a_phone_that_is_no_operators_is_told_so_and_changes_nothing(
    house: House, account: str
) -> None:
    before = dict(house.staff.standing)
    _, steps = await house.desk.answer(account, "1", Entered("3"), call="main-1.1")
    assert steps[-1] == HangUp()
    assert house.staff.standing == before
    assert house.noted == []


async def test_what_cannot_be_is_told_with_how_the_operator_stands(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_operator: str, _event: PresenceEvent) -> Presence:
        raise PresenceRefused("is not possible")

    monkeypatch.setattr(house.staff, "wish", refuse)
    assert await house.press("2") == ("control-not-possible", "operator-is-ready")
    assert house.noted == []


async def test_a_trail_that_cannot_be_written_takes_nothing_back(house: House) -> None:
    house.full = True
    assert await house.press("2") == ("operator-is-paused",)
    assert house.staff.standing["anna"].standing is Standing.PAUSED


@pytest.mark.parametrize(("key", "event"), [("7", Entered("1")), ("1", Recorded(kept=True)), ("1", None)])
async def test_what_the_dialplan_does_not_send_is_refused(
    house: House, key: str, event: Entered | Recorded | None
) -> None:
    with pytest.raises(RemoteProtocolError):
        await house.desk.answer("anna.k3v9", key, event, call="main-1.1")

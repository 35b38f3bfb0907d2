"""The control menu: who may do what, how many slips it forgives, and how a change is confirmed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hotline_ivr.routing.control_menu import react
from hotline_ivr.routing.control_said import controlled_lines, line_question, standing
from hotline_ivr.routing.control_steps import (
    ADMIN,
    CONTROL,
    READ,
    Began,
    CheckPin,
    ClearLine,
    ControlEvent,
    Done,
    Effect,
    Enter,
    Entered,
    KeepRecording,
    NotDone,
    PinLocked,
    PinRight,
    PinWrong,
    Recorded,
    RecordPrompt,
    Replay,
    Session,
    SetOverride,
    Turn,
    View,
)
from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import HangUp, Play, Say
from tests.plans import a_plan

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
LINE = {"name": "Other", "time_zone": "Europe/Oslo", "hours": "always", "queue": "main"}


def view(*overrides: Override) -> View:
    lines = {
        "info": {**LINE, "numbers": ["+47 22 85 12 34"]},
        "night": {**LINE, "numbers": ["+47 22 85 12 35"]},
    }
    control = {"code": "*80", "language": "en", "lines": {"night": {"key": "7"}, "info": {"prompt": "hello"}}}
    plan = a_plan(sections={"lines": lines, "control": control})
    return View("en", controlled_lines(plan), Rulebook(plan, overrides), {12: "greeting"}, NOW)


def after(role: int, *entries: str, seen: View | None = None) -> Turn | Effect:
    """Where somebody of a role is after these entries."""
    seen = seen or view()
    move: Turn | Effect = react(seen, Session(), PinRight("kari", role))
    for text in entries:
        move = react(seen, move.session, Entered(text))
    return move


def said(move: Turn | Effect) -> list[str]:
    """All prompts of a turn, in order."""
    assert isinstance(move, Turn)
    found: list[str] = []
    for step in move.steps:
        match step:
            case Play(_, prompt):
                found.append(prompt)
            case Say(_, prompts) | Enter(_, prompts):
                found += prompts
            case _:
                pass
    return found


def ends(move: Turn | Effect) -> bool:
    return isinstance(move, Turn) and HangUp() in move.steps


def test_nothing_is_told_before_a_pin_was_right() -> None:
    assert said(react(view(), Session(), Began())) == ["control-pin"]
    move = react(view(), Session(), Entered("907142"))
    assert isinstance(move, Effect)
    assert move.what == CheckPin("907142")
    assert "907142" not in repr(move)
    assert "907142" not in repr(Entered("907142"))


@pytest.mark.parametrize("event", [Entered("4"), Entered("1"), Recorded(kept=True), Done(None)], ids=repr)
def test_without_a_pin_no_event_does_more_than_ask_again(event: ControlEvent) -> None:
    move = react(view(), Session(), event)
    assert not isinstance(move, Effect) or isinstance(move.what, CheckPin)


def test_the_third_wrong_pin_ends_the_call() -> None:
    session = Session()
    for _ in range(2):
        move = react(view(), session, PinWrong())
        assert said(move) == ["control-wrong-pin", "control-pin"]
        session = move.session
    assert ends(react(view(), session, PinWrong()))


def test_who_is_locked_out_is_told_so_and_nothing_else() -> None:
    move = react(view(), Session(), PinLocked())
    assert said(move) == ["control-locked"]
    assert ends(move)


@pytest.mark.parametrize(
    ("role", "allowed"), [(READ, "4"), (CONTROL, "1234"), (ADMIN, "12345")], ids=["read", "control", "admin"]
)
def test_a_role_hears_and_may_press_what_is_its_own(role: int, allowed: str) -> None:
    for key in "123456789":
        refused = said(after(role, key))[0] == "control-wrong-key"
        assert refused == (key not in allowed)
    assert ("control-close" in said(after(role))) == ("1" in allowed)
    assert ("control-record" in said(after(role))) == ("5" in allowed)


def test_lines_are_asked_for_by_key_and_named_by_prompt_where_there_is_one() -> None:
    assert line_question(view()) == (
        "control-which-line",
        *("control-line", "say-7", "control-press", "say-7"),
        *("hello", "control-press", "say-2"),
    )


@pytest.mark.parametrize(
    ("entries", "wanted"),
    [
        (("1", "7", "1"), SetOverride("night", OverrideKind.CLOSE, until_next_change=True)),
        (("1", "2", "2", "36"), SetOverride("info", OverrideKind.CLOSE, seconds=36 * 3600)),
        (("2", "2", "3"), SetOverride("info", OverrideKind.OPEN)),
        (("3", "7"), ClearLine("night")),
    ],
)
def test_a_change_is_pressed_together(entries: tuple[str, ...], wanted: object) -> None:
    move = after(CONTROL, *entries)
    assert isinstance(move, Effect)
    assert move.what == wanted


@pytest.mark.parametrize("hours", ["0", "721", "9999", "1*2", ""])
def test_hours_that_make_no_sense_are_asked_for_again(hours: str) -> None:
    assert said(after(CONTROL, "1", "7", "2", hours)) == ["control-wrong-key", "control-hours"]


def test_a_change_is_confirmed_by_what_holds_and_not_by_what_was_asked_for() -> None:
    until = NOW + timedelta(hours=4)
    held = Override("abc", "info", OverrideKind.CLOSE, NOW, until, "kari")
    move = after(CONTROL, "1", "2", "2", "4")
    assert isinstance(move, Effect)
    done = react(view(held), move.session, Done(move))
    assert said(done)[:7] == [
        "hello",
        "control-is-closed",
        "control-by-hand",
        "control-until",
        *("say-6", "say-pm"),
        "control-close",
    ]
    assert said(react(view(), move.session, Done(move)))[:2] == ["hello", "control-is-open"]


def test_an_end_on_another_day_is_told_with_its_date() -> None:
    held = Override("abc", "info", OverrideKind.OPEN, NOW, NOW + timedelta(days=2), "kari")
    assert "say-thu" in standing(view(held), view().lines[1])
    forever = replace(held, until=None)
    assert standing(view(forever), view().lines[1])[-1] == "control-until-cleared"


def test_what_could_not_be_done_is_said_and_the_menu_goes_on() -> None:
    move = after(CONTROL, "3", "7")
    again = react(view(), move.session, NotDone(("control-nothing-to-clear",)))
    assert said(again)[:2] == ["control-nothing-to-clear", "control-close"]


def test_a_recording_is_played_back_and_kept_made_again_or_left() -> None:
    move = after(ADMIN, "5", "12", "2")
    assert isinstance(move, Turn)
    assert move.steps[-1] == RecordPrompt(180)
    heard = react(view(), move.session, Recorded(kept=True))
    assert isinstance(heard, Turn)
    assert heard.steps[0] == Replay()
    kept = react(view(), heard.session, Entered("1"))
    assert isinstance(kept, Effect)
    assert kept.what == KeepRecording("en/greeting")
    again = react(view(), heard.session, Entered("2"))
    assert isinstance(again, Turn)
    assert again.steps[-1] == RecordPrompt(180)
    assert said(react(view(), heard.session, Entered("*")))[0] == "control-close"


def test_a_refused_recording_says_why_and_is_made_again() -> None:
    move = after(ADMIN, "5", "12", "2")
    heard = react(view(), move.session, Recorded(kept=True))
    refused = react(view(), heard.session, NotDone(("control-refused", "control-too-quiet")))
    assert said(refused)[:2] == ["control-refused", "control-too-quiet"]
    assert isinstance(refused, Turn)
    assert refused.steps[-1] == RecordPrompt(180)


def test_who_speaks_too_long_is_told_and_asked_again_and_not_for_ever() -> None:
    move = after(ADMIN, "5", "12", "2")
    for _ in range(2):
        move = react(view(), move.session, Recorded(kept=True, too_long=True))
        assert said(move)[:2] == ["control-refused", "control-too-long"]
        assert isinstance(move, Turn)
        assert move.steps[-1] == RecordPrompt(180)
    # A telephone beside a radio.
    assert ends(react(view(), move.session, Recorded(kept=True, too_long=True)))


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("13", "control-no-such-prompt"),
        ("0", "control-no-such-prompt"),
        ("1*2", "control-no-such-prompt"),
        ("", "control-wrong-key"),
    ],
)
def test_a_prompt_that_has_no_such_number_is_asked_for_again(entry: str, told: str) -> None:
    assert said(after(ADMIN, "5", entry)) == [told, "control-which-prompt"]


def test_a_recording_that_could_not_be_written_is_told() -> None:
    move = after(ADMIN, "5", "12", "2")
    lost = react(view(), move.session, Recorded(kept=False))
    assert said(lost) == ["control-not-possible", "control-which-prompt"]


def test_a_telephone_that_was_put_down_beside_is_hung_up() -> None:
    assert not ends(after(CONTROL, "", ""))
    assert ends(after(CONTROL, "", "", ""))


def test_a_star_leads_back_and_from_the_menu_out() -> None:
    assert said(after(CONTROL, "1", "7", "*"))[0] == "control-close"
    assert ends(after(CONTROL, "*"))


def test_a_key_is_heard_while_a_confirmation_is_still_being_said() -> None:
    move = after(CONTROL, "4")
    assert isinstance(move, Turn)
    assert len(move.steps) == 1
    assert isinstance(move.steps[0], Enter)

"""What the control menu says: its choices, its lines, and how a line stands."""

from __future__ import annotations

from datetime import datetime

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.control_steps import ADMIN, CONTROL, ControlledLine, View
from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.routing.speech import MOST_PARTS, date_of, number, time_of_day
from hotline_ivr.routing.wall import zone_of

Parts = tuple[str, ...]


def controlled_lines(plan: Plan) -> tuple[ControlledLine, ...]:
    """The lines of the menu in the YAML's order; all of the plan where none is named."""
    named = plan.control.lines if plan.control is not None else {}
    if not named:
        return tuple(ControlledLine(line, key, None) for key, line in enumerate(plan.lines, 1))
    return tuple(
        ControlledLine(line, each.key or place, each.prompt)
        for place, (line, each) in enumerate(named.items(), 1)
    )


def menu(role: int) -> Parts:
    """The choices of a role."""
    changes = ("control-close", "control-open", "control-clear") if role >= CONTROL else ()
    record = ("control-record",) if role >= ADMIN else ()
    return (*changes, "control-status", *record, "control-end")


def line_question(view: View) -> Parts:
    """`Which line? Admission, press 1. Line 2, press 2.` As many as fit; all can be pressed."""
    said: Parts = ("control-which-line",)
    for line in view.lines:
        choice = (*name(view, line), "control-press", *number(view.language, line.key))
        if len(said) + len(choice) > MOST_PARTS:
            break
        said += choice
    return said


def name(view: View, line: ControlledLine) -> Parts:
    return (line.prompt,) if line.prompt else ("control-line", *number(view.language, line.key))


def standing(view: View, line: ControlledLine) -> Parts:
    """`Line 1 is closed by hand until Monday the third of October, four P M.`"""
    is_open = view.book.situation(line.id, view.now).open
    said = (*name(view, line), "control-is-open" if is_open else "control-is-closed")
    held = _by_hand(view, line)
    if held is None:
        return said
    if held.until is None:
        return (*said, "control-by-hand", "control-until-cleared")
    return (*said, "control-by-hand", "control-until", *_moment(view, line, held.until))


def cleared(view: View, line: ControlledLine) -> Parts:
    """`The calendar decides again. Line 1 is open.`"""
    return ("control-cleared", *standing(view, line))


def _by_hand(view: View, line: ControlledLine) -> Override | None:
    held = [
        each
        for each in view.book.overrides
        if each.line == line.id and each.kind is not OverrideKind.SURGE and each.holds_at(view.now)
    ]
    return held[-1] if held else None


def _moment(view: View, line: ControlledLine, moment: datetime) -> Parts:
    zone = zone_of(view.book.plan.lines[line.id].time_zone)
    there, today = moment.astimezone(zone), view.now.astimezone(zone).date()
    clock = time_of_day(view.language, there.hour * 60 + there.minute)
    return clock if there.date() == today else (*date_of(view.language, there.date()), *clock)

"""Mistakes in shift plans, each with its place."""
# ruff: noqa: E501 - a table reads best with one row a line

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hotline_ivr.config.check import CheckResult, check
from tests.config.conftest import GOOD

KINDS = "break_kinds:\n  lunch: {name: Lunch, length: 30m, paid: no}\n  short: {name: Short, length: 15m}\n"


def checked(folder: Path, text: str) -> CheckResult:
    (folder / "hotline.yaml").write_text(f"{GOOD}{KINDS}{text}", encoding="utf-8")
    return check(folder)


def shift(breaks: str, hours: str = "08:00-16:00") -> str:
    return f"shifts:\n  early:\n    hours: {hours}\n    breaks: {{{breaks}}}\nshift_plans:\n  p: {{operators: [anna], week: {{mon: early}}}}\n"


def plan(plans: str, changes: str = "") -> str:
    text = (
        f"shifts:\n  early: {{hours: 08:00-16:00}}\n  night: {{hours: 22:00-06:00}}\nshift_plans:\n{plans}\n"
    )
    return text + (f"shift_changes:\n{changes}\n" if changes else "")


MISTAKES = [
    (shift("lunch: {at: 07:30}"), "shifts.early.breaks.lunch.at", "outside of its shift"),
    (shift("lunch: {at: 15:45}"), "shifts.early.breaks.lunch.at", "15:45-16:15, lies outside of its shift, 08:00-16:00"),
    (shift("lunch: {between: 15:00-17:00}"), "shifts.early.breaks.lunch.between", "outside of its shift"),
    (shift("lunch: {at: 02:00}", "22:00-02:15"), "shifts.early.breaks.lunch.at", "02:00-02:30, lies outside"),
    (shift("lunch: {at: 08:00, length: 4h}", "08:00-11:00"), "shifts.early.breaks.lunch", "break of 4h is not shorter than its shift (3h)"),
    (shift("lunch: {at: 08:00, length: 5h}"), "shifts.early.breaks.lunch.length", "4h"),
    (shift("lunch: {at: 12:00}, short: {at: 12:15}"), "shifts.early.breaks.short.at", "12:15-12:30, overlaps 'lunch', 12:00-12:30"),
    (shift("lunch: {between: 12:00-12:20}"), "shifts.early.breaks.lunch.between", "30m do not fit into 12:00-12:20 (20m)"),
    (shift("lunch: {between: 12:00-12:40}, short: {between: 12:00-12:40}"), "shifts.early.breaks.lunch.between", "take 45m together, more than 12:00-12:40"),
    (shift("lunch: {at: 12:10}, short: {between: 12:00-12:50, length: 25m}"), "shifts.early.breaks.short.between", "beside the planned breaks"),
    (shift("lunch: {at: 12:00, between: 12:00-13:00}"), "shifts.early.breaks.lunch", "both `at` and `between`"),
    (shift("lunch: {}"), "shifts.early.breaks.lunch", "has no time"),
    (shift("lunch: {at: 12.00}"), "shifts.early.breaks.lunch.at", "'12.00' is not a time of the clock"),
    (shift("lnch: {at: 12:00}"), "shifts.early.breaks.lnch", "no kind of break 'lnch'; did you mean 'lunch'?"),
    (shift("noon: {kind: lnch, at: 12:00}"), "shifts.early.breaks.noon.kind", "no kind of break 'lnch'; did you mean 'lunch'?"),
    (plan("  p: {operators: [ana], week: {mon: early}}"), "shift_plans.p.operators.0", "no operator 'ana'; did you mean 'anna'?"),
    (plan("  p: {operators: [anna], week: {mon: erly}}"), "shift_plans.p.week.mon", "no shift 'erly'; did you mean 'early'?"),
    (plan("  p: {operators: [anna], week: {mno: early}}"), "shift_plans.p.week.mno", "did you mean 'mon'?"),
    (plan("  p: {operators: [anna], week: {mon: 08:00-25:00}}"), "shift_plans.p.week.mon", "is not an interval"),
    (plan("  p: {operators: [anna], open_days_of: admision, week: {mon: early}}"), "shift_plans.p.open_days_of", "no line 'admision'; did you mean 'admission'?"),
    (plan("  p: {operators: [anna]}"), "shift_plans.p", "has no week"),
    (plan("  p: {operators: [anna], weeks: [{mon: early}, {tue: early}]}"), "shift_plans.p", "does not say which week is the first"),
    (plan("  p: {operators: [anna], weeks: [{mon: early}, {tue: early}], first_week: 2026-11-24}"), "shift_plans.p", "2026-11-24 is a Tuesday"),
    (plan("  p: {operators: [anna], from: 2026-05-01, until: 06-01, week: {mon: early}}"), "shift_plans.p", "one date with a year and one without"),
    (plan("  p: {operators: [anna], week: {mon: early}}", "  c: {operators: [anna], on: 2026-11-30, shift: lte}"), "shift_changes.c.shift", "no shift 'lte'"),
    (plan("  p: {operators: [anna], week: {mon: early}}", "  c: {operators: [anna], on: 2026-11-30, besides: yes}"), "shift_changes.c", "is off, besides"),
    (plan("  p: {operators: [anna], week: {mon: early}}", "  c: {operators: [anna], on: 2026-11-30, why: ill}"), "shift_changes.c.why", "ill"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "message"), MISTAKES)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, path: str, message: str) -> None:
    result = checked(tmp_path, text)
    assert result.plan is None
    assert [error.path for error in result.errors] == [path], result.text
    assert message in result.errors[0].message + result.errors[0].remedy
    assert result.errors[0].line


CLASHES = [
    ("  p: {operators: [anna], week: {mon: 'early, 15:00-17:00'}}", "",
     "shift_plans.p", "anna would work '15:00-17:00' from Monday 2024-01-01 15:00, while still at 'early'"),
    ("  p: {operators: [anna], week: {mon: night, tue: 05:00-08:00}}", "",
     "shift_plans.p", "'05:00-08:00' from Tuesday 2024-01-02 05:00, while still at 'night'"),
    ("  p: {operators: [anna], week: {sun: night, mon: 05:00-08:00}}", "",
     "shift_plans.p", "from Monday 2024-01-08 05:00, while still at 'night'"),
    ("  p: {operators: [anna], first_week: 2026-11-23, weeks: [{mon: 05:00-08:00}, {sun: night}]}", "",
     "shift_plans.p", "from Monday 2026-12-07 05:00, while still at 'night'"),
    ("  p: {operators: [anna], week: {mon: early}}", "  c: {operators: [anna], on: 2026-11-30, shift: 14:00-18:00, besides: yes}",
     "shift_changes.c", "anna would work '14:00-18:00' from Monday 2026-11-30 14:00, while still at 'early'"),
    ("  p: {operators: [anna], until: 2026-11-29, week: {sun: night}}\n  q: {operators: [anna], from: 2026-11-30, week: {mon: 05:00-08:00}}", "",
     "shift_plans.q", "from Monday 2026-11-30 05:00, while still at 'night'"),
    ("  p: {operators: [anna], week: {mon: early}}\n  q: {operators: [anna, bjorn], week: {tue: early}}", "",
     "shift_plans.q", "anna has two plans that hold on 2024-01-01 alike: 'p' and this one"),
    ("  p: {operators: [anna], week: {mon: early}}", "  c: {operators: [anna], on: 2026-11-30, shift: night}\n  d: {operators: [anna], on: 2026-11-30, shift: early}",
     "shift_changes.d", "anna has two changes that hold on 2026-11-30 alike: 'c' and this one"),
]  # fmt: skip


@pytest.mark.parametrize(("plans", "changes", "path", "message"), CLASHES)
def test_nobody_works_two_shifts_at_once(
    tmp_path: Path, plans: str, changes: str, path: str, message: str
) -> None:
    result = checked(tmp_path, plan(plans, changes))
    assert [error.path for error in result.errors] == [path], result.text
    assert message in result.errors[0].message


FINE = [
    ("  p: {operators: [anna], week: {mon: night, tue: 06:00-08:00}}", ""),
    ("  p: {operators: [anna], week: {mon-fri: early, fri: 18:00-20:00, sun: off}}", ""),
    # Off twice, sick on a day of a swap: what holds is plain.
    ("  p: {operators: [anna], week: {mon: early}}", "  c: {operators: [anna], on: 2026-11-30}\n  d: {operators: [anna], on: 2026-11-30, why: holiday}"),
    ("  p: {operators: [anna], week: {mon: early}}", "  c: {operators: [anna], on: 2026-11-30, why: sick}\n  d: {operators: [anna], on: 2026-11-30, shift: night}"),
    ("  p: {operators: [anna], week: {mon: early}}\n  q: {operators: [anna], from: 06-01, until: 08-31, week: {mon: night}}", ""),
]  # fmt: skip


@pytest.mark.parametrize(("plans", "changes"), FINE)
def test_what_is_plain_is_taken(tmp_path: Path, plans: str, changes: str) -> None:
    assert checked(tmp_path, plan(plans, changes)).errors == ()


def test_lines_of_two_time_zones_leave_open_by_which_clock_shifts_go(tmp_path: Path) -> None:
    other = "  riga: {name: R, numbers: [+37167283500], time_zone: Europe/Riga, hours: always, queue: main}\n"
    text = GOOD.replace("queues:\n", f"{other}queues:\n") + plan(
        "  p: {operators: [anna], week: {mon: early}}"
    )
    file = tmp_path / "hotline.yaml"
    file.write_text(text, encoding="utf-8")
    (error,) = check(file).errors
    assert "2 time zones" in error.message
    file.write_text(text.replace("University\n", "University\n  time_zone: Europe/Oslo\n"), encoding="utf-8")
    assert check(file).errors == ()


def test_shifts_and_kinds_of_break_that_nobody_uses_are_named(tmp_path: Path) -> None:
    told = checked(tmp_path, plan("  p: {operators: [anna], week: {mon: early}}")).warnings
    assert [problem.path for problem in told] == ["break_kinds.lunch", "break_kinds.short", "shifts.night"]


@pytest.mark.parametrize(
    ("written", "path"),
    [("two", "queues.main.minimum_ready"), ("{x: always}", "queues.main.minimum_ready.x"),
     ("{2: {mon: 10-14}}", "queues.main.minimum_ready.2.mon"), ("1001", "queues.main.minimum_ready")],
)  # fmt: skip
def test_a_minimum_is_a_number_or_numbers_with_hours(tmp_path: Path, written: str, path: str) -> None:
    text = GOOD.replace("[anna, bjorn]", f"[anna, bjorn]\n    minimum_ready: {written}")
    (tmp_path / "hotline.yaml").write_text(text, encoding="utf-8")
    (error,) = check(tmp_path).errors
    assert error.path.startswith(path)


def test_the_schema_takes_every_way_to_write_shifts(tmp_path: Path) -> None:
    """An editor must not mark as wrong what `hotline check` finds right."""
    text = """\
shifts:
  early:
    hours: 8:00-16:00
    breaks: {lunch: {at: 9:30, length: 1800}, rest: {kind: short, between: 12:00 - 14:00, length: 20m}}
shift_plans:
  p: {operators: [anna], from: 05-20, until: 06-30, week: {mon, wed: early, fri-sat: [early, 20:00-22:00], sun: off}}
  q:
    operators: [bjorn]
    open_days_of: admission
    first_week: 2026-1-5
    weeks: [{mon-fri: early}, {tue: "10:00-14:00, 15:00-18:00"}]
shift_changes:
  a: {operators: [anna, bjorn], on: [2026-12-24, easter-1], why: holiday}
  b: {operators: [anna], on: 2027-06-02, shift: 17:00-24:00, besides: yes, why: extra}
"""
    good = GOOD.replace(
        "[anna, bjorn]", "[anna, bjorn]\n    minimum_ready: {0: always, 2: {mon: 08:00-09:00}}"
    )
    good = good.replace("University\n", "University\n  time_zone: Europe/Oslo\n  most_away: 2\n")
    text = text.replace("{mon, wed: early,", "{'mon, wed': early,")
    file = tmp_path / "hotline.yaml"
    file.write_text(good + KINDS + text, encoding="utf-8")
    result = check(file)
    assert result.problems == (), result.text
    schema = Path(__file__).parents[2] / "config" / "hotline.schema.json"
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_who_is_signed_in_by_shift_has_one(tmp_path: Path) -> None:
    good = GOOD.replace("name: Bjørn Dahl\n", "name: Bjørn Dahl\n    sign_in: shift\n")
    (tmp_path / "hotline.yaml").write_text(good, encoding="utf-8")
    (error,) = check(tmp_path).errors
    assert (error.path, error.message) == ("operators.bjorn.sign_in", "no shift ever signs 'bjorn' in")
    plan_of_all = "  p: {operators: [anna, bjorn], week: {mon: 08:00-12:00}}"
    (tmp_path / "hotline.yaml").write_text(f"{good}shift_plans:\n{plan_of_all}\n", encoding="utf-8")
    assert not check(tmp_path).errors

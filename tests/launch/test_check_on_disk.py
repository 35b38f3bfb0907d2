"""What `hotline check` looks for, one row each: what is written, and where it is told what of it is wrong.

The line that is told is the one that ends with `# here`. That every name is looked up, see
tests/config/test_every_reference.py.
"""
# ruff: noqa: E501 - a table reads best with one row a line

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hotline_ivr.config.check import CheckResult
from hotline_ivr.launch.plans import check_on_disk
from hotline_ivr.settings import Settings
from hotline_ivr.testing.verbs import run_verb

BASE = """\
organisation:
  name: Example University
lines:
  info:
    name: Information
    numbers: [+47 22 85 12 34]
    time_zone: Europe/Oslo
    language: en
    calendar: office
    menu: first
    queue: main
calendars:
  office:
    hours: {mon-fri: 08:00-16:00}
menus:
  first:
    prompt: choose
    keys:
      0: operator
queues:
  main:
    operators: [anna, bjorn]
operators:
  anna:
    name: Anna Berg
  bjorn:
    name: Bjørn Dahl
trunks:
  carrier:
    hosts: [192.0.2.10]
    outbound: 192.0.2.10:5060
"""
WORDS = "choose: {en: Press one., nb: Trykk en.}\nonly-english: {en: Only in English.}\n"

AGAIN = "0: operator\n"
"""The key of the base's menu."""
LAST = "    outbound: 192.0.2.10:5060\n"
WEEK = "    hours: {mon-fri: 08:00-16:00}\n"

ROWS = [
    # Loops and dead ends in routes.
    ("error", "callers go round in menus and never come out", "  first:\n    prompt: choose\n    keys:\n      0: operator\n",
     "  first:  # here\n    prompt: choose\n    keys: {1: repeat}\n    default: {menu: first}\n"),
    ("error", "callers go round in menus and never come out", LAST,
     LAST + "collects:\n  digits:  # here\n    prompt: choose\n    default: {collect: digits}\n"),
    ("warning", "who presses nothing goes round here: second -> third -> second", AGAIN,
     AGAIN + "    default: {menu: second}\n  second:  # here\n    prompt: choose\n    keys: {0: operator}\n    default: {menu: third}\n"
     "  third:\n    prompt: choose\n    keys: {0: operator}\n    default: {menu: second}\n"),
    ("warning", "who presses nothing goes round here: digits -> digits", AGAIN,
     AGAIN + "    default: {collect: digits}\ncollects:\n  digits:  # here\n    prompt: choose\n    default: {queue: main}\n    failed: {collect: digits}\n"),
    ("error", "these calendars extend one another in a circle: office -> other -> office", WEEK,
     WEEK + "    extends: [other]  # here\n  other: {extends: [office]}\n"),
    ("error", "is a number of line 'info': callers would go in circles", AGAIN, AGAIN + "      2: {transfer: 22 85 12 34}  # here\n"),
    ("error", "no carrier takes calls from here, so nobody can be transferred outside", AGAIN, AGAIN + "      2: {transfer: 22 85 00 00}  # here\n",
     "    outbound: 192.0.2.10:5060\n", ""),
    ("error", "nobody can serve this queue: no operator has all of swedish, billing", "    operators: [anna, bjorn]\n",
     "    needs: [swedish, billing]  # here\n", "name: Anna Berg\n", "name: Anna Berg\n    skills: {swedish: 1}\n",
     "name: Bjørn Dahl\n", "name: Bjørn Dahl\n    skills: {billing: 1}\n"),
    ("error", "overflow rule 'late' never comes: max_wait is 300 s", "    queue: main\n",
     "    queue: main\n    overflow: [{name: late, after: 10m, to: {queue: main}}]\n"),
    # Nodes that nobody reaches.
    ("warning", "no line leads to this menu", AGAIN, AGAIN + "  second:  # here\n    prompt: choose\n    keys: {0: operator}\n"),
    ("warning", "no line leads to this question for digits", LAST, LAST + "collects:\n  digits: {prompt: choose}  # here\n"),
    ("warning", "no line leads to this voicemail box", LAST, LAST + "voicemails:\n  box: {prompt: choose}  # here\n"),
    ("warning", "no line leads to this centre", LAST,
     LAST + "centres:\n  night:  # here\n    name: Night centre\n    targets: {desk: {number: 22 85 00 00}}\n"),
    ("warning", "no line sends callers to queue 'spare'", "queues:\n", "queues:\n  spare: {operators: [anna]}  # here\n"),
    ("warning", "no line goes by calendar 'spare'", "calendars:\n", "calendars:\n  spare: {hours: always}  # here\n"),
    ("warning", "operator 'bjorn' is in no queue", "[anna, bjorn]", "[anna]"),
    # Open hours that nobody staffs.
    ("warning", "nobody staffs this queue while it is open (info): mon-fri 14:00-16:00", "    operators: [anna, bjorn]\n",
     "    operators: [anna, bjorn]  # here\nshift_plans:\n  p: {operators: [anna, bjorn], week: {mon-fri: 08:00-14:00}}\n"),
    ("warning", "nobody staffs this queue while it is open (info): Sat 20", WEEK,
     WEEK + "    openings: {fair: {on: first saturday of every month, hours: 10:00-12:00}}\nshift_plans:\n"
     "  p: {operators: [anna, bjorn], week: {mon-fri: 08:00-16:00}}\n"),
    # Numbers without a line.
    ("warning", "+4722851235 is paid for, and reaches no line", LAST,
     LAST + "contracts:\n  telecom:\n    carrier: Telecom\n    currency: NOK\n    time_zone: Europe/Oslo\n    from: 2016-01-01\n"
     "    numbers: [22 85 12 34, 22 85 12 35]  # here\n"),
    ("error", "+4722851234 already reaches line 'info'", "calendars:\n",
     "  other:\n    name: Other\n    numbers: [22 85 12 34]  # here\n    time_zone: Europe/Oslo\n    hours: always\n    queue: main\ncalendars:\n"),
    # A prompt that is missing, or in a language of its line.
    ("error", "there is no prompt 'chose'; did you mean 'choose'?", "prompt: choose\n", "prompt: chose  # here\n"),
    ("warning", 'prompt "only-english" has no words in nb', "    language: en\n",
     "    language: en\n    languages: [nb]\n    greeting: only-english  # here\n"),
    ("warning", 'prompt "only-english" has no words in nb', "    language: en\n    calendar: office\n    menu: first\n",
     "    language: nb\n    calendar: office\n    menu: first\n    closed_message: only-english  # here\n"),
    # A calendar that never opens.
    ("error", "line 'info' would never open: calendar 'office' has no hours", WEEK, "    closures: {moving: {on: 05-05}}\n"),
    ("warning", "this line does not open once in the next two years", WEEK,
     "    hours: {mon-fri: 08:00-16:00}\n    closures: {all-year: {on: 01-01 to 12-31}}\n"),
    # Rules that overlap, or never decide.
    ("warning", "overlaps season 'july'", WEEK,
     WEEK + "    seasons:\n      july: {from: 06-25, until: 07-31, hours: closed}\n      august: {from: 07-20, until: 08-31, hours: {mon: 08:00-10:00}}  # here\n"),
    ("warning", "never decides anything in the next two years", WEEK,
     WEEK + "    openings: {fair: {on: 10-10, hours: 08:00-12:00}}\n    closures:\n      tidy: {on: 10-10, hours: 08:00-12:00}  # here\n"),
    # Dates that are past.
    ("warning", "has been over since 2020-05-05", WEEK, WEEK + "    closures:\n      moving: {on: 2020-05-05}  # here\n"),
    ("warning", "has been over since 2020-05-05", WEEK,
     WEEK + "    seasons:\n      summer: {from: 2020-05-01, until: 2020-05-05, hours: closed}  # here\n"),
    ("warning", "the campaign has been over since 2020-05-05 16:00", "    queue: main\n",
     "    queue: main\n    campaign:\n      until: 2020-05-05 16:00  # here\n"),
    ("warning", "the numbers of this line were to be given back from 2020-05-05", "    queue: main\n",
     "    queue: main\n    campaign:\n      from: 2020-05-01 08:00\n      release_reminder: 2020-05-05  # here\n"),
    ("warning", "has been over since 2020-05-05", LAST, LAST + "guard:\n  block:\n    - numbers: [22 85 00 00]\n      until: 2020-05-05  # here\n"),
    ("warning", "has been over since 2020-05-05", LAST,
     LAST + "centres:\n  night:\n    name: Night centre\n    targets: {desk: {number: 22 85 00 00}}\n    rota:\n"
     "      - {from: 2020-05-01, until: 2020-05-05, targets: [desk]}  # here\n"),
    ("warning", "has been over since 2020-05-05", LAST,
     LAST + "duty:\n  people: {kari: {name: Kari, mail: kari@example.org}}\n  weeks: [kari]\n  days:\n    - {on: 2020-05-05, who: kari}  # here\n"),
    ("warning", "has been over since 2020-05-05", LAST,
     LAST + "shift_changes:\n  ill:  # here\n    {operators: [anna], on: 2020-05-05, why: sick}\n"),
    # Misspelt keys, at every depth.
    ("error", "unknown key 'calenders'; did you mean 'calendars'?", "calendars:\n", "calenders:  # here\n"),
    ("error", "unknown key 'qeue'; did you mean 'queue'?", "    queue: main\n", "    queue: main\n    qeue: main  # here\n"),
    ("error", "unknown key 'huors'; did you mean 'hours'?", WEEK, WEEK + "    closures: {moving: {on: 05-05, huors: 08:00-10:00}}  # here\n"),
    ("error", "unknown key 'tries_'; did you mean 'tries'?", AGAIN, AGAIN + "    tries_: 2  # here\n"),
    # Callers' numbers, and others, that are none.
    ("error", "'call us' is not a telephone number", "[+47 22 85 12 34]\n", "[call us]  # here\n"),
    ("error", "'+47 123' has too few digits", LAST, LAST + "known_callers:\n  press: {numbers: ['+47 123'], priority: 5m}  # here\n"),
    ("error", "'+999 12345678' has a country code that does not exist", LAST,
     LAST + "guard:\n  block: [{numbers: [+999 12345678]}]  # here\n"),
    ("error", "'12' has too few digits", LAST, LAST + "guard:\n  allow: [{numbers: ['12']}]  # here\n"),
    ("error", "'+47 22 85 12 34 56 78 90 12' has too many digits", AGAIN, AGAIN + "      2: {transfer: +47 22 85 12 34 56 78 90 12}  # here\n"),
    ("warning", "no such number is handed out in its country (+4719999999)", "[+47 22 85 12 34]\n", "[+47 22 85 12 34, +47 19 99 99 99]  # here\n"),
]  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    texts = tmp_path / "config" / "prompts" / "prompts.yaml"
    texts.parent.mkdir(parents=True)
    texts.write_text(WORDS, encoding="utf-8")
    return Settings(config=tmp_path / "config", state=tmp_path / "state")


def write(settings: Settings, text: str) -> None:
    (settings.config / "hotline.yaml").write_text(text, encoding="utf-8")


def checked(settings: Settings, text: str) -> CheckResult:
    write(settings, text)
    return check_on_disk(settings)


def test_the_base_has_nothing_to_tell(settings: Settings) -> None:
    assert checked(settings, BASE).text == ""


SANE = """\
menus:
  first:
    prompt: choose
    short_prompt: choose
    keys:
      1: {language: nb, menu: topics}
      2: {language: en, menu: topics}
    default: {menu: topics}
  topics:
    prompt: choose
    no_input: choose
    wrong_input: choose
    keys:
      1: {queue: main}
      2: {collect: account}
      3: {menu: offices}
      4: {voicemail: box}
      5: {callback: main}
      6: {transfer: 22 85 00 00}
      7: hours
      8: {menu: first}
      9: repeat
      0: operator
  offices:
    prompt: choose
    keys:
      1: {message: choose}
      "*": back
    default: {menu: offices}
collects:
  account:
    prompt: choose
    default: {queue: main}
    failed: {menu: topics}
voicemails:
  box: {prompt: choose}
"""
"""What a line's menus are like: languages, topics, a place to listen to again and again, and ways back."""


def test_a_sane_menu_has_nothing_to_tell(settings: Settings) -> None:
    with_menus = BASE[: BASE.index("menus:")] + SANE + BASE[BASE.index("queues:\n  main") :]
    (settings.config / "prompts/prompts.yaml").write_text(WORDS + "callback: {en: Later., nb: Senere.}\n")
    assert (
        checked(settings, with_menus.replace("language: en\n", "language: en\n    languages: [nb]\n")).text
        == ""
    )


@pytest.mark.parametrize(
    ("severity", "message", "changes"),
    [(row[0], row[1], row[2:]) for row in ROWS],
    ids=[row[1] for row in ROWS],
)
def test_each_thing_is_told_once_with_its_file_and_line(
    settings: Settings, severity: str, message: str, changes: tuple[str, ...]
) -> None:
    """`changes` are what is replaced, and by what, again and again."""
    text = BASE
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new, 1)
    result = checked(settings, text)
    told = [each for each in result.problems if message in each.message]
    assert [each.severity for each in told] == [severity], result.text
    (problem,) = told
    marked = [number for number, line in enumerate(text.splitlines(), 1) if line.endswith("# here")]
    assert not marked or marked == [problem.line], result.text
    assert f"{settings.config}/hotline.yaml:{problem.line}:{problem.column}: {severity}: " in result.text
    assert problem.remedy
    assert (result.plan is None) == bool(result.errors)


@pytest.mark.parametrize(("strict", "code"), [((), 0), (("--strict",), 3)])
def test_a_warning_is_an_error_only_where_it_is_to_be_one(
    settings: Settings, strict: tuple[str, ...], code: int
) -> None:
    write(settings, BASE.replace("calendars:\n", "calendars:\n  spare: {hours: always}\n"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    done = run_verb(
        ("check", *strict, str(settings.config)), {**kept, "HOTLINE_STATE": str(settings.state_dir)}, 60
    )
    assert done.returncode == code
    assert "hotline.yaml:13:3: warning: no line goes by calendar 'spare'" in done.stderr

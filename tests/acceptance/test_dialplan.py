"""The rendered configuration and the hand-written dialplan, linted and loaded by a real Asterisk."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.asterisk.render.fallback import fallback_files
from hotline_ivr.files import replace
from hotline_ivr.launch.plans import plan_on_disk
from hotline_ivr.routing.decide import arrived, visit_of
from hotline_ivr.routing.foreseen import foresee
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.situation import Rule, RuleKind, Situation
from hotline_ivr.routing.steps import Call
from hotline_ivr.setup.share import dialplans_source
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import OPEN, plan
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from hotline_ivr.testing.stage_events import wait_event

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(90)]

WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    made = make_stack(plan({"anna": None}, now=datetime.now(UTC)))
    made.start()
    return made


def test_asterisk_loads_everything_without_a_warning(stack: HotlineStack) -> None:
    log = (stack.settings.log_dir / "messages.log").read_text(encoding="utf-8")
    assert "loader.c" in log
    # Lines of calls ([C-...]) tell what other tests have done to the service of this node.
    loading = [line for line in log.splitlines() if not re.search(r"\[C-[0-9a-f]{8}\]", line)]
    assert [line for line in loading if re.search(r"\b(WARNING|ERROR)\b", line)] == []


def lint(extensions: Path) -> str:
    """What asterisklint says of a dialplan; nothing if it finds nothing."""
    program = Path(sys.executable).with_name("asterisklint")
    command = [str(program), "dialplan-check", str(extensions)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def takes_more(stack: HotlineStack, application: str, arguments: int) -> bool:
    """Whether Asterisk's application takes more arguments than the lint knows of."""
    told = stack.console(f"core show application {application}")
    syntax = re.search(rf"^{application}\((.*)\)$", re.sub(r"\x1b\[[0-9;]*m", "", told), re.MULTILINE)
    return syntax is not None and syntax[1].count(",") + 1 > arguments


def test_no_step_of_the_dialplan_is_unknown_to_asterisk_or_leads_nowhere(stack: HotlineStack) -> None:
    said = lint(stack.settings.etc_dir / "extensions.conf").splitlines()
    # The lint is older than some functions, of which Asterisk itself is asked.
    functions = set(re.findall(r"^(\w+)", stack.console("core show functions"), re.MULTILINE))
    missing = re.compile(r"E_FUNC_MISSING: function '(\w+)'")
    said = [line for line in said if not ((found := missing.search(line)) and found[1] in functions)]
    # So it is than the last argument of some applications.
    many = re.compile(r"E_APP_ARG_MANY: too many arguments for app '(\w+)', maximum is (\d+)")
    unknown = []
    for line in said:
        found = many.search(line)
        if not found or not takes_more(stack, found[1], int(found[2])):
            unknown.append(line)
    assert unknown == []
    assert "LOCK" in functions


def test_every_application_of_the_dialplan_is_loaded(stack: HotlineStack) -> None:
    """The lint knows all that Asterisk has; ours loads only what a hotline needs."""
    written = "".join(path.read_text(encoding="utf-8") for path in sorted(dialplans_source().glob("*.conf")))
    used = set(re.findall(r"^(?:exten => [^,]+,1|\s*same => n(?:\(\w+\))?),(\w+)\(", written, re.MULTILINE))
    known = set(re.findall(r"^\s*(\w+):", stack.console("core show applications"), re.MULTILINE))
    assert {"Read", "Record", "Dial", "Queue"} <= used
    assert used - known == set()


def test_the_lint_finds_what_it_is_for(stack: HotlineStack) -> None:
    broken = stack.folder / "broken.conf"
    broken.write_text(
        "[general]\n[a]\nexten => s,1,NoSuchApplication()\n same => n,Goto(nowhere,s,1)\n", encoding="utf-8"
    )
    assert "NoSuchApplication" in lint(broken)


PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
# What the console's command and the function's own arguments cannot carry.
SPEAKABLE = PRINTABLE.translate(dict.fromkeys(map(ord, '"\\,(){}$;'), None))


def meant(allowed: str) -> str:
    """What a reader takes FILTER's argument for: ranges, and each other character for itself."""
    return "".join(re.findall("[" + re.sub(r"([\].^_])", r"\\\1", allowed) + "]", SPEAKABLE))


def test_what_is_filtered_lets_through_what_it_says_and_nothing_else(stack: HotlineStack) -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in sorted(dialplans_source().glob("*.conf")))
    written += (stack.settings.etc_dir / "extensions.conf").read_text(encoding="utf-8")
    filters = set(re.findall(r"\$\{FILTER\(([^,]+),", written))
    assert {"0-9+*#", "0-9", "-A-Za-z0-9 ."} <= filters
    for allowed in sorted(filters):
        told = stack.console(f'dialplan eval function "FILTER({allowed},{SPEAKABLE})"')
        passed = re.search(r"^Result: (.*)$", told, re.MULTILINE)
        assert passed is not None, told
        assert sorted(passed[1]) == sorted(meant(allowed)), allowed


def test_only_our_own_numbers_can_be_called(stack: HotlineStack) -> None:
    shown = stack.console("dialplan show hotline-numbers")
    extensions = set(re.findall(r"^\s+'([^']+)' =>", shown, re.MULTILINE))
    assert {"+4722851201", "4722851201", "004722851201", "22851201"} <= extensions
    assert not [extension for extension in extensions if extension.startswith("_")]


# The state of the line now, told by fallback files of various ages; the service is dead.
AGES: dict[str, tuple[list[tuple[float, bool]], str]] = {
    "opened-yesterday": ([(-2, False), (-1, True), (12, True)], "en/greeting"),
    "closed-an-hour-ago": ([(-2, True), (-1 / 24, False), (12, False)], "en/closed"),
    "opens-tomorrow": ([(-2, False), (1, True), (12, True)], "en/closed"),
    # The files are older than their horizon: the last week is repeated.
    "a-week-too-old-and-open-then": (
        [(-22, False), (-15.5, True), (-14.5, False), (-8, False)],
        "en/greeting",
    ),
    "a-week-too-old-and-closed-then": ([(-22, True), (-15.5, False), (-14.5, True), (-8, True)], "en/closed"),
}


@pytest.mark.parametrize("age", AGES)
async def test_without_the_service_the_fallback_knows_the_hours(
    stack: HotlineStack, telephones: Telephones, age: str
) -> None:
    stack.stop_service()
    moments, expected = AGES[age]
    now = datetime.now(UTC)
    # What happened at this moment two weeks and one day ago ... is the same as a week ago and now.
    shift = timedelta(days=1) if age.startswith("a-week") else timedelta()
    book = Rulebook(plan_on_disk(stack.settings))
    visit = visit_of(book, Call("open", "", "", book.plan.version), now)
    assert visit is not None
    rule = Rule(RuleKind.WEEK, "open.hours")
    foreseen = dataclasses.replace(
        foresee(book, "open", now, 1, now),
        arrivals=tuple(arrived(visit, Situation(is_open, rule)) for is_open in (False, True)),
        changes=tuple((now + shift + timedelta(days=days), int(is_open)) for days, is_open in moments),
    )
    for name, text in fallback_files("open", foreseen).items():
        replace(stack.settings.fallback_dir / name, text)
    number = f"+4790060{list(AGES).index(age):03}"
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(OPEN)
    playing = await wait_event(stack.settings.cel_file, number, "play", 10)
    await call.hang_up()
    assert playing.fields[1] == expected


async def test_a_machine_on_which_the_service_has_never_run_says_sorry_all_the_same(
    stack: HotlineStack, telephones: Telephones
) -> None:
    stack.stop_service()
    (stack.settings.fallback_dir / "open.txt").unlink()
    number = "+4790060099"
    caller = await telephones.caller(number, "127.0.0.1", stack.settings.sip_port)
    call = await caller.dial(OPEN)
    playing = await wait_event(stack.settings.cel_file, number, "play", 10)
    assert playing.fields[1] == "en/technical"
    await call.wait_ended(30)

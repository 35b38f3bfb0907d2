"""A thousand situations, each met by a real caller and foretold by `explain`: word for word the same."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.config.check import read_plan
from hotline_ivr.control.overrides_file import OverridesFile
from hotline_ivr.routing.explain import explain
from hotline_ivr.routing.floor_state import FloorState
from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.situation import RuleKind
from hotline_ivr.routing.steps import Answer, AskKey, Call, HangUp, Mark, Play, Step, Wait
from hotline_ivr.setup.machine import ready_sounds
from hotline_ivr.testing.plans import plan
from hotline_ivr.testing.sipp import Caller, callers
from hotline_ivr.testing.stack import HotlineStack
from hotline_ivr.testing.stage_events import stage_log, wait_event

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

COUNT, SEED, A_SECOND = 1000, 1814, 25
BEGIN, DAYS = datetime(2031, 3, 1, tzinfo=UTC), 760
"""Two years from here: four changes of the clock, two ends of a year, a leap day."""

WEEK = {"mon-fri": "08:00-12:00, 12:30-16:00"}
CALENDARS: dict[str, dict[str, Any]] = {
    "week": {"hours": WEEK},
    "nights": {"hours": {"fri-sat": "22:00-02:00", "sun": "02:30-03:30"}},
    "seasons": {"hours": WEEK, "seasons": {"summer": {"from": "06-15", "until": "08-15", "message": "news",
                "hours": {"tue": "10:00-14:00"}},
                "leap": {"from": "02-29", "until": "03-02", "hours": "always"}}},
    "evening": {"openings": {"deadline": {"on": "2032-02-29", "hours": "18:00-02:00", "greeting": "thanks"}}},
    "lunch": {"hours": "always", "closures": {"staff": {"on": "last friday of every month",
              "hours": "11:00-13:00", "message": "more"}, "year-end": {"on": "12-30 to 01-01"}}},
    "half-days": {"hours": WEEK, "special_days": {"easter-eve": {"on": "easter-1", "hours": "09:00-12:00"},
                  "leap": {"on": "02-29", "as": "mon", "greeting": "callback"}, "eve": {"on": "12-24"}}},
    "holidays": {"hours": WEEK, "holidays": {"country": "NO", "message": "wrong-key"}},
    "ical": {"hours": WEEK, "ical": [{"file": "events.ics", "message": "no-key"}]},
    "all": {"extends": ["half-days", "holidays", "seasons", "lunch", "evening"], "hours": WEEK},
}  # fmt: skip
EVENTS = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", "UID:move", "SUMMARY:Move",
          "DTSTAMP:20300101T000000Z", "DTSTART:20310304T100000", "DTEND:20310304T113000",
          "RRULE:FREQ=WEEKLY;COUNT=100", "END:VEVENT", "END:VCALENDAR", ""]  # fmt: skip
CAMPAIGN = {"from": "2031-10-26 02:30", "until": "2032-02-29 23:30", "before": "incident", "after": "menu"}
LINES: list[dict[str, Any]] = [
    *({"calendar": name} for name in CALENDARS),
    {"calendar": "all", "time_zone": "America/New_York"},
    {"calendar": "nights", "time_zone": "Pacific/Apia", "queue": "deserted"},
    {"calendar": "holidays", "time_zone": "Asia/Kolkata", "language": "nb"},
    {"hours": "always", "campaign": CAMPAIGN},
    {"calendar": "week", "campaign": CAMPAIGN, "queue": "full"},
    {"calendar": "lunch", "queue": "deserted"},
    {"calendar": "all", "queue": "full", "language": "nb"},
    {"calendar": "week", "menu": "main"},
    {"calendar": "seasons", "closed_to": {"message": "menu"}},
    {"calendar": "week"},  # closed and opened by hand
    {"hours": "always"},  # an information up front
]
STATES = {"full": FloorState.FULL, "deserted": FloorState.EMPTY}
BY_HAND = [
    (18, OverrideKind.CLOSE, "incident", datetime(2031, 6, 2, 7, tzinfo=UTC), 400),
    (18, OverrideKind.OPEN, None, datetime(2032, 2, 27, 20, tzinfo=UTC), 60),
    (19, OverrideKind.SURGE, "news", datetime(2031, 12, 31, 12, tzinfo=UTC), 90),
]
BUSY = "+4722852999"


def a_line(name: str, number: str, **more: Any) -> dict[str, Any]:
    usual = {"name": name, "numbers": [number], "time_zone": "Europe/Oslo", "language": "en", "queue": "main"}
    return {**usual, "languages": ["nb"] if more.get("language") != "nb" else ["en"], **more}


def configuration() -> dict[str, Any]:
    made = plan({"anna": None}, now=datetime.now(UTC))
    queue = {"operators": ["anna"], "join_when_empty": True}
    made["queues"] = {"main": queue, "full": {**queue, "max_waiting": 1}, "deserted": {"operators": ["anna"]}}
    made["calendars"] = CALENDARS
    made["menus"] = {"main": {"prompt": "menu", "keys": {1: "operator"}, "timeout": "20s"}}
    made["lines"] = {f"l{n}": a_line(f"Line {n}", f"+47228520{n:02}", **each) for n, each in enumerate(LINES)}
    made["lines"]["busy"] = a_line("Busy", BUSY, hours="always", queue="full", max_wait="7200s")
    return made


def situations(book: Rulebook) -> list[tuple[str, Call, datetime]]:
    """Line, call and moment; mostly edges, evenly by the rule that begins there, give or take a minute."""
    chance = random.Random(SEED)
    edges: dict[str, dict[str, list[datetime]]] = {}
    for n in range(len(LINES)):
        by_rule: dict[str, list[datetime]] = defaultdict(list)
        for change in book.changes(f"l{n}", BEGIN, DAYS):
            by_rule[change.situation.rule.name].append(change.at)
        edges[f"l{n}"] = by_rule
    nights = [datetime(2031, 3, 30, 1, tzinfo=UTC), datetime(2031, 10, 26, 1, tzinfo=UTC),
              datetime(2031, 12, 31, 23, tzinfo=UTC), datetime(2032, 2, 29, 12, tzinfo=UTC)]  # fmt: skip
    found = []
    for n in range(COUNT):
        line = f"l{n % len(LINES)}"
        if chance.random() < 0.7:
            at = chance.choice(edges[line][chance.choice(sorted(edges[line]))])
            at += timedelta(seconds=chance.choice([-60, -1, 0, 1, 60]))
        elif chance.random() < 0.5:
            at = chance.choice(nights) + timedelta(minutes=chance.randrange(-720, 720))
        else:
            at = BEGIN + timedelta(minutes=chance.randrange(DAYS * 1440))
        number = book.plan.lines[line].numbers[0]
        found.append((line, Call(line, number, f"+4791{n:06}", book.plan.version), at))
    return found


def as_event(step: Step) -> tuple[str, ...]:
    """The stage event that a step leaves."""
    match step:
        case Answer():
            return ("answer",)
        case Play(language, prompt, stage):
            return ("play", f"{language}/{prompt}", stage.value)
        case AskKey(node, language, prompts, stage=stage):
            return ("menu", node, f"{language}/{'+'.join(prompts)}", stage.value)
        case Wait(queue, max_wait_s):
            return ("wait", queue, str(max_wait_s))
        case Mark(outcome):
            return ("mark", outcome.value)
        case HangUp():
            return ("hangup",)
        case _:
            raise AssertionError(f"no line of this test does {step}")


def foretold(book: Rulebook, call: Call, at: datetime) -> list[tuple[str, ...]]:
    floor = STATES.get(book.plan.lines[call.line].queue, FloorState.STAFFED)
    found: list[tuple[str, ...]] = []
    for part in explain(book, call, at, floor).parts:
        found.append(("asked", book.plan.version, part.decision.reason))
        found += [as_event(step) for step in part.decision.steps]
    return found


def met(cel_file: Path) -> dict[str, list[tuple[str, ...]]]:
    """What each caller's call went through, by the number."""
    by_call = [[event.fields for event in events] for events in stage_log(cel_file).calls().values()]
    told = {"asked", "answer", "play", "menu", "wait", "mark", "hangup", "fallback"}
    return {own[0][3]: [each for each in own if each[0] in told] for own in by_call}


@pytest.fixture
def node(tmp_path: Path, asterisk_root: Path, texts: Path, sounds: Path) -> Any:
    short = tmp_path / "texts"
    short.mkdir()
    prompts = json.loads((texts / "prompts.yaml").read_text())
    (short / "prompts.yaml").write_text(json.dumps({name: {"nb": "A.", "en": "A."} for name in prompts}))
    variables = {"HOTLINE_SOUNDS": str(short), "HOTLINE_TEST_CLOCK": str(tmp_path / "clock.json")}
    made = HotlineStack(
        tmp_path / "node", configuration(), sounds=sounds, asterisk_root=asterisk_root, variables=variables
    )
    (made.settings.config / "events.ics").write_bytes("\r\n".join(EVENTS).encode())
    for n, (line, kind, prompt, since, hours) in enumerate(BY_HAND):
        until = since + timedelta(hours=hours)
        by_hand = Override(f"hand{n}", f"l{line}", kind, since, until, "kari", prompt)
        OverridesFile(made.settings.overrides_file).add(by_hand, datetime.now(UTC) - timedelta(days=n))
    ready_sounds(made.settings)
    with made:
        yield made


async def test_a_thousand_callers_meet_what_explain_foretells(node: HotlineStack, tmp_path: Path) -> None:
    settings = node.settings
    overrides = OverridesFile(settings.overrides_file).standing(datetime.now(UTC))
    book = Rulebook(read_plan(settings.config), overrides)
    wanted = situations(book)
    (tmp_path / "clock.json").write_text(
        json.dumps({call.caller: at.isoformat() for _, call, at in wanted}), encoding="utf-8"
    )
    kinds = {book.situation(line, at).rule.kind for line, _, at in wanted}
    assert kinds == set(RuleKind), "a kind of rule is not among the situations"

    await asyncio.to_thread(node.start)
    expected = {call.caller: foretold(book, call, at) for _, call, at in wanted}
    # Who only waits, or is asked for a key, leaves by itself; everybody else is let go.
    calls = [
        Caller(call.caller, call.number, 15_000 if expected[call.caller][-1][0] == "hangup" else 5_000)
        for _, call, _ in wanted
    ]
    first = [Caller("+4790000000", BUSY, 200_000)]
    async with callers(tmp_path / "first", "127.0.0.1", settings.sip_port, first, name="first"):
        await wait_event(settings.cel_file, "+4790000000", "wait", 20)
        async with callers(
            tmp_path / "sipp", "127.0.0.1", settings.sip_port, calls, per_second=A_SECOND
        ) as run:
            await run.wait_ended(160)
    end = time.monotonic() + 10
    while (seen := met(settings.cel_file)) and time.monotonic() < end:
        if all(seen.get(number) == steps for number, steps in expected.items()):
            break
        await asyncio.sleep(0.25)
    differing = {n: (seen.get(n), steps) for n, steps in expected.items() if seen.get(n) != steps}
    assert not differing, f"{len(differing)} of {COUNT}: {list(differing.items())[:3]}"

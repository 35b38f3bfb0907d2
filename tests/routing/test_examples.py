"""What callers of the four example hotlines hear, walked through by the decisions of live calls."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hotline_ivr.config.check import read_plan
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.simulation import Scene, Simulation
from hotline_ivr.routing.steps import Call

EXAMPLES = Path(__file__).parents[2] / "config" / "examples"
OSLO = ZoneInfo("Europe/Oslo")


def walk(example: str, at: str, keys: str) -> tuple[str, str]:
    """What the caller hears and where it goes, one word each; and how the call ends."""
    plan = read_plan(EXAMPLES / example)
    (line,) = plan.lines
    said, scenes = iter(keys.split()), list[Scene]()
    call = Call(line, plan.lines[line].numbers[0], "+4722000000", plan.version)
    moment = datetime.fromisoformat(at).replace(tzinfo=OSLO)
    outcome = Simulation(
        Rulebook(plan), call, moment, tell=lambda _: next(said, None), show=scenes.append
    ).play()
    heard = [
        scene.text if scene.step == "prompt" else scene.text.split()[0].rstrip(",")
        for scene in scenes
        if scene.step in TOLD
    ]
    return " ".join(heard), outcome.value


TOLD = {"prompt", "queue", "transfer", "centre", "record", "callback"}
IN_THE_EXAMS = "nb/admission-exams nb/admission-menu admission"
IN_THE_QUEUE = "nb/admission-greeting nb/admission-menu admission"
ASKED_FOR_DIGITS = "nb/support-greeting nb/support-menu nb/support-customer-number"

MOMENTS = [
    # University: short hours most of the year, long ones in the weeks of the exams, closed in July.
    ("university", "2026-10-05T10:00", "1 answered", IN_THE_QUEUE, "answered"),
    ("university", "2026-10-05T09:59", "", "nb/admission-closed", "closed"),
    ("university", "2026-10-05T13:59", "1 timeout", f"{IN_THE_QUEUE} nb/sorry", "timed-out"),
    ("university", "2026-10-05T14:00", "", "nb/admission-closed", "closed"),
    ("university", "2026-06-03T17:00", "1 answered", IN_THE_EXAMS, "answered"),
    ("university", "2026-06-03T12:15", "", "nb/admission-closed", "closed"),  # lunch
    ("university", "2026-06-06T13:00", "1 answered", IN_THE_EXAMS, "answered"),  # a Saturday
    ("university", "2026-05-25T11:00", "", "nb/admission-closed", "closed"),  # Whit Monday, in the exams
    ("university", "2026-07-01T11:00", "", "nb/admission-summer", "closed"),
    ("university", "2026-12-23T11:00", "", "nb/admission-closed", "closed"),
    ("university", "2027-01-01T11:00", "", "nb/admission-closed", "closed"),
    ("university", "2027-04-15T23:59", "1 answered", IN_THE_QUEUE, "answered"),  # the deadline
    ("university", "2027-04-16T00:00", "", "nb/admission-closed", "closed"),
    (
        "university",
        "2026-10-05T10:00",
        "8 2",
        "nb/admission-greeting nb/admission-menu en/admission-menu en/admission-deadlines",
        "informed",
    ),
    (
        "university",
        "2026-10-05T10:00",
        "timeout timeout answered",
        "nb/admission-greeting nb/admission-menu nb/admission-no-key nb/admission-menu-short admission",
        "answered",
    ),
    # Internet provider: always open.
    (
        "isp",
        "2026-12-25T03:00",
        "1 41234567 answered",
        f"{ASKED_FOR_DIGITS} support",
        "answered",
    ),
    (
        "isp",
        "2026-10-05T10:00",
        "1 123 51234567 answered",
        f"{ASKED_FOR_DIGITS} nb/support-wrong-number nb/support-customer-number support",
        "answered",
    ),
    ("isp", "2026-10-05T10:00", "2 answered", "nb/support-greeting nb/support-menu billing", "answered"),
    (
        "isp",
        "2026-10-05T10:00",
        "0 full",
        "nb/support-greeting nb/support-menu support nb/support-sorry",
        "full",
    ),
    # Municipality: one evening; else a question may be left.
    ("municipal", "2028-03-16T18:00", "answered", "nb/evening-greeting evening", "answered"),
    ("municipal", "2028-03-16T20:59", "answered", "nb/evening-greeting evening", "answered"),
    ("municipal", "2028-03-16T21:00", "", "nb/evening-over nb/evening-voicemail questions", "closed"),
    ("municipal", "2028-03-09T18:00", "", "nb/evening-closed nb/evening-voicemail questions", "closed"),
    ("municipal", "2028-03-02T07:59", "", "nb/evening-soon nb/evening-voicemail questions", "closed"),
    # Charity: volunteers by day, the call centre for the rest.
    (
        "charity",
        "2026-10-05T10:00",
        "1 answered",
        "nb/helpline-greeting nb/helpline-menu volunteers",
        "answered",
    ),
    (
        "charity",
        "2026-10-05T10:00",
        "2 answered",
        "nb/helpline-greeting nb/helpline-menu night",
        "overflowed",
    ),
    (
        "charity",
        "2026-10-05T10:00",
        "1 timeout taken",
        "nb/helpline-greeting nb/helpline-menu volunteers night",
        "overflowed",
    ),
    ("charity", "2026-10-05T18:00", "answered", "nb/helpline-centre night", "overflowed"),
    (
        "charity",
        "2026-10-10T12:00",
        "1 answered",
        "nb/helpline-greeting nb/helpline-menu volunteers",
        "answered",
    ),
    ("charity", "2027-05-17T12:00", "answered", "nb/helpline-centre night", "overflowed"),  # a holiday
    (
        "charity",
        "2026-12-24T21:00",
        "1 answered",
        "nb/helpline-christmas nb/helpline-menu volunteers",
        "answered",
    ),
    ("charity", "2026-10-11T12:00", "answered", "nb/helpline-centre night", "overflowed"),
]


@pytest.mark.parametrize(("example", "at", "keys", "heard", "outcome"), MOMENTS)
def test_what_a_caller_of_an_example_hears(
    example: str, at: str, keys: str, heard: str, outcome: str
) -> None:
    assert walk(example, at, keys) == (heard, outcome)

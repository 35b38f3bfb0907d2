"""The files by which calls go on when the service is dead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hotline_ivr.asterisk.render.fallback import fallback_files
from hotline_ivr.routing.decide import MAX_ASKS
from hotline_ivr.routing.foreseen import Foreseen, foresee
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import Decision, State, Wait
from tests.plans import a_plan

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
MENUS: dict[str, Any] = {
    "menus": {
        "main": {
            "prompt": "menu",
            "tries": 2,
            "keys": {"1": {"queue": "main"}, "2": {"collect": "customer"}, "*": "repeat"},
        }
    },
    "collects": {
        "customer": {
            "prompt": "customer",
            "min_digits": 4,
            "max_digits": 6,
            "patterns": ["4NNNNN", "5NNN", "6N"],
            "tries": 2,
            "wrong_input": "wrong-key",
            "default": {"message": "closed"},
            "failed": {"queue": "main"},
        }
    },
}


def files_of(book: Rulebook, days: int = 1) -> Mapping[str, str]:
    return fallback_files("info", foresee(book, "info", MONDAY, days, MONDAY))


def test_a_file_says_when_callers_meet_what_and_another_one_what_they_meet() -> None:
    files = files_of(Rulebook(a_plan({"mon": "08:00-16:00"}, max_wait="90s")))
    # Monday 2 March 2026 in Oslo: 08:00 is 07:00 UTC, 16:00 is 15:00 UTC.
    opens, closes = (int(datetime(2026, 3, 2, hour, tzinfo=UTC).timestamp()) for hour in (7, 15))
    start, end = int(MONDAY.timestamp()), int(MONDAY.timestamp()) + 86400
    assert files["info.txt"] == f"1|{end}|end\n{start}:1,{opens}:2,{closes}:1,{end}:1,end\n"
    assert files["info.arrived.txt"].splitlines() == [
        "1|foreseen~lost~-.0~0123456789ab|wait~main~90|end|",
        "1|foreseen~closed:hours~-.0~0123456789ab|mark~closed|answer|play~nb/closed~message|hangup|end|",
        "1|foreseen~open:hours~-.0~0123456789ab|answer|play~nb/greeting~greeting|wait~main~90|end|",
    ]


def test_after_the_queue_every_status_has_its_last_word_and_an_unknown_one_too() -> None:
    rows = files_of(Rulebook(a_plan()))["info.-.0.txt"].splitlines()
    sorry = "|play~nb/sorry~message|hangup|end|"
    assert f"left:FULL>1|foreseen~left-queue:full~-.0~0123456789ab|mark~full{sorry}" in rows
    assert f"left:TIMEOUT>1|foreseen~left-queue:timed-out~-.0~0123456789ab|mark~timed-out{sorry}" in rows
    assert rows[-1].startswith(
        ">1|foreseen~left-queue:technical~-.0~0123456789ab|mark~technical|play~nb/technical~"
    )


def test_a_caller_in_a_menu_meets_the_same_menu_without_the_service() -> None:
    files = files_of(Rulebook(a_plan(sections=MENUS, menu="main")))
    rows = dict(row.split(">", 1) for row in files["info.-.0.main.txt"].splitlines())
    assert rows["key:1"] == "1|foreseen~menu:main:1~-.0~0123456789ab|wait~main~300|end|"
    assert rows["key:*"].endswith("|key~main~nb/menu~5~1~menu|end|")
    assert rows["key:timeout"].startswith("1|foreseen~menu:main:no-input~-.1.main~0123456789ab|")
    assert rows["enough"] == "1|foreseen~circles~-.0~0123456789ab|wait~main~300|end|"
    # Telephones have keys that no menu has.
    assert rows[""].startswith("1|foreseen~menu:main:wrong-input~-.1.main~0123456789ab|")
    # After the second try the default holds: the line's queue.
    again = dict(row.split(">", 1) for row in files["info.-.1.main.txt"].splitlines())
    assert again["key:9"] == "1|foreseen~menu:main:wrong-input~-.0~0123456789ab|wait~main~300|end|"


def test_wrong_digits_are_asked_for_again_as_with_the_service() -> None:
    files = files_of(Rulebook(a_plan(sections=MENUS, menu="main")))
    rows = dict(row.split(">", 1) for row in files["info.-.0.main._customer.txt"].splitlines())
    # A pattern of two digits is shorter than the fewest.
    assert [word for word in rows if word.startswith("fits:")] == ["fits:4NNNNN", "fits:5NNN"]
    assert rows["fits:5NNN"].startswith(
        "1|foreseen~collect:customer:right~-.0~0123456789ab|mark~informed|play~nb/closed~"
    )
    assert rows[""].startswith(
        "1|foreseen~collect:customer:wrong~-.1.main._customer~0123456789ab|digits~customer~nb/wrong-key"
    )
    assert rows["collected:"].startswith(
        "1|foreseen~collect:customer:nothing~-.1.main._customer~0123456789ab|digits~"
    )
    assert list(rows)[-1] == "", "what stands for any other event comes last"
    again = dict(row.split(">", 1) for row in files["info.-.1.main._customer.txt"].splitlines())
    assert again[""] == "1|foreseen~collect:customer:wrong~-.0~0123456789ab|wait~main~300|end|"
    assert again["fits:5NNN"] == rows["fits:5NNN"]


def test_digits_without_patterns_need_only_be_as_many_as_are_asked_for() -> None:
    collect = {**MENUS["collects"]["customer"], "patterns": [], "check_digit": "luhn"}
    book = Rulebook(a_plan(sections={**MENUS, "collects": {"customer": collect}}, menu="main"))
    rows = files_of(book)["info.-.0.main._customer.txt"].splitlines()
    shapes = [row.partition(">")[0] for row in rows if row.startswith("fits:")]
    assert shapes == ["fits:NNNN", "fits:NNNNN", "fits:NNNNNN"]


def test_very_many_openings_go_on_several_lines_so_that_asterisk_cuts_none() -> None:
    decision = Decision((Wait("main", 300),), "x")
    changes = tuple((MONDAY + timedelta(minutes=minute), minute % 2) for minute in range(600))
    place, *lines = fallback_files("info", Foreseen((decision,) * 2, changes, {}, decision, "v1"))[
        "info.txt"
    ].splitlines()
    assert place == f"1|{int(changes[-1][0].timestamp())}|end"
    assert [line.rsplit(",", 1)[1] for line in lines] == ["more", "more", "end"]
    assert all(len(line) < 4096 for line in lines)
    assert sum(line.count(":") for line in lines) == 600


def test_an_answer_that_asterisk_would_cut_is_left_out() -> None:
    book = Rulebook(a_plan())
    foreseen = foresee(book, "info", MONDAY, 1, MONDAY)
    long = Decision(tuple(Wait("main", 300) for _ in range(400)), "x")
    answers = {State(): dict.fromkeys(foreseen.answers[State()], long)}
    files = fallback_files("info", Foreseen(foreseen.arrivals, foreseen.changes, answers, long, "v1"))
    assert files["info.-.0.txt"] == ""


def test_the_dialplan_bounds_asks_as_the_service_does() -> None:
    """The number stands in the dialplan too, which cannot read it from here."""
    from hotline_ivr.setup.share import dialplans_source

    fallback = (dialplans_source() / "hotline-fallback.conf").read_text(encoding="utf-8")
    assert f"${{HOTLINE_ASKED}} < {MAX_ASKS}]" in fallback

"""Each way to write a wrong value, missing key or unknown key: the place and the words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotline_ivr.config.check import CheckResult

Spoil = Callable[..., CheckResult]

Mistake = tuple[str, str, str, str, str]
"""What is replaced, by what; where the caret points, how the message begins, what the remedy names."""

TRUNKS = "trunks:\n  carrier:\n    hosts: [192.0.2.10]\n"
HOURS = "      mon-fri: 08:00-12:00, 12:30-16:00\n"


def assert_first(result: CheckResult, pointed: str, message: str, remedy: str) -> None:
    """Hold what the caret points to, how the message begins, and what the remedy names."""
    assert result.plan is None
    problem = result.errors[0]
    assert problem.column is not None
    assert problem.source[problem.column - 1 :].startswith(pointed)
    assert problem.message.startswith(message)
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    "mistake",
    [
        ("    queue: main\n", "", "admission:", "'queue' is required here", "add `queue: main`. Queue in"),
        (
            "queue: main",
            "quue: main",
            "quue:",
            "unknown key 'quue'; did you mean 'queue'?",
            "known here: name,",
        ),
        ("queue: main", "queue: main\n    hue: x", "hue:", "unknown key 'hue'", "known here: name,"),
        ("trunks:", "trunk:", "trunk:", "unknown key 'trunk'; did you mean 'trunks'?", "known here: org"),
        ("trunks:", "version: 1\ntrunks:", "version:", "unknown key 'version'", "known here: org"),
        ("trunks:", "source: x\ntrunks:", "source:", "unknown key 'source'", "known here: org"),
        ("  main:\n", "  Main:\n", "Main:", "'Main' is not an id; did you mean 'main'?", "an id is 1 to 31"),
    ],
)
def test_a_key_that_is_wrong_or_missing(spoil: Spoil, mistake: Mistake) -> None:
    old, new, pointed, message, remedy = mistake
    assert_first(spoil((old, new)), pointed, message, remedy)


def test_a_misspelt_key_is_one_mistake_and_not_a_missing_one_too(spoil: Spoil) -> None:
    assert len(spoil(("queue: main", "quue: main")).errors) == 1


@pytest.mark.parametrize(
    "mistake",
    [
        ("queue: main", "queue:", "queue:", "'queue' is empty", "write a value such as main"),
        (
            "queue: main",
            "queue: main\n    max_wait:",
            "max_wait:",
            "'max_wait' is empty",
            "or delete the key",
        ),
        ("[anna, bjorn]", "[anna, ~]", "~]", "this entry is empty", "write a value such as main"),
        (TRUNKS, "trunks:\n", "trunks:", "'trunks' is empty", "write its keys below it"),
        ("    name: Anna Berg\n", "", "anna:", "'anna' is empty", "write its keys below it"),
        (HOURS, "", "hours:", "'hours' is empty", "write a value such as {mon-fri: 08:00-16:00}"),
        ("name: Anna Berg", "name: ''", "''", "expects a name, not nothing", "such as Anna Berg"),
        ("[192.0.2.10]", "[]", "hosts:", "needs at least one entry", "write one such as [192.0.2.10]"),
        (TRUNKS, "trunks: {}\n", "trunks:", "needs at least one entry", "write one"),
    ],
)
def test_nothing_where_something_must_be(spoil: Spoil, mistake: Mistake) -> None:
    old, new, pointed, message, remedy = mistake
    assert_first(spoil((old, new)), pointed, message, remedy)


@pytest.mark.parametrize(
    "mistake",
    [
        (
            "[192.0.2.10]",
            "192.0.2.10",
            "192.0.2.10",
            "expects a list, not '192.0.2.10'",
            "such as [192.0.2.10]",
        ),
        (
            "[anna, bjorn]",
            "{anna: 1}",
            "operators:",
            "expects a list, not a mapping",
            "such as [anna, bjorn]",
        ),
        ("    name: Anna Berg", "    - x", "anna:", "expects keys below it, not a list", "such as name:"),
        ("  name: Example University", "  x", "x", "expects keys below it, not 'x'", "such as name:"),
        ("name: Anna Berg", "name: [x]", "name:", "expects a name, not a list", "such as Anna Berg"),
        (TRUNKS, "trunks: x\n", "x", "expects ids below it, not 'x'", "each with its own keys"),
        (
            HOURS,
            "      - mon\n",
            "hours:",
            "expects `always` or days with their hours, not a list",
            "mon-fri",
        ),
    ],
)
def test_a_list_a_mapping_or_a_text_where_another_is_wanted(spoil: Spoil, mistake: Mistake) -> None:
    old, new, pointed, message, remedy = mistake
    assert_first(spoil((old, new)), pointed, message, remedy)


@pytest.mark.parametrize(
    ("key", "value", "message", "remedy"),
    [
        (
            "strategy",
            "ringal",
            "'ringal' is not possible here; did you mean 'ringall'?",
            "rrmemory, ringall or linear",
        ),
        ("max_waiting", "few", "expects a whole number, not 'few'", "write digits only, such as 50"),
        ("max_waiting", "1.5", "expects a whole number, not '1.5'", "write digits only"),
        ("max_waiting", "9" * 5000, "expects a whole number, not '999", "write digits only"),
        ("max_waiting", "-1", "-1 is too small", "write 0 or more"),
        ("max_waiting", "10001", "10001 is too large", "write 10000 or less"),
        ("ring_time", "2s", "2s is too short", "write 3s or more"),
        ("ring_time", "3h", "3h is too long", "write 2m or less"),
        ("join_when_empty", "perhaps", "expects yes or no, not 'perhaps'", "write yes, true or on"),
    ],
)
def test_a_value_that_a_queue_cannot_have(
    spoil: Spoil, key: str, value: str, message: str, remedy: str
) -> None:
    assert_first(spoil(("[anna, bjorn]", f"[anna, bjorn]\n    {key}: {value}")), value, message, remedy)


@pytest.mark.parametrize(
    "mistake",
    [
        (
            "[192.0.2.10]",
            "[192.0.2.10]\n    codecs: [alaw, g721]",
            "g721]",
            "'g721' is not possible",
            "g722 or opus",
        ),
        ("12:30-16:00", "12:30-12:30", "12:30-12:30", "'12:30-12:30' has no length", "00:00-24:00"),
        (
            "12:30-16:00",
            "11:30-16:00",
            "11:30-16:00",
            "mon-fri 11:30-16:00 overlaps mon-fri 08:00-12:00",
            "one",
        ),
        ("mon-fri", "mon-fry", "mon-fry", "'fry' is not a day; did you mean 'fri'?", "write mon, tue"),
        ("+47 22 85 12 34", "+47 22 85", "+47 22 85]", "'+47 22 85' has too few digits", "write it with +"),
    ],
)
def test_the_caret_stands_at_the_part_that_is_wrong(spoil: Spoil, mistake: Mistake) -> None:
    old, new, pointed, message, remedy = mistake
    assert_first(spoil((old, new)), pointed, message, remedy)

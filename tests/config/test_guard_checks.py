"""What is wrong with limits: numbers of other lines, reserves of nothing, prompts that are not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotline_ivr.config.check import CheckResult

Spoil = Callable[..., CheckResult]

QUEUE = "    queue: main\n"
HOSTS = "    hosts: [192.0.2.10]\n"
LIMITED = (
    QUEUE
    + """\
    channels: 20
    number_channels: {+47 22 85 12 34: 5}
    emergency_numbers: [22 85 12 34]
"""
)
CARRIER = HOSTS + "    channels: 30\n    reserve: 2\n"
PROMPTS = ("greeting", "closed", "sorry", "all-busy", "full-house")


@pytest.fixture
def limited(spoil: Spoil) -> Spoil:
    def checked(*changes: tuple[str, str], prompts: tuple[str, ...] = PROMPTS) -> CheckResult:
        return spoil((QUEUE, LIMITED), (HOSTS, CARRIER), *changes, prompts=prompts)

    return checked


def shown(result: CheckResult) -> list[str]:
    return [f"{p.severity} at {p.source[(p.column or 1) - 1 :]}: {p.message}" for p in result.problems]


def test_limits_that_are_right_have_no_problem(limited: Spoil) -> None:
    result = limited()
    assert shown(result) == []
    assert result.plan is not None
    line = result.plan.lines["admission"]
    assert line.number_channels == {"+4722851234": 5}
    assert line.is_emergency("+4722851234")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{+47 22 85 12 34: 5}", "{+47 22 85 12 35: 5}", "+4722851235 is no number of this line"),
        ("{+47 22 85 12 34: 5}", "{+47 22 85 12 34: 0}", "error at 0}: 0 is too small"),
        ("[22 85 12 34]", "[22 85 12 36]", "error at 22 85 12 36]: +4722851236 is no number of this line"),
        ("reserve: 2", "reserve: 30", "error at 30: of 30 channels 30 are kept"),
        ("channels: 30\n    ", "", "error at 2: nothing can be kept of channels that have no limit"),
        ("    emergency_numbers: [22 85 12 34]\n", "", "warning at 2: channels are kept for emergencies"),
        ("channels: 20", "channels: 20\n    over_limit: {message: ful}", "there is no prompt 'ful'"),
        ("channels: 20", "channels: 20\n    over_limit: {refuse: engaged}", "'engaged' is not possible here"),
        ("channels: 20", "channels: 20\n    over_limit: {}", "says nothing"),
        (
            "channels: 20",
            "channels: 20\n    over_limit: {message: full-house, refuse: busy}",
            "has both a `message` and a refusal",
        ),
    ],
)  # fmt: skip
def test_what_cannot_hold_is_named_at_its_place(limited: Spoil, old: str, new: str, message: str) -> None:
    found = shown(limited((old, new)))
    assert any(message in line for line in found), found


def test_who_limits_calls_needs_words_for_those_over_the_limit(limited: Spoil) -> None:
    spoken = tuple(prompt for prompt in PROMPTS if prompt != "all-busy")
    assert any("there is no prompt 'all-busy'" in line for line in shown(limited(prompts=spoken)))
    refused = ("channels: 20", "channels: 20\n    over_limit: {refuse: busy}")
    assert shown(limited(refused, prompts=spoken)) == []


def test_a_line_without_limits_needs_no_words(spoil: Spoil) -> None:
    assert shown(spoil(prompts=("greeting", "closed", "sorry"))) == []


LISTS = """\
guard:
  allow:
    - {numbers: [+47 22 85 00 00], reason: switchboard}
  block:
    - {numbers: [+47 99 99 99 99], until: 2026-12-31}
    - {prefixes: [+47 820], refuse: busy}
    - {withheld: yes, message: full-house}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("99 99 99 99", "99 99 99 99", ""),
        ("+47 99 99 99 99", "22 85 12 34", "+4722851234 is a number of your own line 'admission'"),
        ("[+47 820]", "[+47]", "+47 blocks everybody in your own country"),
        ("[+47 820]", "[+4]", "+4 blocks everybody in your own country"),
        ("full-house", "ful-house", "there is no prompt 'ful-house'; did you mean 'full-house'?"),
        ("withheld: yes, ", "", "names nobody"),
        ("refuse: busy", "refuse: busy, message: full-house", "has both a `message` and a refusal"),
    ],
)
def test_lists_of_callers_that_block_too_much_or_nobody_are_refused(
    spoil: Spoil, old: str, new: str, message: str
) -> None:
    assert old in LISTS
    lists = LISTS.replace(old, new, 1)
    found = shown(spoil((HOSTS, HOSTS + lists), prompts=PROMPTS))
    assert any(message in line for line in found) if message else not found, found


def test_lists_are_bounded(spoil: Spoil) -> None:
    entries = "".join(
        f"    - {{prefixes: [{', '.join(f'+49{place}{n:03}' for n in range(1000))}]}}\n"
        for place in (1, 2, 3)
    )
    found = shown(spoil((HOSTS, f"{HOSTS}guard:\n  block:\n{entries}"), prompts=PROMPTS))
    assert any("hold 3000 numbers, more than 2000" in line for line in found), found

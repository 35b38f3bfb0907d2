"""What is wrong with the world outside: numbers that may not be dialled, rotas, carriers, rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotline_ivr.config.check import CheckResult

Spoil = Callable[..., CheckResult]

OUTSIDE = """\
    outbound: 192.0.2.10:5060
outside:
  allowed: [+47 22 85, +47 90]
centres:
  night:
    name: Night centre
    trunk: carrier
    targets:
      desk: {number: 22 85 00 00, ring: 20s}
      lena: {number: +47 90 00 00 01}
    rota:
      - {from: 2026-12-21, until: 2026-12-27, targets: [lena]}
"""
RULES = """\
    queue: main
    centre: night
    overflow:
      - {name: long-wait, after: 1m, to: {centre: night}}
    closing: {to: {callback: main}}
"""
PROMPTS = ("greeting", "closed", "sorry", "callback", "press-one", "closing")
HOSTS = "    hosts: [192.0.2.10]\n"


@pytest.fixture
def outside(spoil: Spoil) -> Spoil:
    def checked(*changes: tuple[str, str]) -> CheckResult:
        whole = ((HOSTS, HOSTS + OUTSIDE), ("    queue: main\n", RULES))
        return spoil(*whole, *changes, prompts=PROMPTS)

    return checked


def shown(result: CheckResult) -> list[str]:
    return [f"{p.severity} at {p.source[(p.column or 1) - 1 :]}: {p.message}" for p in result.problems]


def test_a_centre_that_is_right_has_no_problem(outside: Spoil) -> None:
    result = outside()
    assert shown(result) == []
    assert result.plan is not None
    assert result.plan.centres["night"].confirm


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "22 85 00 00, ring",
            "22 86 00 00, ring",
            "+4722860000 may not be dialled: outside.allowed does not",
        ),
        ("[+47 22 85, +47 90]", "[+47 90]", "+4722850000 may not be dialled: outside.allowed does not hold"),
        ("  allowed: [+47 22 85, +47 90]", "  allowed: []", ""),
        ("22 85 00 00, ring", "22 85 12 34, ring", "+4722851234 is a number of line 'admission'"),
        ("[lena]", "[lina]", "there is no target 'lina'; did you mean 'lena'?"),
        ("[lena]", "[]", "needs at least one"),
        ("2026-12-27", "2026-12-20", "ends before it begins"),
        ("trunk: carrier", "trunk: carier", "there is no trunk 'carier'; did you mean 'carrier'?"),
        ("    outbound: 192.0.2.10:5060\n", "", "trunk 'carrier' takes no calls from here"),
        ("centre: night\n", "centre: nigt\n", "there is no centre 'nigt'; did you mean 'night'?"),
        ("1m, to: {centre: night}", "1m, to: {centre: day}", "there is no centre 'day'"),
        ("1m, to: {centre: night}", "1m, to: {transfer: 22 85 00 00}", "leads to a bare number"),
        ("after: 1m, ", "", "has no condition"),
        ("after: 1m", "after: 5m", "never comes: max_wait is 300 s"),
        ("{callback: main}", "{queue: main}", "sends callers to where they would wait again"),
        ("trunk: carrier", "trunk: carrier\n    prompt: pres", "there is no prompt 'pres'"),
        ("centre: night\n", "route: outside\n", "has `route: outside` and no `centre`"),
        ("[+47 22 85, +47 90]", "[22 85]", "is not the beginning of telephone numbers"),
    ],
)
def test_what_cannot_work_outside_is_an_error_at_its_place(
    outside: Spoil, old: str, new: str, message: str
) -> None:
    found = shown(outside((old, new)))
    errors = [line for line in found if line.startswith("error")]
    if message:
        assert any(message in line for line in errors), found
    else:
        # An empty list is no list: the country's ordinary numbers.
        assert errors == []


@pytest.mark.parametrize("number", ["+46 8 123 456 78", "820 12 345"])
def test_without_a_list_neither_abroad_nor_a_surcharge_may_be_dialled(outside: Spoil, number: str) -> None:
    found = shown(
        outside(("outside:\n  allowed: [+47 22 85, +47 90]\n", ""), ("22 85 00 00, ring", f"{number}, ring"))
    )
    assert any("it is abroad, or costs a surcharge" in line for line in found), found


def test_the_list_bounds_transfers_too(outside: Spoil) -> None:
    closed_to = ("    centre: night\n", "    centre: night\n    closed_to: {transfer: +47 23 00 00 00}\n")
    assert any("+4723000000 may not be dialled" in line for line in shown(outside(closed_to)))


HANDS_ON = ("  allowed: [+47 22 85, +47 90]\n", "  allowed: [+47 22 85, +47 90]\n  transfers: yes\n")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ((), ""),
        ((("+47 22 85, +47 90]\n  t", "+47 22 85, +47]\n  t"),), "every number that begins with +47, those"),
        ((("  allowed: [+47 22 85, +47 90]\n  t", "  t"),), "and none is allowed"),
        ((("    outbound: 192.0.2.10:5060\n", ""),), "and no carrier takes calls from here"),
    ],
)
def test_operators_hand_callers_on_outside_only_within_a_list_that_is_narrow_enough(
    outside: Spoil, changes: tuple[tuple[str, str], ...], message: str
) -> None:
    errors = [line for line in shown(outside(HANDS_ON, *changes)) if line.startswith("error")]
    assert any(message in line for line in errors) if message else errors == []

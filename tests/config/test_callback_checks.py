"""Mistakes about calling back that only the whole configuration shows, each at its place."""

from __future__ import annotations

import pytest

from hotline_ivr.config.callback_offer import NOBODY_PROMPT, OFFER_PROMPTS
from tests.config.test_centre_checks import HOSTS, PROMPTS, Spoil, shown

CALLBACKS = "    operators: [anna, bjorn]\n    callbacks: {attempts: 2}\n"
OUTBOUND = "    outbound: 192.0.2.10:5060\n"
KNOWN = (*PROMPTS, "callback-call", "callback-offer", "callback-operator", NOBODY_PROMPT, *OFFER_PROMPTS)


def found(
    spoil: Spoil, callbacks: str, hosts: str = HOSTS + OUTBOUND, prompts: tuple[str, ...] = KNOWN
) -> list[str]:
    changed = CALLBACKS.replace("{attempts: 2}", callbacks)
    return shown(spoil((HOSTS, hosts), ("    operators: [anna, bjorn]\n", changed), prompts=prompts))


def test_calling_back_that_is_right_has_no_problem(spoil: Spoil) -> None:
    assert found(spoil, "{reasons: [callback, abandoned], spacing: 10m, trunk: carrier}") == []
    assert found(spoil, "{first: operator, offer: {after: 30s, expected_wait: 3m, key: 9}}") == []


@pytest.mark.parametrize(
    ("callbacks", "message"),
    [
        ("{trunk: carier}", "there is no trunk 'carier'; did you mean 'carrier'?"),
        ("{prompt: callbak-call}", "there is no prompt 'callbak-call'; did you mean 'callback-call'?"),
        ("{reasons: []}", "needs at least one"),
        ("{reasons: [lonely]}", "'lonely'"),
        ("{allowed: [47]}", "is not the beginning of telephone numbers"),
        ("{ring: 90s}", "90s is too long"),
        ("{first: anybody}", "'anybody'"),
        ("{offer: {after: -5s}}", "'-5s' is not a duration"),
        ("{offer: {after: 1s}}", "1s is too short"),
        ("{offer: {key: 12}}", "'12' is no key that can leave a queue"),
        ("{offer: {key: '#'}}", "'#' is no key that can leave a queue"),
        ("{offer: {tries: 0}}", "0"),
        (
            "{offer: {prompt: callback-ofer}}",
            "there is no prompt 'callback-ofer'; did you mean 'callback-offer'?",
        ),
        ("{reasons: [abandoned], offer: {key: 1}}", "a call that `reasons` leaves out"),
    ],
)
def test_what_cannot_work_is_an_error_at_its_place(spoil: Spoil, callbacks: str, message: str) -> None:
    assert any(message in line for line in found(spoil, callbacks)), found(spoil, callbacks)


def test_a_carrier_has_to_take_the_calls(spoil: Spoil) -> None:
    (line,) = found(spoil, "{attempts: 2}", hosts=HOSTS)
    assert "no carrier takes calls from here, so nobody can be called back" in line
    (line,) = found(spoil, "{trunk: carrier}", hosts=HOSTS)
    assert "trunk 'carrier' takes no calls from here" in line


def test_the_prompt_has_to_be_there(spoil: Spoil) -> None:
    assert any("there is no prompt 'callback-call'" in line for line in found(spoil, "{}", prompts=PROMPTS))
    some = (*PROMPTS, "callback-call", "callback-offer", "callback-number")
    assert any("'callback-right'" in line for line in found(spoil, "{offer: {key: 1}}", prompts=some))
    assert any("'callback-operator'" in line for line in found(spoil, "{first: operator}", prompts=some))

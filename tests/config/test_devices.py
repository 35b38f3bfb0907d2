"""Several telephones and short numbers in the YAML: what is refused, and where."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotline_ivr.config.check import CheckResult
from hotline_ivr.config.floor import OPERATOR_PROMPTS

Spoil = Callable[..., CheckResult]
ANNA = "    name: Anna Berg\n"


def problems(spoil: Spoil, *changes: tuple[str, str]) -> list[tuple[str, int | None]]:
    return [(each.message, each.line) for each in spoil(*changes).problems]


def test_several_telephones_and_short_numbers_are_read(spoil: Spoil) -> None:
    written = ANNA + "    devices: {desk: {name: Desk phone}, soft: {name: Softphone}}\n    extension: 21\n"
    plan = spoil((ANNA, written), ("[anna, bjorn]", "[anna, bjorn]\n    extension: '80'")).plan
    assert plan is not None
    assert list(plan.operators["anna"].devices) == ["desk", "soft"]
    assert (plan.operators["anna"].extension, plan.queues["main"].extension) == ("21", "80")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            "sip_contact: sip:a@192.0.2.7\n    devices: {desk: {name: Desk}}",
            "has `sip_contact` beside `devices`",
        ),
        ("devices: {desk: {}}", "'name' is required here"),
        ("devices: {Desk.1: {name: Desk}}", "'Desk.1' is not an id"),
        ("devices: {desk: {name: Desk, sip_contact: nowhere}}", "'nowhere' is not a SIP address"),
        ("extension: '0123'", "'0123' is no short number"),
        ("extension: '22851234'", "'22851234' is no short number"),
        ("extension: '*81'", "'*81' is no short number"),
    ],
)
def test_a_mistake_is_named_with_its_place(spoil: Spoil, more: str, message: str) -> None:
    found = problems(spoil, (ANNA, f"{ANNA}    {more}\n"))
    assert len(found) == 1
    assert message in found[0][0]
    assert found[0][1] is not None
    assert found[0][1] >= 14


def test_a_short_number_reaches_one(spoil: Spoil) -> None:
    found = problems(
        spoil,
        (ANNA, f"{ANNA}    extension: 21\n"),
        ("    name: Bjørn Dahl\n", "    name: Bjørn Dahl\n    extension: 80\n"),
        ("[anna, bjorn]", "[anna, bjorn]\n    extension: 80"),
    )
    assert len(found) == 1
    assert "80 already reaches operator 'bjorn', at " in found[0][0]


def test_the_codes_of_operators_are_told_apart_and_have_their_prompts(spoil: Spoil) -> None:
    def found(floor: str, prompts: tuple[str, ...] | None = None) -> list[str]:
        result = spoil(("queues:", f"floor: {floor}\nqueues:"), prompts=prompts)
        return [each.message for each in result.problems]

    assert found("{code: '*81', do_not_disturb_code: '*81'}") == ["*81 already reaches the operators' menu"]
    known = ("greeting", "closed", "sorry", *OPERATOR_PROMPTS)
    assert found("{do_not_disturb_code: '*78'}", known) == []
    lacking = tuple(each for each in known if each != "operator-is-undisturbed")
    assert found("{do_not_disturb_code: '*78'}", lacking)[0].startswith("there is no prompt 'operator-is-und")


@pytest.mark.parametrize("reason", ["declined", "do-not-disturb"])
def test_reasons_that_the_service_gives_itself_are_taken(spoil: Spoil, reason: str) -> None:
    floor = f"floor: {{pause_reasons: {{{reason}: {{name: Mine}}}}}}\nqueues:"
    assert "gives itself" in spoil(("queues:", floor)).problems[0].message

"""Steps as people read them."""

from __future__ import annotations

import pytest

from hotline_ivr.routing.steps import AskDigits, CallAt, HangUp, Promise, Say, Stage, Step, TakeMessage, Wait
from hotline_ivr.views.step_words import step_in_words


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (TakeMessage("questions", 120), "leaves a message in box questions, 120 s at most"),
        (CallAt("+4790012345"), "wants to be rung at +4790012345"),
        (Promise("main"), "is promised a call by the operators of queue main"),
        (Say("en", ("say-1", "say-2"), Stage.MESSAGE), "is told en/say-1 en/say-2"),
        (
            AskDigits("_digits-customer", "nb", ("customer",), 8, "#", 5),
            "_digits-customer: prompt nb/customer, then 8 digits at most",
        ),
        (HangUp(17), "the call is refused (cause 17)"),
        (
            Wait("main", 60, admitted_s=(30, 45)),
            (
                "waits in queue main for an operator, 60 s at most; less skilled operators are rung for it"
                " after 30 s, 45 s"
            ),
        ),
    ],
)
def test_a_step_is_told_in_words(step: Step, words: str) -> None:
    assert step_in_words(step) == words

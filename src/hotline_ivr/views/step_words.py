"""What happens to a call, step by step, in words for people."""

from __future__ import annotations

from hotline_ivr.routing.steps import (
    Answer,
    AskDigits,
    AskKey,
    CallAt,
    HandOver,
    HangUp,
    Mark,
    Play,
    Promise,
    Say,
    Step,
    TakeMessage,
    Transfer,
    Wait,
)


def step_in_words(step: Step) -> str:  # noqa: PLR0911  one for each step
    match step:
        case Play() | Say() | AskKey() | AskDigits():
            return _said(step)
        case Answer():
            return "the call is answered"
        case Wait():
            return _wait(step)
        case Mark(outcome):
            return f"counts as {outcome}"
        case HangUp(cause):
            return f"the call is refused (cause {cause})" if cause else "the call ends"
        case HandOver():
            return _hand_over(step)
        case Transfer(trunk, _, number):
            return f"is connected to {number} by {trunk}"
        case TakeMessage(box, max_s):
            return f"leaves a message in box {box}, {max_s} s at most"
        case CallAt(number):
            return f"wants to be rung at {number}"
        case Promise(queue):
            return f"is promised a call by the operators of queue {queue}"


def _said(step: Play | Say | AskKey | AskDigits) -> str:
    match step:
        case Play(language, prompt):
            return f"prompt {language}/{prompt}"
        case Say(language, prompts):
            return f"is told {_prompts(language, prompts)}"
        case AskKey(node, language, prompts):
            return f"menu {node}: prompt {_prompts(language, prompts)}, then a key"
        case AskDigits(node, language, prompts, max_digits):
            return f"{node}: prompt {_prompts(language, prompts)}, then {max_digits} digits at most"


def _prompts(language: str, prompts: tuple[str, ...]) -> str:
    return " ".join(f"{language}/{prompt}" for prompt in prompts)


def _wait(step: Wait) -> str:
    in_all = " in all" if step.in_all else ""
    head_start = f", as if the call had come {step.head_start_s} s earlier" if step.head_start_s else ""
    later = ", ".join(f"{seconds} s" for seconds in step.admitted_s)
    levels = f"; less skilled operators are rung for it after {later}" if later else ""
    waits = f"waits in queue {step.queue} for an operator, {step.max_wait_s} s at most"
    return f"{waits}{in_all}{head_start}{levels}"


def _hand_over(step: HandOver) -> str:
    numbers = ", then ".join(f"{number} for {ring_s} s" for number, ring_s in step.targets)
    confirmed = "" if step.confirm is None else "; who answers has to press 1"
    return f"is handed to centre {step.centre} by {step.trunk}: {numbers}{confirmed}"

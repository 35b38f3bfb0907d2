"""The words in which the dialplan asks and the service answers (dialplans/hotline-arrive.conf, -run.conf).

An ask is the arguments of one FastAGI session: event, line, number, caller, plan version, times asked.
An answer is one variable: `1|plan~<version>~<reason>|<step>|...|end`, a step being its name and arguments
joined by `~`. It is one line of text on purpose: it arrives whole or it lacks its end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from hotline_ivr.errors import LocalProtocolError, RemoteProtocolError
from hotline_ivr.routing.steps import (
    Answer,
    Arrived,
    Call,
    Decision,
    Event,
    HangUp,
    LeftQueue,
    Mark,
    Play,
    QueueStatus,
    Step,
    Wait,
)

# What may stand in an argument: nothing that means anything to the dialplan.
_ARGUMENT = re.compile(r"[A-Za-z0-9_.:/+-]*\Z")
_ASK_ARGUMENTS = 6


def parse_ask(arguments: Sequence[str]) -> tuple[Call, Event]:
    """What the dialplan asks. Raises RemoteProtocolError for anything it does not send."""
    if len(arguments) != _ASK_ARGUMENTS:
        raise RemoteProtocolError(f"an ask has {_ASK_ARGUMENTS} arguments, not {len(arguments)}")
    event, line, number, caller, plan_version, asked = arguments
    if not asked.isascii() or not asked.isdigit():
        raise RemoteProtocolError(f"not a count of asks: {asked!r}")
    return Call(line, number, caller, plan_version, int(asked)), _event(event)


def _event(text: str) -> Event:
    if text == "arrived":
        return Arrived()
    kind, _, status = text.partition(":")
    if kind == "left":
        try:
            return LeftQueue(QueueStatus(status))
        except ValueError:
            # Asterisk sets no status when the queue could not even be entered.
            return LeftQueue(QueueStatus.UNKNOWN)
    raise RemoteProtocolError(f"not an event: {text!r}")


# A plan gives a handful of different answers, and this is on the path of every call.
@lru_cache(maxsize=4096)
def encode_answer(decision: Decision, plan_version: str) -> str:
    """The value of HOTLINE_ANSWER. Raises LocalProtocolError if a word could change its meaning."""
    parts = [_join("plan", plan_version, decision.reason), *(_encode(step) for step in decision.steps)]
    return "|".join(["1", *parts, "end"])


def _encode(step: Step) -> str:
    match step:
        case Answer():
            return "answer"
        case Play(language, prompt, stage):
            return _join("play", f"{language}/{prompt}", stage)
        case Wait(queue, max_wait_s):
            return _join("wait", queue, str(max_wait_s))
        case Mark(outcome):
            return _join("mark", outcome)
        case HangUp():
            return "hangup"


def _join(*words: str) -> str:
    for word in words:
        if not _ARGUMENT.match(word):
            raise LocalProtocolError(f"may not stand in an answer: {word!r}")
    return "~".join(words)

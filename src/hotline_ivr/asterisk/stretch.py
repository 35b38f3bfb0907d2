"""The words in which the dialplan asks and the service answers (dialplans/hotline-arrive.conf, -run.conf).

An ask is the arguments of one FastAGI session: event, line, number, caller, plan version, times asked, state.
An answer is one variable: `1|plan~<version>~<reason>~<state>|<step>|...|end`, a step being its name and
arguments joined by `~`. It is one line of text on purpose: it arrives whole or it lacks its end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from hotline_ivr.errors import LocalProtocolError, RemoteProtocolError
from hotline_ivr.routing.foreseen import NO_MENUS_KEY, NO_RIGHT_DIGITS, Enough, Fitting, Foreseeable
from hotline_ivr.routing.skills import step_s
from hotline_ivr.routing.steps import (
    Answer,
    Arrived,
    AskDigits,
    AskKey,
    Call,
    CallAt,
    CentreLeft,
    CentreStatus,
    Collected,
    Decision,
    DialStatus,
    Event,
    HandOver,
    HangUp,
    KeyPressed,
    LeftQueue,
    LookedUp,
    Mark,
    MessageTaken,
    NoNumber,
    OfferTaken,
    Play,
    Promise,
    QueueStatus,
    Say,
    State,
    Step,
    TakeMessage,
    Transfer,
    Transferred,
    Wait,
)

# What may stand in an argument: nothing that means anything to the dialplan.
_ARGUMENT = re.compile(r"[A-Za-z0-9_.:/+-]*\Z")
_ASK_ARGUMENTS = 7
# The channel of a call that a carrier delivered (asterisk/render/pjsip.py names the endpoints).
_TRUNK = re.compile(r"PJSIP/trunk-([a-z][a-z0-9-]{0,30})-[0-9a-f]{8}\Z", re.ASCII)
# `-.0`, `en.1.main.billing`, `-.0+300._customer`: the language or a hyphen, tries, the head start (s) where
# there is one, the path. See steps.State.
_STATE = re.compile(r"(-|[a-z]{2})\.(\d)(?:\+([1-9]\d{0,4}))?((?:\.[a-z_][a-z0-9-]{0,31}){0,6})\Z", re.ASCII)
# A to D are keys too: few telephones have them, and no menu.
_KEY = re.compile(r"[0-9A-D*#]\Z")
_DIGITS = re.compile(r"[0-9]{0,20}\Z", re.ASCII)
# Asterisk's words for a recording that was kept (RECORD_STATUS).
KEPT = frozenset({"DTMF", "SILENCE", "TIMEOUT", "OPERATOR"})
_TERMINATORS = {"#": "hash", "*": "star", "": "none"}


def parse_ask(arguments: Sequence[str], unique_id: str = "", channel: str = "") -> tuple[Call, Event]:
    """What the dialplan asks for the channel of this id and name.

    Raises RemoteProtocolError for anything it does not send.
    """
    if len(arguments) != _ASK_ARGUMENTS:
        raise RemoteProtocolError(f"an ask has {_ASK_ARGUMENTS} arguments, not {len(arguments)}")
    event, line, number, caller, plan_version, asked, state = arguments
    if not asked.isascii() or not asked.isdigit():
        raise RemoteProtocolError(f"not a count of asks: {asked!r}")
    trunk = _TRUNK.match(channel)
    call = Call(
        line,
        number,
        caller,
        plan_version,
        int(asked),
        parse_state(state),
        unique_id,
        trunk[1] if trunk else "",
    )
    return call, _event(event)


def parse_state(word: str) -> State:
    """The state of a call by its word; a call that has none yet sends nothing."""
    if not word:
        return State()
    match = _STATE.match(word)
    if match is None:
        raise RemoteProtocolError(f"not a state: {word!r}")
    language, tries, head_start, path = match.groups()
    return State(
        "" if language == "-" else language, int(tries), tuple(path.split(".")[1:]), int(head_start or 0)
    )


# A plan has so many states at most as there are places in its menus.
@lru_cache(maxsize=4096)
def state_word(state: State) -> str:
    head_start = f"+{state.head_start_s}" if state.head_start_s else ""
    return ".".join([state.language or "-", f"{state.tries}{head_start}", *state.path])


def _event(text: str) -> Event:  # noqa: PLR0911  one for each event
    kind, _, rest = text.partition(":")
    match kind:
        case "arrived" if not rest:
            return Arrived()
        case "left":
            # Asterisk sets no status when the queue could not even be entered.
            return LeftQueue(QueueStatus(rest) if rest in set(QueueStatus) else QueueStatus.UNKNOWN)
        case "key" if rest == "timeout" or _KEY.match(rest):
            return KeyPressed(None if rest == "timeout" else rest)
        case "collected" if _DIGITS.match(rest):
            return Collected(rest)
        case "dialled":
            return Transferred(DialStatus(rest) if rest in set(DialStatus) else DialStatus.OTHER)
        case "centre":
            return CentreLeft(CentreStatus(rest) if rest in set(CentreStatus) else CentreStatus.NOBODY)
        case "recorded":
            return MessageTaken(kept=rest in KEPT)
        case "offer" if not rest:
            return OfferTaken()
        case "no-number" if not rest:
            return NoNumber()
        case _:
            raise RemoteProtocolError(f"not an event: {text!r}")


def event_words(event: Foreseeable) -> tuple[str, ...]:  # noqa: C901, PLR0911  one for each event
    """The words by which the dialplan tells this event; an empty one stands for any other."""
    match event:
        case Arrived():
            return ("arrived",)
        case LeftQueue(status):
            return ("",) if status is QueueStatus.UNKNOWN else (f"left:{status}",)
        case KeyPressed(key):
            return ("",) if key == NO_MENUS_KEY else (f"key:{key or 'timeout'}",)
        case Collected(digits):
            return ("",) if digits == NO_RIGHT_DIGITS else (f"collected:{digits}",)
        case Fitting(shape):
            return (f"fits:{shape}",)
        case LookedUp():
            raise LocalProtocolError("the dialplan asks no other program")
        case Transferred(status):
            return ("",) if status is DialStatus.OTHER else (f"dialled:{status}",)
        case CentreLeft(centre_status):
            return ("",) if centre_status is CentreStatus.NOBODY else (f"centre:{centre_status}",)
        case MessageTaken(kept):
            return tuple(f"recorded:{word}" for word in sorted(KEPT)) if kept else ("",)
        case OfferTaken():
            return ("offer",)
        case NoNumber():
            return ("no-number",)
        case Enough():
            return ("enough",)


# A plan gives a handful of different answers, and this is on the path of every call.
@lru_cache(maxsize=4096)
def encode_answer(decision: Decision, plan_version: str) -> str:
    """The value of HOTLINE_ANSWER. Raises LocalProtocolError if a word could change its meaning."""
    return _stretch(join("plan", plan_version, decision.reason, state_word(decision.state)), decision)


def encode_foreseen(decision: Decision, plan_version: str) -> str:
    """The same for a file that is read without the service; its plan is the newest one, if not the call's."""
    return _stretch(join("foreseen", decision.reason, state_word(decision.state), plan_version), decision)


def _stretch(first: str, decision: Decision) -> str:
    return "|".join(["1", first, *(encode_step(step) for step in decision.steps), "end"])


def encode_step(step: Step) -> str:  # noqa: C901, PLR0911, PLR0912  one for each step
    match step:
        case Answer():
            return "answer"
        case Play(language, prompt, stage):
            return join("play", f"{language}/{prompt}", stage)
        case Say(language, prompts, stage):
            return join("say", prompts_word(language, prompts), stage)
        case AskKey(node, language, prompts, timeout_s, barge_in, stage):
            how = "1" if barge_in else "0"
            return join("key", node, prompts_word(language, prompts), str(timeout_s), how, stage)
        case AskDigits(node, language, prompts, max_digits, terminator, timeout_s):
            ending = _TERMINATORS[terminator]
            return join(
                "digits", node, prompts_word(language, prompts), str(timeout_s), str(max_digits), ending
            )
        case Wait():
            return _wait(step)
        case Transfer(trunk, host, number, ring_s):
            return join("dial", trunk, host, number, str(ring_s))
        case HandOver():
            return _hand_over(step)
        case TakeMessage(box, max_s):
            return join("record", box, str(max_s))
        case CallAt(number):
            return join("number", number)
        case Promise(queue, elsewhere):
            return join("promise", queue, *(["elsewhere"] if elsewhere else []))
        case Mark(outcome):
            return join("mark", outcome)
        case HangUp(cause):
            return join("hangup", *([str(cause)] if cause else []))


def _wait(step: Wait) -> str:
    """What is not there at the end is left out."""
    levels = ".".join(map(str, step.admitted_s))
    pace = str(step_s(step.admitted_s)) if levels else ""
    more = [str(step.head_start_s or ""), levels, pace, step.announcement, step.music]
    more.append(str(step.offer_after_s or ""))
    while more and not more[-1]:
        more.pop()
    when = ["all" if step.in_all else "now"] if more or step.in_all else []
    return join("wait", step.queue, str(step.max_wait_s), *when, *more)


def _hand_over(step: HandOver) -> str:
    targets = ":".join(f"{number}.{ring_s}" for number, ring_s in step.targets)
    asked = step.confirm
    confirm = "-" if asked is None else f"{asked.language}/{asked.prompt}.{asked.timeout_s}.{asked.tries}"
    shows, turn = step.shows or "caller", str(int(step.in_turn))
    return join(
        "centre", step.centre, step.trunk, step.host, targets, confirm, str(step.channels), shows, turn
    )


def prompts_word(language: str, prompts: Sequence[str]) -> str:
    return f"{language}/{'+'.join(prompts)}"


def join(*words: str) -> str:
    for word in words:
        if not _ARGUMENT.match(word):
            raise LocalProtocolError(f"may not stand in an answer: {word!r}")
    return "~".join(words)

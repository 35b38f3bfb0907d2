"""The menu of the control number: what a person with a PIN hears next. Pure, as `decide` is for callers.

Two kinds of move: steps for the telephone, or an effect (a PIN to be checked, a line to be closed, a
recording to be kept) that somebody else carries out and whose result comes back as an event.
"""

from __future__ import annotations

from dataclasses import replace

from hotline_ivr.routing.control_said import cleared, line_question, menu, standing
from hotline_ivr.routing.control_steps import (
    ADMIN,
    CONTROL,
    Began,
    CheckPin,
    ClearLine,
    ControlEvent,
    ControlStep,
    Done,
    Effect,
    Enter,
    Entered,
    KeepRecording,
    Move,
    Node,
    NotDone,
    PinLocked,
    PinRight,
    PinWrong,
    Recorded,
    RecordPrompt,
    Replay,
    Session,
    SetOverride,
    Turn,
    View,
)
from hotline_ivr.routing.overrides import OverrideKind
from hotline_ivr.routing.speech import MOST_PARTS, number
from hotline_ivr.routing.steps import Answer, HangUp, Play, Say, Stage

PIN_TRIES = 3
"""Wrong PINs in one call; then it ends."""

SLIPS = 3
"""Wrong or missing keys in a row; then the call ends: somebody has put the telephone down."""

MOST_HOURS = 720
"""A month; what lasts longer belongs into the YAML."""

_PIN_DIGITS = 13  # twelve, and the key that ends them
_PROMPT_DIGITS = 6  # five, and that key: left over, it would cut short what is said next
_KINDS = {"1": OverrideKind.CLOSE, "2": OverrideKind.OPEN, "3": None}
_LANGUAGES = {"1": "nb", "2": "en"}


def react(view: View, session: Session, event: ControlEvent) -> Move:  # noqa: PLR0911  one for each event
    """What comes next for somebody who is at `session`."""
    match event:
        case Began():
            return Turn(session, (Answer(), *_question(view, session)))
        case PinRight(person, role):
            return _to_menu(view, replace(session, person=person, role=role))
        case PinWrong():
            tried = replace(session, tries=session.tries + 1)
            said = _say(view, "control-wrong-pin")
            return _end(view, tried, said) if tried.tries >= PIN_TRIES else _ask(view, tried, said)
        case PinLocked():
            return Turn(session, (Answer(), _say(view, "control-locked"), HangUp()))
        case Entered(text):
            return _entered(view, session, text)
        case Recorded(_, too_long=True):
            # Cut off in the middle of a word: nobody is asked whether to keep that.
            slipped = replace(session, slips=session.slips + 1)
            said = _say(view, "control-refused", "control-too-long")
            return _end(view, slipped, said) if slipped.slips >= SLIPS else _ask(view, slipped, said)
        case Recorded(kept=True):
            return _ask(view, replace(session, at=Node.KEEP))
        case Recorded():
            return _ask(view, replace(session, at=Node.PROMPT), _say(view, "control-not-possible"))
        case Done(said):
            return _to_menu(view, session, *_told(view, said))
        case NotDone(why):
            if session.at is Node.KEEP:
                refused = _say(view, *(why or ("control-not-possible",)))
                return _ask(view, replace(session, at=Node.RECORDING), refused)
            return _to_menu(view, session, _say(view, *(why or ("control-not-possible",))))


def _entered(view: View, session: Session, text: str) -> Move:
    if text.startswith("*"):
        return _end(view, session) if session.at in {Node.PIN, Node.MENU} else _to_menu(view, session)
    chosen = _chosen(view, session, text)
    if chosen is None:
        slipped = replace(session, slips=session.slips + 1)
        unknown = session.at is Node.PROMPT and text
        said = _say(view, "control-no-such-prompt" if unknown else "control-wrong-key")
        return _end(view, slipped) if slipped.slips >= SLIPS else _ask(view, slipped, said)
    if isinstance(chosen, Session):
        return _ask(view, replace(chosen, slips=0))
    if isinstance(chosen, Turn):
        return chosen
    return Effect(replace(session, slips=0), chosen)


_Chosen = Session | Turn | CheckPin | SetOverride | ClearLine | KeepRecording | None


def _chosen(view: View, session: Session, text: str) -> _Chosen:  # noqa: PLR0911  one for each node
    """What an entry means at a node; None where it means nothing."""
    match session.at:
        case Node.PIN:
            return CheckPin(text) if text else None
        case Node.MENU:
            return _from_menu(view, session, text)
        case Node.LINE:
            line = next((each.id for each in view.lines if str(each.key) == text.lstrip("0")), None)
            return None if line is None else _with_line(session, line)
        case Node.LENGTH:
            return _length(session, text)
        case Node.HOURS:
            hours = _digits(text) or 0
            return _set(session, seconds=hours * 3600) if 1 <= hours <= MOST_HOURS else None
        case Node.PROMPT:
            prompt = view.prompts.get(_digits(text) or 0)
            return None if prompt is None else replace(session, at=Node.LANGUAGE, prompt=prompt)
        case Node.LANGUAGE:
            if text not in _LANGUAGES:
                return None
            return replace(session, at=Node.RECORDING, language=_LANGUAGES[text])
        case Node.RECORDING:
            return None
        case Node.KEEP:
            if text == "1":
                return KeepRecording(f"{session.language}/{session.prompt}")
            return replace(session, at=Node.RECORDING) if text == "2" else None


def _digits(text: str) -> int | None:
    """The number that was entered; None where a star stands in it, or nothing."""
    return int(text) if text.isdecimal() else None


def _from_menu(view: View, session: Session, key: str) -> _Chosen:
    if key == "4":
        said = tuple(_say(view, *standing(view, line)) for line in view.lines)
        return _ask(view, session, *said)
    if key == "5" and session.role >= ADMIN:
        return replace(session, at=Node.PROMPT)
    if key not in _KINDS or session.role < CONTROL:
        return None
    begun = replace(session, kind=_KINDS[key])
    if len(view.lines) == 1:
        return _with_line(begun, view.lines[0].id)
    return replace(begun, at=Node.LINE)


def _with_line(session: Session, line: str) -> Session | ClearLine:
    if session.kind is None:
        return ClearLine(line)
    return replace(session, at=Node.LENGTH, line=line)


def _length(session: Session, key: str) -> _Chosen:
    match key:
        case "1":
            return _set(session, until_next_change=True)
        case "2":
            return replace(session, at=Node.HOURS)
        case "3":
            return _set(session)
        case _:
            return None


def _set(
    session: Session, *, seconds: int | None = None, until_next_change: bool = False
) -> SetOverride | None:
    if session.kind is None:
        return None
    return SetOverride(session.line, session.kind, seconds=seconds, until_next_change=until_next_change)


def _told(view: View, done: Effect | None) -> tuple[ControlStep, ...]:
    """How a change is confirmed: by what now holds, not by what was asked for."""
    match done and done.what:
        case SetOverride(line):
            return tuple(_say(view, *standing(view, each)) for each in view.lines if each.id == line)
        case ClearLine(line):
            return tuple(_say(view, *cleared(view, each)) for each in view.lines if each.id == line)
        case KeepRecording():
            return (_say(view, "control-kept"),)
        case _:
            return ()


def _to_menu(view: View, session: Session, *before: ControlStep) -> Turn:
    fresh = Session(at=Node.MENU, person=session.person, role=session.role)
    return _ask(view, fresh, *before)


def _ask(view: View, session: Session, *before: ControlStep) -> Turn:
    return Turn(session, _at_once((*before, *_question(view, session))))


def _at_once(steps: tuple[ControlStep, ...]) -> tuple[ControlStep, ...]:
    """What is said before a question as part of it, as far as it fits, so that a key is heard during it."""
    *before, last = steps
    if not isinstance(last, Enter):
        return steps
    said = last.prompts
    while before and isinstance(step := before[-1], Play | Say):
        told = (step.prompt,) if isinstance(step, Play) else step.prompts
        if len(told) + len(said) > MOST_PARTS:
            break
        said = (*told, *said)
        before.pop()
    return (*before, replace(last, prompts=said))


def _end(view: View, session: Session, *before: ControlStep) -> Turn:
    return Turn(session, (*before, _say(view, "control-goodbye"), HangUp()))


def _question(view: View, session: Session) -> tuple[ControlStep, ...]:  # noqa: PLR0911  one for each node
    """What is said at a node, and what is waited for."""
    match session.at:
        case Node.PIN:
            return (_enter(view, ("control-pin",), _PIN_DIGITS, 8),)
        case Node.MENU:
            return (_enter(view, menu(session.role), 1, 10),)
        case Node.LINE:
            digits = max(len(str(each.key)) for each in view.lines)
            return (_enter(view, line_question(view), digits, 6),)
        case Node.LENGTH:
            return (_enter(view, ("control-how-long",), 1, 10),)
        case Node.HOURS:
            return (_enter(view, ("control-hours",), 4, 6),)
        case Node.PROMPT:
            return (_enter(view, ("control-which-prompt",), _PROMPT_DIGITS, 8),)
        case Node.LANGUAGE:
            return (_enter(view, ("control-which-language",), 1, 10),)
        case Node.RECORDING:
            wanted = next(key for key, prompt in view.prompts.items() if prompt == session.prompt)
            told = ("control-prompt", *number(view.language, wanted), "control-after-the-tone")
            return (_say(view, *told), RecordPrompt(view.longest_s))
        case Node.KEEP:
            return (Replay(), _enter(view, ("control-keep",), 1, 10))


def _say(view: View, *prompts: str) -> Play | Say:
    if len(prompts) == 1:
        return Play(view.language, prompts[0], Stage.MENU)
    return Say(view.language, prompts, Stage.MENU)


def _enter(view: View, prompts: tuple[str, ...], most: int, timeout_s: int) -> Enter:
    return Enter(view.language, prompts, most, timeout_s)

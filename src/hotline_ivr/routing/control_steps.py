"""Words of the control menu: events, steps, effects, and where somebody is in it. Closed unions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hotline_ivr.routing.overrides import OverrideKind
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.steps import Answer, HangUp, Play, Say

READ, CONTROL, ADMIN = 1, 2, 3
"""What a PIN may do, as with tokens: hear; also close, open and clear; also record."""


class Node(StrEnum):
    """Where somebody is: what was asked last."""

    PIN = "pin"
    MENU = "menu"
    LINE = "line"
    LENGTH = "length"
    HOURS = "hours"
    PROMPT = "prompt"
    LANGUAGE = "language"
    RECORDING = "recording"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Session:
    """One control call. `kind` None is clearing; `role` 0 until a PIN was right."""

    at: Node = Node.PIN
    person: str = ""
    role: int = 0
    tries: int = 0
    slips: int = 0
    kind: OverrideKind | None = None
    line: str = ""
    prompt: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class ControlledLine:
    """A line in the menu: what is pressed for it, and the prompt of its name if it has one."""

    id: str
    key: int
    prompt: str | None


@dataclass(frozen=True, slots=True)
class View:
    """What the menu speaks of. `prompts` by their number in the manuscript; `now` is aware."""

    language: str
    lines: tuple[ControlledLine, ...]
    book: Rulebook
    prompts: Mapping[int, str]
    now: datetime
    longest_s: int = 180


# What is done at the telephone.


@dataclass(frozen=True, slots=True)
class Enter:
    """Play prompts and take at most `most` keys, ended by # or a pause. What is entered stands in no log."""

    language: str
    prompts: tuple[str, ...]
    most: int
    timeout_s: int


@dataclass(frozen=True, slots=True)
class RecordPrompt:
    """Record what is said after a tone, at most `most_s` seconds."""

    most_s: int


@dataclass(frozen=True, slots=True)
class Replay:
    """Play what was recorded."""


ControlStep = Answer | Play | Say | Enter | RecordPrompt | Replay | HangUp


# What somebody else has to do.


@dataclass(frozen=True, slots=True)
class CheckPin:
    """Whose PIN is this?"""

    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetOverride:
    """Close or open a line; with neither length it holds until it is cleared."""

    line: str
    kind: OverrideKind
    seconds: int | None = None
    until_next_change: bool = False


@dataclass(frozen=True, slots=True)
class ClearLine:
    """Let the calendar decide again."""

    line: str


@dataclass(frozen=True, slots=True)
class KeepRecording:
    """Take the recording over as the prompt `<language>/<prompt>`."""

    name: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Carry this out; its result comes back as an event."""

    session: Session
    what: CheckPin | SetOverride | ClearLine | KeepRecording


@dataclass(frozen=True, slots=True)
class Turn:
    """The next steps, and where the person is then."""

    session: Session
    steps: tuple[ControlStep, ...]


Move = Turn | Effect


# What happened.


@dataclass(frozen=True, slots=True)
class Began:
    """Somebody has rung the control number."""


@dataclass(frozen=True, slots=True)
class Entered:
    """Keys, digits and stars; none when none came in time."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The recording is over; `kept` unless Asterisk could not write it. `too_long`: its time ended it."""

    kept: bool
    too_long: bool = False


@dataclass(frozen=True, slots=True)
class PinRight:
    """The PIN is this person's."""

    person: str
    role: int


@dataclass(frozen=True, slots=True)
class PinWrong:
    """The PIN is nobody's, or has ended."""


@dataclass(frozen=True, slots=True)
class PinLocked:
    """There were too many wrong PINs; none is taken now."""


@dataclass(frozen=True, slots=True)
class Done:
    """An effect was carried out."""

    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class NotDone:
    """An effect was refused; `why` are the prompts that say so, if there are any of its own."""

    why: tuple[str, ...] = ()


Result = PinRight | PinWrong | PinLocked | Done | NotDone
ControlEvent = Began | Entered | Recorded | Result

"""A call without a telephone: the same decisions as live calls, carried out in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.decide import decide
from hotline_ivr.routing.rulebook import Rulebook
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
    DialStatus,
    Event,
    HandOver,
    HangUp,
    KeyPressed,
    LeftQueue,
    LookedUp,
    LookUp,
    Mark,
    MessageTaken,
    NoNumber,
    OfferTaken,
    Outcome,
    Play,
    Promise,
    QueueStatus,
    Say,
    Stage,
    Step,
    TakeMessage,
    Transfer,
    Transferred,
    Wait,
    settled,
)
from hotline_ivr.routing.surroundings import NOTHING_SEEN, Surroundings

# What a person says happens in a queue.
_QUEUE_WORDS = {
    "timeout": QueueStatus.TIMEOUT,
    "full": QueueStatus.FULL,
    "empty": QueueStatus.JOIN_EMPTY,
}
_OFFER = "callback"
_CENTRE_WORDS = {"nobody": CentreStatus.NOBODY, "full": CentreStatus.FULL}
_DIAL_WORDS = {"timeout": DialStatus.NO_ANSWER, "busy": DialStatus.BUSY}
_KEYS = frozenset("0123456789*#")

Tell = Callable[[str], str | None]
"""Answers a question to the caller or about the call; None is that the caller hangs up."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that happens: `step` in a word, `text` its details, prompts as `<language>/<prompt>`."""

    step: str
    text: str


class _Over(Exception):  # noqa: N818  it is no mishap when a call ends
    """The call has ended."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Simulation:
    """One call of one caller."""

    def __init__(
        self,
        book: Rulebook,
        call: Call,
        at: datetime,
        *,
        tell: Tell,
        show: Callable[[Scene], None],
        surroundings: Surroundings = NOTHING_SEEN,
        patient: bool = False,
    ) -> None:
        """`at` is when the call comes, and stays the time; `show` is told of everything as it happens.

        Who answers what is no answer is asked again if `patient`; else ArgumentError is raised.
        """
        self._patient = patient
        self._surroundings = surroundings
        self.outcome: Outcome | None = None
        self.asks = 0
        self._book = book
        self._call = call
        self._at = at
        self._stage = Stage.ARRIVAL
        self._event: Event = Arrived()
        self._tell = tell
        self._show = show

    def play(self) -> Outcome:
        """Until the call is over; how it ended."""
        while True:
            try:
                self._ask()
            except _Over as over:
                return over.outcome

    def _ask(self) -> None:
        call = replace(self._call, asked=self.asks)
        decision = decide(self._book, call, self._event, self._at, self._surroundings)
        self.asks += 1
        if isinstance(decision, LookUp):
            said = self._tell(f"what does {decision.url} answer about {decision.digits}?")
            self._event = LookedUp(said if said != "timeout" else None)
            self._note("look-up", f"{decision.collect}: {said or 'nothing'}")
            return
        self._call = replace(self._call, state=decision.state)
        self._note("decided", decision.reason)
        for step in decision.steps:
            event = self._carry_out(step)
            if event is not None:
                self._event = event
                return
        self._end(self.outcome or Outcome.TECHNICAL)

    def _carry_out(self, step: Step) -> Event | None:
        """What comes of a step, where the service has to be asked again."""
        match step:
            case Answer():
                self._note("answer", "")
            case Play(language, prompt, stage):
                self._say(language, (prompt,), stage)
            case Say(language, prompts, stage):
                self._say(language, prompts, stage)
            case Mark(outcome):
                self.outcome = settled(self.outcome, outcome)
            case HangUp():
                self._note("hang-up", "")
                self._end(self.outcome or Outcome.TECHNICAL)
            case AskKey(node, language, prompts, _, _, stage):
                self._say(language, prompts, stage)
                return self._key(self._told(f"[{node}] key (0-9 * # or timeout)", _is_key))
            case AskDigits(node, language, prompts):
                self._say(language, prompts, Stage.MENU)
                said = self._told(f"[{node}] digits (or timeout)", _are_digits)
                return Collected("".join(digit for digit in said if digit in "0123456789"))
            case CallAt(number):
                self._note("number", number)
            case Promise(queue, elsewhere):
                return self._promise(queue, elsewhere=elsewhere)
            case Wait() | Transfer() | HandOver() | TakeMessage():
                return self._elsewhere(step)
        return None

    def _elsewhere(self, step: Wait | Transfer | HandOver | TakeMessage) -> Event:
        """With somebody else, or with a machine that records."""
        match step:
            case Wait(queue, max_wait_s):
                head_start = f", with a head start of {step.head_start_s} s" if step.head_start_s else ""
                self._note("queue", f"{queue}, for {max_wait_s} s at most{head_start}")
                self._stage, self.outcome = Stage.QUEUE, None
                return self._in_queue(step)
            case Transfer(trunk, _, number, _):
                self._note("transfer", f"{number} by {trunk}")
                self._stage, self.outcome = Stage.TRANSFER, None
                said = self._told(
                    f"[{number}] answered, timeout or busy", {"answered", *_DIAL_WORDS}.__contains__
                )
                if said == "answered":
                    self._end(Outcome.OVERFLOWED)
                return Transferred(_DIAL_WORDS[said])
            case HandOver(centre, trunk, _, targets):
                numbers = ", then ".join(f"{number} for {ring_s} s" for number, ring_s in targets)
                self._note("centre", f"{centre} by {trunk}: {numbers}")
                self._stage, self.outcome = Stage.TRANSFER, None
                said = self._told(
                    f"[centre {centre}] taken, nobody or full",
                    {"taken", "answered", *_CENTRE_WORDS}.__contains__,
                )
                if said in {"taken", "answered"}:
                    self._end(Outcome.OVERFLOWED)
                return CentreLeft(_CENTRE_WORDS[said])
            case TakeMessage(box, max_s):
                self._note("record", f"{box}, for {max_s} s at most")
                self._stage = Stage.VOICEMAIL
                return MessageTaken(
                    kept=self._told(f"[voicemail {box}] kept or failed", _is_kept) != "failed"
                )

    def _in_queue(self, step: Wait) -> Event:
        offered = {_OFFER} if step.offer_after_s else set()
        also = f", {_OFFER} for the key that is offered" if offered else ""
        said = self._told(
            f"[queue {step.queue}] answered, timeout, full or empty{also}",
            {"answered", *_QUEUE_WORDS, *offered}.__contains__,
        )
        if said == "answered":
            self._end(Outcome.ANSWERED)
        return OfferTaken() if said == _OFFER else LeftQueue(_QUEUE_WORDS[said])

    def _promise(self, queue: str, *, elsewhere: bool) -> Event | None:
        if not self._call.caller and not elsewhere:
            self._note("promise", "impossible: the number is withheld")
            return NoNumber()
        self._note("promise", queue)
        return None

    def _key(self, said: str) -> KeyPressed:
        return KeyPressed(None if said == "timeout" else said)

    def _told(self, question: str, is_answer: Callable[[str], bool]) -> str:
        said = self._tell(question)
        while said and not is_answer(said):
            if not self._patient:
                raise ArgumentError(f"'{said[:40]}' is no answer to: {question}")
            said = self._tell(question)
        if not said:
            self._note("caller", "hangs up")
            self._end(self.outcome or self._abandoned())
        self._note("caller", str(said))
        return str(said)

    def _abandoned(self) -> Outcome:
        if self._stage is Stage.TRANSFER:
            return Outcome.OVERFLOW_LOST
        return Outcome.INFORMED if self._stage is Stage.INFORMATION else Outcome.ABANDONED

    def _end(self, outcome: Outcome) -> None:
        raise _Over(outcome)

    def _say(self, language: str, prompts: tuple[str, ...], stage: Stage) -> None:
        self._stage = stage
        self._note("prompt", " ".join(f"{language}/{prompt}" for prompt in prompts))

    def _note(self, step: str, text: str) -> None:
        self._show(Scene(step, text))


def _is_key(said: str) -> bool:
    return said == "timeout" or said in _KEYS


def _are_digits(said: str) -> bool:
    return said == "timeout" or set(said) <= _KEYS


def _is_kept(said: str) -> bool:
    return said in {"kept", "failed", "timeout"}

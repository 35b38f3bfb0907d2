"""Who called again: the shadow of how many questions were answered at the first call. Pure.

A call with a conversation is repeated when the same person calls the same line again within the window, but
no sooner than REDIAL: who was cut off and dials again at once has not asked again. A call without one is
repeated when the person calls again within the window, however soon.

Of calls of the last window before now nobody knows yet whether they will be repeated, so they are left out.
Persons are told apart by a keyed hash of their number, which an erasure leaves as it was (pseudonym.py): the
figure of a time is the same before and after. Who withheld the number is counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from hotline_ivr.routing.owed import CONTACTS, read_number
from hotline_ivr.routing.pseudonym import SAME, Pseudonyms, is_pseudonym
from hotline_ivr.routing.steps import Outcome

WINDOW_DAYS = 7
"""Days within which a call is a repeat, as most call centres count."""

LOOKED_AT_DAYS = 28
"""Days of calls that are looked at unless somebody says which: whole weeks."""

REDIAL = 15 * 60 * 1_000_000
"""Microseconds: who calls again sooner after a conversation goes on with the same call."""


@dataclass(frozen=True, slots=True)
class RepeatWish:
    """Which calls (aware; the end is not included), and within how many days another one repeats them."""

    since: datetime | None = None
    until: datetime | None = None
    line: str | None = None
    days: int = WINDOW_DAYS


class Arrival(NamedTuple):
    """A caller's call. `person` is empty where nobody knows who it was; `at` is microseconds since 1970."""

    line: str
    person: str
    at: int
    outcome: str


@dataclass(slots=True)
class LineRepeats:
    """Of a line: its calls, and how many of them were followed by another one of the same person."""

    line: str
    answered: int = 0
    answered_again: int = 0
    unanswered: int = 0
    unanswered_again: int = 0
    withheld: int = 0
    persons: int = 0
    persons_again: int = 0


@dataclass(slots=True)
class _Person:
    """Calls that may yet be repeated, as (arrival, whether it was answered)."""

    open: list[tuple[int, bool]] = field(default_factory=list)
    again: bool = False


class RepeatCounter:
    """Is told of calls in the order of their arrival. All times are microseconds; `until` is not included.

    Those after `until` are told too, for as long as the window: they repeat, and are not counted themselves.
    """

    def __init__(self, since: int, until: int, window: int) -> None:
        self._since, self._until, self._window = since, until, window
        self._lines: dict[str, LineRepeats] = {}
        self._persons: dict[tuple[str, str], _Person] = {}

    def add(self, call: Arrival) -> None:
        counts = self._since <= call.at < self._until
        if call.outcome == Outcome.BLOCKED or not call.line:
            return
        line = self._lines.setdefault(call.line, LineRepeats(call.line)) if counts else None
        if not call.person:
            if line is not None:
                line.withheld += 1
            return
        person = self._persons.get((call.line, call.person))
        if person is not None:
            self._repeat(person, call)
        if line is None:
            return
        if person is None:
            person = self._persons.setdefault((call.line, call.person), _Person())
            line.persons += 1
        answered = call.outcome in CONTACTS
        if answered:
            line.answered += 1
        else:
            line.unanswered += 1
        person.open.append((call.at, answered))

    def _repeat(self, person: _Person, call: Arrival) -> None:
        line, left = self._lines[call.line], list[tuple[int, bool]]()
        for at, answered in person.open:
            if call.at - at > self._window:
                continue
            if answered and call.at - at < REDIAL:
                left.append((at, answered))
                continue
            if answered:
                line.answered_again += 1
            else:
                line.unanswered_again += 1
            if not person.again:
                person.again = True
                line.persons_again += 1
        person.open = left

    def found(self) -> tuple[LineRepeats, ...]:
        """By line, in the order of their ids."""
        return tuple(self._lines[name] for name in sorted(self._lines))


def person_key(keyed: Pseudonyms, caller: str, country: str | None) -> str:
    """Who this is, whether the number still stands there or was replaced; empty for a withheld one.

    A number shorter than what tells persons apart has a pseudonym that is as short.
    """
    if is_pseudonym(caller):
        return caller[:SAME]
    return keyed.of(read_number(caller, country), min(SAME, len(caller))) if caller else ""

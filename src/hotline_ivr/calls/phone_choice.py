"""At which of their telephones operators are rung.

A queue knows an operator by one telephone. Who signs in at another is rung there from then on, and while a
telephone is gone the next of the plan's list stands in. What the telephones do is told by Asterisk through a
queue that no caller can enter (asterisk/render/queues.py), so it needs no right of ours beside.

A telephone that died without a word is there for Asterisk until it has been asked in vain. But it is rung in
silence, which Asterisk does tell: one that rings says so, and one that is set to refuse does not take the
whole time. So it is known to be gone when the first caller has been offered to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.devices import is_there, person_of, phones_of, rung_at
from hotline_ivr.routing.floor import DeviceState

_RINGING = frozenset({DeviceState.RINGING, DeviceState.RING_IN_USE})

SILENCE = timedelta(seconds=20)
"""A telephone that was rung in silence is left alone for so long: by then Asterisk has asked it, and says."""
_SLACK = timedelta(seconds=2)
"""Asterisk counts ringing in whole seconds, and its news take a moment."""


class ChoiceFile(Protocol):
    """What is kept. Both raise a HotlineError if the file cannot be used; `save` is called in threads."""

    def load(self) -> Mapping[str, str]: ...

    def save(self, chosen: Mapping[str, str]) -> None: ...


class NothingKept:
    """For a floor where nobody has several telephones."""

    def load(self) -> Mapping[str, str]:
        return {}

    def save(self, chosen: Mapping[str, str]) -> None:
        """Forget it."""


class PhoneChoice:
    """All operators of one plan. `interfaces` are the queues' names of telephones, by telephone.

    `clock` gives the time (aware, UTC).
    """

    def __init__(
        self,
        plan: Plan,
        interfaces: Mapping[str, str],
        clock: Callable[[], datetime],
        file: ChoiceFile | None = None,
    ) -> None:
        self._file = file or NothingKept()
        self._chosen = dict(self._file.load())
        self._clock = clock
        self._states: Mapping[str, DeviceState] = {}
        # When telephones were last heard ringing, and until when those are left alone that were not.
        self._rang: dict[str, datetime] = {}
        self._silent: dict[str, datetime] = {}
        self.take(plan, interfaces)

    def take(self, plan: Plan, interfaces: Mapping[str, str]) -> None:
        """Another plan."""
        self._interfaces = interfaces
        self._phones = {
            operator: [phone for phone in phones_of(plan, operator) if phone in interfaces]
            for operator in plan.operators
        }
        self._by_interface = {
            interfaces[phone]: (operator, phone)
            for operator, phones in self._phones.items()
            for phone in phones
        }

    def seen(self, states: Mapping[str, DeviceState]) -> None:
        """What the telephones of operators with several of them do now, by telephone."""
        now = self._clock()
        for phone, state in states.items():
            if state in _RINGING:
                self._rang[phone] = now
            if state is not self._states.get(phone):
                # There is news of it, good or bad.
                self._silent.pop(phone, None)
        self._states = states

    def interface(self, operator: str) -> str | None:
        """By which telephone the queues shall know an operator."""
        phones = self._phones.get(operator)
        if not phones:
            return None
        states = {**self._states, **dict.fromkeys(self._silent, DeviceState.UNAVAILABLE)}
        return self._interfaces[rung_at(phones, self._chosen.get(operator), states)]

    def person(self, operator: str) -> str:
        """What shows all telephones of an operator as one, for the queues; empty for one telephone."""
        return person_of(operator) if len(self._phones.get(operator, ())) > 1 else ""

    def owner(self, interface: str) -> str | None:
        """Whose telephone this is."""
        found = self._by_interface.get(interface)
        return None if found is None else found[0]

    def is_gone(self, operator: str) -> bool:
        """Whether the telephone that is rung is not there, while Asterisk tells of several."""
        found = self._by_interface.get(self.interface(operator) or "")
        return found is not None and found[1] in self._states and not is_there(self._states[found[1]])

    def rang_out(self, operator: str, rang: timedelta, ring_time: timedelta) -> bool:
        """Nobody took the call up; whether the telephone is dead, and another is rung from now on."""
        rung = self.interface(operator)
        found = self._by_interface.get(rung or "")
        if found is None or found[1] not in self._states or rang < ring_time:
            return False
        heard = self._rang.get(found[1])
        if heard is not None and heard >= self._clock() - rang - _SLACK:
            return False
        self._silent[found[1]] = self._clock() + SILENCE
        if self.interface(operator) != rung:
            return True
        # There is no other: whoever does not hear it is the operator.
        del self._silent[found[1]]
        return False

    def clock_set(self, ahead: timedelta) -> None:
        """The clock is so much further ahead."""
        self._rang = {phone: at + ahead for phone, at in self._rang.items()}
        self._silent = {phone: until + ahead for phone, until in self._silent.items()}

    def dues(self) -> Iterable[datetime]:
        """When telephones are tried again of which there was no news."""
        return self._silent.values()

    def tried_again(self) -> set[str]:
        """Operators of whom a telephone may be rung again by now."""
        over = {phone for phone, until in self._silent.items() if until <= self._clock()}
        for phone in over:
            del self._silent[phone]
        return {phone.partition(".")[0] for phone in over}

    async def choose(self, account: str) -> str | None:
        """The operator is at this telephone from now on; who it is, where that changes anything.

        Raises PresenceFileError if it cannot be kept.
        """
        found = self._by_interface.get(f"PJSIP/{account}")
        if found is None or len(self._phones[found[0]]) == 1 or self._chosen.get(found[0]) == found[1]:
            return None
        operator, phone = found
        self._chosen[operator] = phone
        await asyncio.to_thread(self._file.save, dict(self._chosen))
        return operator

"""At which of their telephones operators are rung.

A queue knows an operator by one telephone. Who signs in at another is rung there from then on, and while a
telephone is gone the next of the plan's list stands in. What the telephones do is told by Asterisk through a
queue that no caller can enter (asterisk/render/queues.py), so it needs no right of ours beside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.devices import is_there, person_of, phones_of, rung_at
from hotline_ivr.routing.floor import DeviceState


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
    """All operators of one plan. `interfaces` are the queues' names of telephones, by telephone."""

    def __init__(self, plan: Plan, interfaces: Mapping[str, str], file: ChoiceFile | None = None) -> None:
        self._file = file or NothingKept()
        self._chosen = dict(self._file.load())
        self._states: Mapping[str, DeviceState] = {}
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
        self._states = states

    def interface(self, operator: str) -> str | None:
        """By which telephone the queues shall know an operator."""
        phones = self._phones.get(operator)
        if not phones:
            return None
        return self._interfaces[rung_at(phones, self._chosen.get(operator), self._states)]

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

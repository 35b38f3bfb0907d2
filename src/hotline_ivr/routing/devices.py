"""The telephones of operators: what they are called, and at which of them an operator is rung.

An operator without `devices` has one telephone, which is called as the operator is. One of several is called
`anna.desk`: ids have no dots, so the name of an account, and of a channel, says whose it is and which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.floor import DeviceState

_AWAY = frozenset({DeviceState.UNAVAILABLE, DeviceState.INVALID, DeviceState.UNKNOWN})


def phones_of(plan: Plan, operator: str) -> tuple[str, ...]:
    """The names of an operator's telephones, in the order of the plan."""
    devices = plan.operators[operator].devices
    return tuple(f"{operator}.{device}" for device in devices) or (operator,)


def all_phones(plan: Plan) -> tuple[str, ...]:
    """The names of all telephones."""
    return tuple(phone for operator in plan.operators for phone in phones_of(plan, operator))


def device_of(phone: str) -> str:
    """The id of the device; empty for an operator's only telephone."""
    return phone.partition(".")[2]


def person_of(operator: str) -> str:
    """The extension whose hint shows all telephones of an operator as one person.

    Asterisk passes over a hyphen in an extension, and ids have no dots.
    """
    return operator.replace("-", ".")


def is_there(state: DeviceState | None) -> bool:
    """Whether a telephone can be rung, as far as is known."""
    return state is not None and state not in _AWAY


def rung_at(phones: Sequence[str], chosen: str | None, states: Mapping[str, DeviceState]) -> str:
    """Which telephone is rung: the one that was signed in at, else the first of the list that is there.

    Where none is there it stays at the one chosen, or the first.
    """
    wanted = chosen if chosen in phones else None
    there = [phone for phone in phones if is_there(states.get(phone))]
    if wanted is not None and (wanted in there or not there):
        return wanted
    return there[0] if there else phones[0]

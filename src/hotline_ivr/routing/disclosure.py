"""What of a person's number and name leaves the house: the one place through which it goes.

Exports, web hooks, the interface and the command line ask here. Who may see what is decided before, by role
or by the configuration.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.caller import VISIBLE, mask


class Disclosure(Protocol):
    """How numbers and names of callers are told."""

    def number(self, number: str) -> str:
        """A caller's number, E.164 or as it was sent."""

    def name(self, name: str) -> str:
        """A caller's name as it was sent."""

    def text(self, text: str) -> str:
        """What somebody said, as it was written down."""


class Masked:
    """The last digits, `visible` of them, tell calls apart; names and texts are left out."""

    def __init__(self, visible: int = VISIBLE) -> None:
        self._visible = visible

    def number(self, number: str) -> str:
        return mask(number, self._visible)

    def name(self, name: str) -> str:
        del name
        return ""

    def text(self, text: str) -> str:
        del text
        return ""


class Full:
    """As they are."""

    def number(self, number: str) -> str:
        return number

    def name(self, name: str) -> str:
        return name

    def text(self, text: str) -> str:
        return text


def disclosure(*, numbers: bool, visible: int = VISIBLE) -> Disclosure:
    """Full if numbers are shown, else masked but for so many last digits."""
    return Full() if numbers else Masked(visible)


def outside_number(kind: str | None, number: str | None, told: Callable[[str], str]) -> str | None:
    """The number that a call of this kind rang outside. In a call back it is a person's, and told as such.

    Elsewhere it is a centre's, or where an operator handed the caller on to.
    """
    return told(number) if number and kind == CallKind.CALLBACK else number

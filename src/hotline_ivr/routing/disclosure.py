"""What of a person's number and name leaves the house: the one place through which it goes.

Exports and web hooks ask here. Who may see what is decided before, by role or by the configuration.
"""

from __future__ import annotations

from typing import Protocol

from hotline_ivr.routing.caller import mask


class Disclosure(Protocol):
    """How numbers and names of callers are told."""

    def number(self, number: str) -> str:
        """A caller's number, E.164 or as it was sent."""

    def name(self, name: str) -> str:
        """A caller's name as it was sent."""

    def text(self, text: str) -> str:
        """What somebody said, as it was written down."""


class Masked:
    """The last digits tell calls apart; names and texts are left out."""

    def number(self, number: str) -> str:
        return mask(number)

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


def disclosure(*, numbers: bool) -> Disclosure:
    """Full if numbers are shown, else masked."""
    return Full() if numbers else Masked()

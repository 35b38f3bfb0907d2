"""What stands in the place of a number that is no longer kept: a keyed hash, as long as the number was.

It is as long as what it replaces, byte for byte, so that it can be put into Asterisk's own logs without
moving anything in them. It is letters behind a mark, so that it is never read as a number and never found
by somebody who looks for one. Of a number that we dialled the first digits stay before the letters, because
the price of the call goes by them; a million numbers have them in common. The same person has the same
letters, however a carrier wrote the number: who calls again is counted as such before, after and across an
erasure. Without the key (control/number_key.py) nobody gets from a pseudonym to a number by trying all
numbers.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

MARK = "~"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_DIGITS = frozenset("0123456789")

HIDDEN = 6
"""So many last digits of a number that we dialled are no longer kept: a million numbers begin alike."""

_DIALLED = re.compile(rf"{MARK}([0-9]+)[A-Za-z]{{{HIDDEN},}}", re.ASCII)

SAME = 8
"""So many characters tell persons apart: 7 letters are 40 bits. Numbers have 8 characters or more."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Pseudonyms under one key."""

    key: bytes

    def of(self, person: str, length: int) -> str:
        """The pseudonym of `person` (a number in E.164, or whatever was sent), so many characters long."""
        if length <= 0:
            return ""
        letters: list[str] = []
        block, count = b"", 0
        while len(letters) < length - 1:
            if not block:
                block = hmac.digest(self.key, f"{count}|{person}".encode(), hashlib.sha256)
                count += 1
            byte, block = block[0], block[1:]
            # 208 is four times the letters: a remainder of more would prefer some of them.
            if byte < 208:
                letters.append(_LETTERS[byte % len(_LETTERS)])
        return MARK + "".join(letters)

    def of_dialled(self, person: str, length: int) -> str:
        """The same for a number that we dialled, of which the first digits stay as they are.

        `person` in E.164; of what is no number nothing stays.
        """
        digits = person[1:]
        if length <= 0 or not person.startswith("+") or not _DIGITS.issuperset(digits):
            return self.of(person, length)
        # One written without its country code is shorter, and begins with other digits.
        kept = digits[: max(0, min(len(digits), length - 1) - HIDDEN)]
        return MARK + kept + self.of(person, length - len(kept))[1:]

    def same(self, person: str) -> str:
        """What is the same for all numbers of a person, replaced or not: for counting who calls again."""
        return person[:SAME] if is_pseudonym(person) else self.of(person, SAME)


def is_pseudonym(text: str) -> bool:
    """Whether this stands in the place of a number."""
    return text.startswith(MARK) and all(letter in _LETTERS for letter in text[1:])


def is_replaced(dialled: str) -> bool:
    """Whether this stands in the place of a number that we dialled."""
    return is_pseudonym(dialled) or _DIALLED.fullmatch(dialled) is not None


def known_beginning(dialled: str) -> str:
    """What is known of a number that we dialled: all of it, or of a replaced one `+` and its first digits."""
    if (found := _DIALLED.fullmatch(dialled)) is not None:
        return f"+{found[1]}"
    return "" if is_pseudonym(dialled) else dialled

"""Numbers out of what Asterisk wrote, byte for byte as long as before.

The rules are the same for its files and for the events that the record keeps.

Where a caller's number, name and digits stand is known (dialplans/, asterisk/spool.py): in the stage events
`arrived`, `promise`, `callback`, `dial` (of calls that we made) and `digits`, and in queue_log's
ENTERQUEUE. Number and name as they were sent are base64 there; what replaces them is base64 of as many
bytes, so the fold reads the line as before, and a call that is folded again gets the same pseudonym and
nothing else. Of a number that we dialled the first digits stay: the price of that call goes by them.

For one person's erasure every other place in a line where the number stands is replaced too.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hotline_ivr.routing.caller import WITHHELD
from hotline_ivr.routing.number_forms import NumberForms
from hotline_ivr.routing.owed import read_number
from hotline_ivr.routing.pseudonym import Pseudonyms, is_pseudonym, is_replaced

_WORD = rb"[^|\"\\\n\t]*"
# Behind a quote in the record, behind an escaped one in the file.
_ARRIVED = re.compile(
    rb"(?<=\")(arrived\|"
    + _WORD
    + rb"\|"
    + _WORD
    + rb"\|)("
    + _WORD
    + rb")\|("
    + _WORD
    + rb")\|("
    + _WORD
    + rb")"
)
# Cut behind the number, or within what was sent, as a full disk leaves it: there the line ends.
_CUT = re.compile(
    rb"(?<=\")(arrived\|" + (_WORD + rb"\|") * 2 + rb')([^|"\\\n\t{]*)((?:\|[^|"\\\n\t{]*)?)(?=["\\\n\t{]|\Z)'
)
# What Asterisk says in words: a name before an address, and what is as long as a number and no id of a call.
_NAMED = re.compile(rb'(?<=")([^"\n]*)(?=" ?<sips?:)')
_SAID = re.compile(rb"(?:(?<=%2B)|(?<![0-9A-Za-z.+~-]))\+?[0-9]{7,15}(?![0-9A-Za-z]|\.[0-9])")
_PROMISE = re.compile(rb"(?<=\")(promise\|" + _WORD + rb"\|)(" + _WORD + rb")")
_CALLBACK = re.compile(rb"(?<=\")(callback\|" + (_WORD + rb"\|") * 3 + rb")(" + _WORD + rb")")
_DIAL = re.compile(rb"(?<=\")(dial\|" + _WORD + rb"\|)(" + _WORD + rb")")
_DIGITS = re.compile(rb"(?<=\")(digits\|" + _WORD + rb"\|)(" + _WORD + rb")")
_ENTERED = re.compile(rb"(\|ENTERQUEUE\|[^|\n]*\||\tENTERQUEUE\t[^\t\n]*\t[^\t\n]*\t[^|\n]*\|)([^|\n]*)")
_OURS = (b"@hotline-callback", b'"callback|')
_SHORTEST = 5
_RUN = re.compile(r"\+?[0-9][0-9 ().\-/\u00a0]{3,24}[0-9]", re.ASCII)
_APART = re.compile(r"[^0-9+]+")


@dataclass(frozen=True, slots=True)
class Redactor:
    """Takes numbers out. Without `person` those of everybody, else of that one number in E.164.

    `numbers` and `digits` say what goes; digits of one person's calls go with the number.
    """

    pseudonyms: Pseudonyms
    country: str | None
    person: str | None = None
    numbers: bool = True
    digits: bool = True
    forms: NumberForms | None = field(default=None)

    def is_meant(self, number: str) -> bool:
        """Whether this number goes; so is one that an erasure replaced which was stopped."""
        if not number:
            return False
        if self.person is None:
            return not is_pseudonym(number)
        return read_number(number, self.country) == self.person or self.is_theirs(number)

    def is_theirs(self, text: str) -> bool:
        """Whether this is the pseudonym of the person."""
        return self.person is not None and text in {
            self.pseudonyms.of(self.person, len(text)),
            self.pseudonyms.of_dialled(self.person, len(text)),
        }

    def number(self, number: str) -> str:
        """A number as it is kept from now on."""
        if not self.is_meant(number) or is_pseudonym(number):
            return number
        return self.pseudonyms.of(read_number(number, self.country), len(number))

    def dialled(self, number: str) -> str:
        """A number that we dialled, as it is kept from now on."""
        if is_replaced(number) or not self.is_meant(number):
            return number
        return self.pseudonyms.of_dialled(read_number(number, self.country), len(number))

    def events(self, data: bytes, *, ours: bool | None = None, own: bool = True) -> bytes:
        """Lines of Asterisk's, or events as they are kept.

        `ours` says that the service made the call (None: see from the lines); `own` that it is the person's.
        """
        made = any(word in data for word in _OURS) if ours is None else ours
        if self.numbers:
            data = _ARRIVED.sub(self._arrived, data)
            data = _CUT.sub(self._cut, data)
            data = _PROMISE.sub(self._second, data)
            data = _CALLBACK.sub(self._second, data)
            data = _ENTERED.sub(self._second, data)
            if made:
                data = _DIAL.sub(self._dialled, data)
        if self.digits and own:
            data = _DIGITS.sub(_without_digits, data)
        return self.text(data)

    def text(self, data: bytes) -> bytes:
        """Any text: what looks like the person's number; without a person nothing is known to be one."""
        if self.forms is None or not self.forms.may_have(data):
            return data
        data = self.forms.pattern.sub(self._plain, data)
        return self.forms.encoded_pattern.sub(self._coded, data)

    def words(self, data: bytes) -> bytes:
        """A line in which Asterisk says something of a call that it refused: without name and number."""
        data = _NAMED.sub(lambda match: b"x" * len(match[0]), data)
        return self.text(_SAID.sub(lambda match: self._same_length(match[0], self.number), data))

    def names_person(self, data: bytes) -> bool:
        """Whether a line is of a call of the person: it says who called, or who was called."""
        return any(
            self.is_meant(match[2].decode("utf-8", "replace"))
            for pattern in (_ARRIVED, _CALLBACK)
            for match in pattern.finditer(data)
        )

    def _arrived(self, match: re.Match[bytes]) -> bytes:
        front, number, raw, name = match.groups()
        sent = _decoded(raw)
        text, sent_text = number.decode("utf-8", "replace"), (sent or b"").decode("utf-8", "replace")
        if self.person is None:
            meant = True
        else:
            meant = self.is_meant(text) or (not text and self.is_meant(sent_text))
        if not meant:
            return match[0]
        own = text or sent_text
        whose = read_number(own, self.country) if own and not is_pseudonym(own) else own
        kept = sent is not None and sent_text.strip().lower() in WITHHELD
        again = raw if kept or is_pseudonym(sent_text) else self._again(raw, sent, whose)
        return front + b"|".join((self.number(text).encode(), again, _blank(name)))

    def _cut(self, match: re.Match[bytes]) -> bytes:
        """Of a number that is not whole nobody knows whose it is: only everybody's go."""
        front, number, rest = match.groups()
        if self.person is not None:
            return match[0]
        kept = self._same_length(number, self.number)
        return front + kept + (b"|" + b"A" * (len(rest) - 1) if rest else b"")

    def _again(self, raw: bytes, sent: bytes | None, whose: str) -> bytes:
        """As many bytes of base64 that say the pseudonym; of what is no base64, as many that are none."""
        if sent is None:
            return b"A" * len(raw)
        pseudonym = self.pseudonyms.of(whose, len(sent)) if whose else "x" * len(sent)
        return base64.b64encode(pseudonym.encode())

    def _second(self, match: re.Match[bytes]) -> bytes:
        return match[1] + self._same_length(match[2], self.number)

    def _dialled(self, match: re.Match[bytes]) -> bytes:
        return match[1] + self._same_length(match[2], self.dialled)

    def _plain(self, match: re.Match[bytes]) -> bytes:
        if self.person is None:
            return match[0]
        return self.pseudonyms.of(self.person, len(match[0])).encode()

    def _coded(self, match: re.Match[bytes]) -> bytes:
        if self.person is None:
            return match[0]
        length = len(match[0]) * 6 // 8
        return base64.b64encode(self.pseudonyms.of(self.person, length).encode()).rstrip(b"=")

    @staticmethod
    def _same_length(word: bytes, change: Callable[[str], str]) -> bytes:
        """Of bytes that are no text nothing is a number; a number is ASCII, so its length stays."""
        try:
            changed = change(word.decode("ascii")).encode("ascii")
        except UnicodeError:
            return word
        return changed if len(changed) == len(word) else word


def numbers_told(line: bytes) -> Iterator[str]:
    """Every number that stands where one may stand in a line of Asterisk's, as it is written there."""
    for match in _ARRIVED.finditer(line):
        yield match[2].decode("utf-8", "replace")
        yield (_decoded(match[3]) or b"").decode("utf-8", "replace")
    for pattern in (_PROMISE, _CALLBACK, _ENTERED, _DIAL):
        for match in pattern.finditer(line):
            yield match[2].decode("utf-8", "replace")


def numbers_in_text(text: str) -> Iterator[str]:
    """Whatever in a text could be a telephone number: runs of digits, with or without what parts them."""
    for match in _RUN.finditer(text):
        run = match[0]
        plain = "".join(each for each in run if each.isdigit() or each == "+")
        yield plain
        yield from (each for each in _APART.split(run) if each != plain and len(each) >= _SHORTEST)


def _without_digits(match: re.Match[bytes]) -> bytes:
    return bytes(match[1]) + b"x" * len(match[2])


def _blank(name: bytes) -> bytes:
    """A name of as many blanks, which the fold reads as no name."""
    plain = _decoded(name)
    if plain is None:
        return b"A" * len(name)
    return base64.b64encode(b" " * len(plain))


def _decoded(text: bytes) -> bytes | None:
    """None for what is no base64, or not written as we write it: it would not keep its length."""
    try:
        plain = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return plain if base64.b64encode(plain) == text else None

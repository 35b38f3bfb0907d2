"""All ways in which the number of one person is written, for finding each of them in bytes."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import phonenumbers
from phonenumbers import PhoneNumberFormat

from hotline_ivr.routing.dialling_prefixes import international_prefixes, trunk_prefixes

# What people and programs put between digits: blanks (also those that do not break, in UTF-8 and Latin-1),
# dots, brackets, strokes, every dash, and what nobody sees.
_BLANKS = "\u00a0\u00ad\u2002\u2003\u2007\u2008\u2009\u200a\u200b\u202f\u2060\u3000\ufeff"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_WIDE = (_BLANKS + _DASHES).encode()
# The same as JSON and addresses of the web write it.
_ESCAPED = rb"\\u(?:00[aA][0dD]|20[01][0-9a-fA-F]|202[fF]|2060|2212|3000|[fF][eE][fF]{2})"
_PERCENT = rb"%(?:20|[cC]2%[aA][0dD]|[eE]2%80%[89aA][0-9a-fA-F]|[eE]2%88%92)"
_ONE = (
    rb"(?:[ .\-()/]|"
    + b"|".join(each.encode() for each in _BLANKS + _DASHES)
    + rb"|\xa0|"
    + _ESCAPED
    + b"|"
    + _PERCENT
    + b")"
)
_BETWEEN = _ONE + rb"{0,3}"
_WRITTEN_OUT = re.compile(_ESCAPED + b"|" + _PERCENT)
_SEPARATORS = bytes({*b" .-()/\xa0", *_WIDE})
# No digit, unless it is the end of such a separator.
_NO_DIGIT = rb"(?:(?<![0-9])|(?<=\\u[0-9a-fA-F]{4})|(?<=%20)|(?<=%[89aAbB][0-9a-fA-F]))"
_TIMES = re.compile(rb"(?<![0-9])(?:1[0-9]{15}|1[0-9]{9}(?:\.[0-9]{1,6})?)(?![0-9])")


@dataclass(frozen=True)
class NumberForms:
    """The number in E.164, and how it is written elsewhere. `country` is where it is dialled from."""

    e164: str
    country: str | None = None

    @cached_property
    def _parts(self) -> tuple[str, tuple[str, ...]]:
        parsed = phonenumbers.parse(self.e164, None)
        national = phonenumbers.national_significant_number(parsed)
        # Some countries write their mobile numbers otherwise at home: Argentina's 9 is a 15 in the middle.
        home = _digits(phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL))
        if national in home:
            return str(parsed.country_code), (national,)
        trunk = next((each for each in self._trunks if home.startswith(each)), "")
        return str(parsed.country_code), (national, home.removeprefix(trunk))

    @cached_property
    def _trunks(self) -> tuple[str, ...]:
        """What is dialled before it at home; a 0 is written before any, whatever the country."""
        code = phonenumbers.parse(self.e164, None).country_code
        return tuple(dict.fromkeys((*trunk_prefixes(code or 0), "0")))

    @cached_property
    def _dialled(self) -> tuple[str, ...]:
        """What is dialled before the country's code; its own prefix too, for that is read as the number."""
        return tuple(dict.fromkeys((*international_prefixes(self.country), *self._trunks)))

    @property
    def cores(self) -> tuple[str, ...]:
        """Digits of which every form has one or the other."""
        return self._parts[1]

    @property
    def national(self) -> str:
        """Its digits without the country's code."""
        return self.cores[0]

    @cached_property
    def written(self) -> tuple[str, ...]:
        """Without anything between the digits, as carriers send it."""
        code, cores = self._parts
        abroad = [f"{front}{code}" for front in ("+", *self._dialled, "")]
        fronts = (*abroad, "", *self._trunks)
        return tuple(dict.fromkeys(f"{front}{core}" for core in cores for front in fronts))

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """In text: in every usual form, with anything usual between the digits, and no digit beside it."""
        code, cores = self._parts
        trunks, country = _any_of(self._trunks), _spaced(code)
        dialled = rb"(?:(?:\+|" + _any_of(self._dialled) + b")" + _BETWEEN + b")?"
        abroad = dialled + country + _BETWEEN + rb"(?:\(" + trunks + rb"\))?" + _BETWEEN
        front = b"(?:" + abroad + b")?(?:" + trunks + _BETWEEN + b")?"
        return re.compile(_NO_DIGIT + front + _any_of(cores) + rb"(?![0-9])")

    @cached_property
    def loosely(self) -> str:
        """A regular expression for a database: the digits of any form, and nothing but separators between."""
        between = f"(?:[ .()/{_BLANKS}{_DASHES}-]|{_ESCAPED.decode()}|{_PERCENT.decode()}){{0,3}}"
        return "|".join(between.join(core) for core in self.cores)

    @cached_property
    def encoded(self) -> tuple[bytes, ...]:
        """Each form in base64, whole: a part of it would be that of a neighbour's number too."""
        return tuple(dict.fromkeys(base64.b64encode(form.encode()).rstrip(b"=") for form in self.written))

    @cached_property
    def encoded_pattern(self) -> re.Pattern[bytes]:
        """One of them, with nothing of base64 beside it but padding."""
        any_of = b"|".join(re.escape(coded) for coded in self.encoded)
        return re.compile(rb"(?<![A-Za-z0-9+/])(?:" + any_of + rb")(?![A-Za-z0-9+/])")

    def may_have(self, data: bytes) -> bool:
        """Whether looking closer is worth it: most text does not even have the digits, and this is fast."""
        bare = data.translate(None, _SEPARATORS)
        if any(core.encode() in bare for core in self.cores):
            return True
        if b"%" in data or b"\\u" in data:
            bare = _WRITTEN_OUT.sub(b"", data).translate(None, _SEPARATORS)
            if any(core.encode() in bare for core in self.cores):
                return True
        return any(coded in data for coded in self.encoded)

    def find_in_text(self, data: bytes) -> list[int]:
        """Where it stands in text: plain, or in base64."""
        if not self.may_have(data):
            return []
        found = [match.start() for match in self.pattern.finditer(data)]
        found += [match.start() for match in self.encoded_pattern.finditer(data)]
        return sorted(found)

    def find_in_pages(self, data: bytes) -> list[int]:
        """Where it stands in a database's file, where values stand side by side with nothing between them.

        So digits beside it may be another column's. Digits that are a time of Asterisk's are not taken for
        it.
        """
        if not self.may_have(data):
            return []
        plain = [
            match
            for core in self.cores
            if (digits := core.encode()) in data
            for match in re.finditer(digits, data)
        ]
        times = [match.span() for match in _TIMES.finditer(data)] if plain else []
        found = [
            match.start()
            for match in plain
            if not any(start <= match.start() and match.end() <= end for start, end in times)
        ]
        found += [match.start() for match in self.encoded_pattern.finditer(data)]
        spaced = [match.start() for match in self.pattern.finditer(data)]
        return sorted({*found, *spaced})


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _spaced(digits: str) -> bytes:
    return _BETWEEN.join(digit.encode() for digit in digits)


def _any_of(several: Iterable[str]) -> bytes:
    return b"(?:" + b"|".join(map(_spaced, several)) + b")"

"""All ways in which the number of one person is written, for finding each of them in bytes."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import cached_property

import phonenumbers

# What people and programs put between digits; the last two are a space that does not break, in UTF-8 and
# Latin-1.
_BETWEEN = rb"(?:[ .\-()/]|\xc2\xa0|\xa0|%20){0,2}"
_SEPARATORS = b" .-()/\xa0\xc2"
_TIMES = re.compile(rb"(?<![0-9])(?:1[0-9]{15}|1[0-9]{9}(?:\.[0-9]{1,6})?)(?![0-9])")


@dataclass(frozen=True)
class NumberForms:
    """The number in E.164, and how it is written elsewhere."""

    e164: str

    @cached_property
    def _parts(self) -> tuple[str, str]:
        parsed = phonenumbers.parse(self.e164, None)
        national = phonenumbers.national_significant_number(parsed)
        return str(parsed.country_code), national

    @property
    def national(self) -> str:
        """The digits that every form has."""
        return self._parts[1]

    @property
    def written(self) -> tuple[str, ...]:
        """Without anything between the digits, as carriers send it."""
        code, national = self._parts
        return (f"+{code}{national}", f"00{code}{national}", f"{code}{national}", national, f"0{national}")

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """In text: in every usual form, with anything usual between the digits, and no digit beside it."""
        code, national = self._parts
        digits = _BETWEEN.join(digit.encode() for digit in national)
        country = _BETWEEN.join(digit.encode() for digit in code)
        front = rb"(?:(?:\+|00)?" + country + _BETWEEN + rb"(?:\(0\))?" + _BETWEEN + rb")?0?"
        return re.compile(rb"(?<![0-9])" + front + digits + rb"(?![0-9])")

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
        bare = data.replace(b"%20", b"") if b"%" in data else data
        return self.national.encode() in bare.translate(None, _SEPARATORS) or any(
            coded in data for coded in self.encoded
        )

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
        national = self.national.encode()
        times = [match.span() for match in _TIMES.finditer(data)] if national in data else []
        found = [
            match.start()
            for match in re.finditer(re.escape(national), data)
            if not any(start <= match.start() and match.end() <= end for start, end in times)
        ]
        found += [match.start() for match in self.encoded_pattern.finditer(data)]
        spaced = [match.start() for match in self.pattern.finditer(data)]
        return sorted({*found, *spaced})

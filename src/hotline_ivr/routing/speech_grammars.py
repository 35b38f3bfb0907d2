"""How a language counts, tells the time and the date, in recorded parts.

Norwegian tells official hours by the 24-hour clock (`klokka seksten tretti`, never `halv fem`, which every
other Norwegian would hear as a careless promise); English by the 12-hour clock. Both are as a telephone voice
says them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date
from typing import Final

from typing_extensions import override

Parts = tuple[str, ...]

DAY = 24 * 60
LARGEST = 9_999


class Grammar(ABC):
    """One language. Minutes are since midnight on the wall clock; 1440 is the midnight that ends the day."""

    @abstractmethod
    def clock(self, minute: int) -> Parts:
        """A time as it stands after `from` and `to`."""

    @abstractmethod
    def at(self, minute: int) -> Parts:
        """A time at which something happens: `klokka åtte`, `at eight A M`."""

    @abstractmethod
    def date(self, day: date) -> Parts:
        """Day and month, without the weekday."""

    @abstractmethod
    def counted(self, count: int, noun: str) -> Parts:
        """`ett minutt`, `two minutes`; nouns are hour and minute."""

    @abstractmethod
    def _hundreds(self, hundreds: int, *, leading: bool) -> Parts:
        """`hundre`, `to hundre`; `leading` when no thousands stand before them."""

    @abstractmethod
    def _thousands(self, thousands: int) -> Parts: ...

    def span(self, start: int, end: int) -> Parts:
        """`fra klokka åtte til klokka seksten`; an end after midnight is said to be on the next day."""
        until = self.clock(end) if end <= DAY else (*self.clock(end - DAY), "say-next-day")
        return ("say-from", *self.clock(start), "say-to", *until)

    def number(self, value: int) -> Parts:
        """Raises ValueError below 0 and above LARGEST."""
        if not 0 <= value <= LARGEST:
            raise ValueError(f"{value} cannot be said; 0 to {LARGEST} can")
        thousands, rest = divmod(value, 1000)
        hundreds, small = divmod(rest, 100)
        said: Parts = self._thousands(thousands) if thousands else ()
        if hundreds:
            said += self._hundreds(hundreds, leading=not thousands)
        if small or not said:
            said += (("say-and",) if said else ()) + _below_hundred(small)
        return said


class Norwegian(Grammar):
    @override
    def clock(self, minute: int) -> Parts:
        hour, past = divmod(minute, 60)
        if minute in (0, DAY):
            return ("say-midnight",)
        said: Parts = ("say-clock", f"say-{hour}")
        if hour == 0:
            said += ("say-0",)
        if past:
            said += (("say-0",) if past < 10 else ()) + (f"say-{past}",)
        return said

    @override
    def at(self, minute: int) -> Parts:
        # "Vi åpner igjen mandag midnatt" could be either night.
        return ("say-clock", "say-0", "say-0") if minute == 0 else self.clock(minute)

    @override
    def date(self, day: date) -> Parts:
        return ("say-the", f"say-day-{day.day}", f"say-month-{day.month}")

    @override
    def counted(self, count: int, noun: str) -> Parts:
        said = self.number(count)
        if noun == "minute" and count % 10 == 1 and count % 100 != 11:
            last = said[-1]
            said = (*said[:-1], f"{last}-neuter")
        return (*said, _noun(count, noun))

    @override
    def _hundreds(self, hundreds: int, *, leading: bool) -> Parts:
        if hundreds == 1:
            return ("say-hundred",) if leading else ("say-1-neuter", "say-hundred")
        return (f"say-{hundreds}", "say-hundred")

    @override
    def _thousands(self, thousands: int) -> Parts:
        return ("say-thousand",) if thousands == 1 else (f"say-{thousands}", "say-thousand")


class English(Grammar):
    @override
    def clock(self, minute: int) -> Parts:
        if minute in (0, DAY):
            return ("say-midnight",)
        if minute == DAY // 2:
            return ("say-noon",)
        hour, past = divmod(minute, 60)
        said: Parts = (f"say-{(hour - 1) % 12 + 1}",)
        if past:
            said += (("say-oh",) if past < 10 else ()) + (f"say-{past}",)
        return (*said, "say-am" if hour < 12 else "say-pm")

    @override
    def at(self, minute: int) -> Parts:
        return ("say-at", *self.clock(minute))

    @override
    def date(self, day: date) -> Parts:
        return ("say-the", f"say-day-{day.day}", "say-of", f"say-month-{day.month}")

    @override
    def counted(self, count: int, noun: str) -> Parts:
        return (*self.number(count), _noun(count, noun))

    @override
    def _hundreds(self, hundreds: int, *, leading: bool) -> Parts:
        return (f"say-{hundreds}", "say-hundred")

    @override
    def _thousands(self, thousands: int) -> Parts:
        return (f"say-{thousands}", "say-thousand")


GRAMMARS: Final[Mapping[str, Grammar]] = {"nb": Norwegian(), "en": English()}


def _below_hundred(value: int) -> Parts:
    if value < 60 or value % 10 == 0:
        return (f"say-{value}",)
    return (f"say-{value - value % 10}", f"say-{value % 10}")


def _noun(count: int, noun: str) -> str:
    return f"say-{noun}" if count == 1 else f"say-{noun}s"

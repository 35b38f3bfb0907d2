"""Text of others made harmless for a spreadsheet, and moments on a wall clock.

Whoever rings may send a name that begins with `=`. In XLSX a cell has a type, and text is never a formula.
CSV has no types: a spreadsheet takes what begins with one of the characters below for a formula. Such a cell
gets an apostrophe before it, the mark by which people themselves write text into a spreadsheet: it stays
readable, and whoever reads the file by a program takes one apostrophe away from a cell that begins with one
(a text that begins with one of its own gets another, so that the rule has no exception). That goes for
numbers in E.164 too: `+4722851234` would be taken for a formula, and come out as a sum without its plus.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MOST_IN_A_CELL = 32_767
"""Characters that a cell of a spreadsheet holds, in UTF-16 units: one of four bytes counts twice."""

CUT = " [cut]"
"""Ends what did not fit."""

# Full-width forms are taken for formulas by some input methods' versions of spreadsheets.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Control characters but tab and newline; halves of surrogate pairs; marks that turn the direction of what
# follows, so that a cell reads otherwise than it is; what XML cannot hold.
_BAD = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  the offset is added by hand
# Time zones change on quarters of an hour.
_SLOT_US = 900_000_000
_DAY_US = 86_400_000_000
# Days from 1899-12-30, where spreadsheets begin to count, to 1970.
_SERIAL_OF_1970 = 25_569


def plain_text(value: str) -> str:
    """Without what no cell can or should hold; lines end with LF."""
    if value.isascii() and value.isprintable():
        return value
    if "\r" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    return _BAD.sub("", value)


def without_surrogates(value: str) -> str:
    """For formats that hold every text but half a character."""
    return value if value.isascii() else _SURROGATE.sub("", value)


def csv_text(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    shown = plain_text(value)
    dangerous = (
        shown.startswith(_FORMULA) or value.startswith(_FORMULA) or shown.lstrip().startswith(_FORMULA)
    )
    return f"'{shown}" if dangerous else shown


def fitting(value: str) -> str:
    """As much as a cell of a spreadsheet holds."""
    shown = plain_text(value)
    if len(shown) * 2 <= MOST_IN_A_CELL or _units(shown) <= MOST_IN_A_CELL:
        return shown
    left = MOST_IN_A_CELL - len(CUT)
    # Half a pair at the end is dropped.
    return shown.encode("utf-16-le")[: left * 2].decode("utf-16-le", "ignore") + CUT


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


class WallClock:
    """Moments in a time zone, a million of them quickly."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._offsets: dict[int, int] = {}

    def offset(self, micros: int) -> int:
        """Microseconds that this clock is ahead of UTC at a moment (microseconds since 1970)."""
        slot = micros // _SLOT_US
        found = self._offsets.get(slot)
        if found is None:
            at = datetime.fromtimestamp(slot * 900, UTC).astimezone(self._zone)
            ahead = at.utcoffset() or timedelta()
            found = self._offsets[slot] = ahead // timedelta(microseconds=1)
        return found

    def iso(self, micros: int) -> str:
        """RFC 3339 to the millisecond, with the offset."""
        ahead = self.offset(micros)
        minutes = ahead // 60_000_000
        sign = "-" if minutes < 0 else "+"
        local = _local(micros + ahead, "milliseconds", "T")
        return f"{local}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"

    def plain(self, micros: int) -> str:
        """To the second, as spreadsheets read it by themselves; without the offset."""
        return _local(micros + self.offset(micros), "seconds", " ")

    def serial(self, micros: int) -> float:
        """Days as spreadsheets count them."""
        return (micros + self.offset(micros)) / _DAY_US + _SERIAL_OF_1970


def _local(micros: int, timespec: str, between: str) -> str:
    return (_EPOCH + timedelta(microseconds=micros)).isoformat(between, timespec)

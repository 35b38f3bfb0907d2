"""What the public opening hours say, in the language of the line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from hotline_ivr.config.hours import DAY_NAMES
from hotline_ivr.views.week import DayHours, Open, clock_of


@dataclass(frozen=True, slots=True)
class HoursWords:
    """One language. Weekdays begin with Monday; a date is filled into the forms by its day and month."""

    weekdays: tuple[str, ...]
    short_weekdays: tuple[str, ...]
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    date_form: str
    opening_hours: str
    closed: str
    all_day: str
    usual_hours: str
    special_hours: str
    special_day: str
    special_note: str

    def weekday(self, day: date) -> str:
        return self.weekdays[day.weekday()]

    def dated(self, day: date) -> str:
        """`23. november`, `23 November`."""
        return self.date_form.format(day=day.day, month=self.months[day.month - 1])

    def short(self, day: date) -> str:
        """`man. 23. nov.`, `Mon 23 Nov`: the head of a column."""
        month = self.short_months[day.month - 1]
        return f"{self.short_weekdays[day.weekday()]} {self.date_form.format(day=day.day, month=month)}"

    def period(self, first: date, last: date) -> str:
        """`23. november – 6. desember 2026`; the first year too where it is another one."""
        if first == last:
            return f"{self.dated(first)} {first.year}"
        begin = self.dated(first) if first.year == last.year else f"{self.dated(first)} {first.year}"
        return f"{begin} – {self.dated(last)} {last.year}"

    def span(self, span: Open, day: date) -> str:
        """`08:00–16:00`, on the clock of the line."""
        return f"{clock_of(span.start, day)}–{clock_of(span.end, day)}"

    def spans(self, day: DayHours) -> tuple[str, ...]:
        """Each stretch of the day; one word for a day that is closed, or open round the clock."""
        told = tuple(self.span(span, day.day) for span in day.spans)
        if not told:
            return (self.closed,)
        return (self.all_day,) if told == ("00:00–24:00",) else told


WORDS: Final[Mapping[str, HoursWords]] = {
    "nb": HoursWords(
        weekdays=("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"),
        short_weekdays=("man.", "tirs.", "ons.", "tors.", "fre.", "lør.", "søn."),
        months=(
            *("januar", "februar", "mars", "april", "mai", "juni"),
            *("juli", "august", "september", "oktober", "november", "desember"),
        ),
        short_months=(
            *("jan.", "feb.", "mars", "april", "mai", "juni"),
            *("juli", "aug.", "sep.", "okt.", "nov.", "des."),
        ),
        date_form="{day}. {month}",
        opening_hours="åpningstider",
        closed="stengt",
        all_day="døgnåpent",
        usual_hours="vanlig åpningstid",
        special_hours="særskilt åpningstid",
        special_day="særskilt dag, for eksempel en helligdag",
        special_note="særskilt dag",
    ),
    "en": HoursWords(
        weekdays=tuple(DAY_NAMES),
        short_weekdays=tuple(name[:3] for name in DAY_NAMES),
        months=(
            *("January", "February", "March", "April", "May", "June"),
            *("July", "August", "September", "October", "November", "December"),
        ),
        short_months=(
            *("Jan", "Feb", "Mar", "Apr", "May", "June"),
            *("July", "Aug", "Sept", "Oct", "Nov", "Dec"),
        ),
        date_form="{day} {month}",
        opening_hours="opening hours",
        closed="closed",
        all_day="open all day",
        usual_hours="usual hours",
        special_hours="special hours",
        special_day="special day, such as a public holiday",
        special_note="special day",
    ),
}


def words_of(language: str) -> HoursWords:
    """The words of a line's language."""
    return WORDS[language]

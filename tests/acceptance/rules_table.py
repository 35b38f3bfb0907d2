"""Every kind of rule in a year that a reader can check by eye: what is written, and who hears what when.

2028 is a leap year that ends on a Sunday. Easter is 16 April; clocks change on 26 March and 29 October.
Each row is a line of its own: so are the files by which Asterisk goes on alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hotline_ivr.routing.overrides import Override, OverrideKind

TEXTS: Mapping[str, str] = {
    "week-open": "Good day, it is the ordinary week.",
    "week-closed": "Nobody works at this hour.",
    "nobody": "Every desk is empty, farewell.",
    "soon": "We begin in September.",
    "over": "Autumn's campaign is finished.",
    "deadline": "Deadline tonight, open until one.",
    "moving": "Furniture is being carried.",
    "lunch": "Meeting until noon, excuse us.",
    "fair": "All hands are at the fair.",
    "eve-open": "Easter Saturday, yet we pick up.",
    "eve-closed": "That short morning is over.",
    "leap-open": "Every fourth year we are in.",
    "leap-closed": "Leap day's two hours are gone.",
    "year-end": "Happy new year to everybody.",
    "holiday": "Public holiday, enjoy yourself.",
    "may17-open": "Hooray for the constitution.",
    "may17-closed": "The parade is passing right now.",
    "box": "Speak to this machine, please.",
    "summer-open": "Summer Tuesdays are relaxed.",
    "summer-closed": "July is quiet, go swimming.",
    "by-hand": "Water has flooded the cellar.",
    "surge": "Trouble with electronic mail.",
}
"""A prompt of two seconds for each rule, each of other words, so that none is taken for another."""

CALENDARS: Mapping[str, Mapping[str, Any]] = {
    "house": {
        "hours": {"mon-thu": "08:00-16:00", "fri": "08:00-16:00, 22:00-02:00"},
        "seasons": {
            "summer": {"from": "07-01", "until": "07-31", "hours": {"tue": "10:00-14:00"},
                       "greeting": "summer-open", "message": "summer-closed"},
        },
        "holidays": {
            "country": "NO",
            "message": "holiday",
            "days": {
                "Constitution Day": {"hours": "10:00-12:00", "greeting": "may17-open",
                                     "message": "may17-closed", "to": {"voicemail": "box"}},
            },
        },
        "special_days": {
            "easter-eve": {"on": "easter-1", "hours": "09:00-12:00",
                           "greeting": "eve-open", "message": "eve-closed"},
            "leap": {"on": "02-29", "hours": "10:00-12:00",
                     "greeting": "leap-open", "message": "leap-closed"},
            "year-end": {"on": "12-31 to 01-01", "message": "year-end"},
        },
        "closures": {
            "moving": {"on": "2028-09-12", "message": "moving"},
            "meeting": {"on": "2028-09-13", "hours": "11:00-12:00", "message": "lunch"},
        },
        "openings": {"deadline": {"on": "2028-09-16", "hours": "18:00-01:00", "greeting": "deadline"}},
        "ical": [{"file": "fair.ics", "message": "fair"}],
    },
    "small-hours": {"hours": {"sun": "02:30-03:30"}},
}  # fmt: skip

FAIR = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", "UID:fair", "SUMMARY:Fair",
        "DTSTAMP:20280101T000000Z", "DTSTART:20280914T140000", "DTEND:20280914T150000", "END:VEVENT",
        "END:VCALENDAR", "")  # fmt: skip
"""What the calendar program wrote: 14 September, two to three o'clock."""

CAMPAIGN = {"from": "2028-09-01 08:00", "until": "2028-09-29 16:00", "before": "soon", "after": "over"}


@dataclass(frozen=True, slots=True)
class Row:
    """A moment on the clock of Oslo, what the caller hears from first to last, and the reason on record."""

    at: str
    heard: str
    reason: str
    calendar: str = "house"
    campaign: bool = False
    by_hand: OverrideKind | None = None

    @property
    def moment(self) -> datetime:
        """UTC. `in 1 day` is from now on, since what was decided by hand cannot end in the past."""
        if self.at == "in 1 day":
            return (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
        return datetime.fromisoformat(self.at).astimezone(UTC)

    @property
    def prompts(self) -> tuple[str, ...]:
        return tuple(self.heard.split())

    @property
    def line(self) -> dict[str, Any]:
        return {"calendar": self.calendar, **({"campaign": CAMPAIGN} if self.campaign else {})}

    def override(self, line: str) -> Override | None:
        if self.by_hand is None:
            return None
        since, until = self.moment - timedelta(hours=30), self.moment + timedelta(hours=1)
        prompt = {OverrideKind.CLOSE: "by-hand", OverrideKind.SURGE: "surge"}.get(self.by_hand)
        return Override(f"hand-{line}", line, self.by_hand, since, until, "kari", prompt)


OPEN, SHUT = "week-open nobody", "week-closed"
HANDS = OverrideKind

ROWS = (
    # The week, and past midnight: Friday's night shift ends on Saturday.
    Row("2028-09-11T07:59+02:00", SHUT, "closed:hours"),
    Row("2028-09-11T08:00+02:00", OPEN, "open:hours"),
    Row("2028-09-15T23:59+02:00", OPEN, "open:hours"),
    Row("2028-09-16T01:59+02:00", OPEN, "open:hours"),
    Row("2028-09-16T02:00+02:00", SHUT, "closed:hours"),
    # A season in place of the week.
    Row("2028-07-04T10:00+02:00", "summer-open nobody", "open:season:"),
    Row("2028-07-05T10:00+02:00", "summer-closed", "closed:season:"),
    Row("2028-08-01T08:00+02:00", OPEN, "open:hours"),
    # Public holidays: closed; with hours, prompt and destination of its own.
    Row("2028-04-14T10:00+02:00", "holiday", "closed:holiday:"),
    Row("2028-05-17T11:00+02:00", "may17-open nobody", "open:holiday:"),
    Row("2028-05-17T12:00+02:00", "may17-closed box", "closed:holiday:"),
    # Special days by rule: the eve of Easter, the leap day, the end of the year (no holiday's message).
    Row("2028-04-15T11:59+02:00", "eve-open nobody", "open:special-day:"),
    Row("2028-04-15T12:00+02:00", "eve-closed", "closed:special-day:"),
    Row("2028-02-29T10:00+01:00", "leap-open nobody", "open:special-day:"),
    Row("2028-02-29T12:00+01:00", "leap-closed", "closed:special-day:"),
    Row("2028-03-01T12:00+01:00", OPEN, "open:hours"),
    Row("2028-12-31T23:59+01:00", "year-end", "closed:special-day:"),
    Row("2029-01-01T00:00+01:00", "year-end", "closed:special-day:"),
    Row("2029-01-02T08:00+01:00", OPEN, "open:hours"),
    # Closures of a whole day, of an hour, and out of another program's file.
    Row("2028-09-12T10:00+02:00", "moving", "closed:closure:"),
    Row("2028-09-13T10:59+02:00", OPEN, "open:hours"),
    Row("2028-09-13T11:00+02:00", "lunch", "closed:closure:"),
    Row("2028-09-13T12:00+02:00", OPEN, "open:hours"),
    Row("2028-09-14T14:30+02:00", "fair", "closed:closure:"),
    # An opening on a Saturday, past midnight.
    Row("2028-09-16T17:59+02:00", SHUT, "closed:hours"),
    Row("2028-09-16T18:00+02:00", "deadline nobody", "open:opening:"),
    Row("2028-09-17T00:59+02:00", "deadline nobody", "open:opening:"),
    Row("2028-09-17T01:00+02:00", SHUT, "closed:hours"),
    # A campaign: before it, in it, after it.
    Row("2028-09-01T07:59+02:00", "soon", "closed:campaign:", campaign=True),
    Row("2028-09-01T08:00+02:00", OPEN, "open:hours", campaign=True),
    Row("2028-09-29T15:59+02:00", OPEN, "open:hours", campaign=True),
    Row("2028-09-29T16:00+02:00", "over", "closed:campaign:", campaign=True),
    # Clocks go forward: 02:30 does not come, so it opens at 03:00. Then back: 02:30 comes twice.
    Row("2028-03-26T01:59+01:00", SHUT, "closed:hours", "small-hours"),
    Row("2028-03-26T03:00+02:00", OPEN, "open:hours", "small-hours"),
    Row("2028-03-26T03:30+02:00", SHUT, "closed:hours", "small-hours"),
    Row("2028-10-29T02:29+02:00", SHUT, "closed:hours", "small-hours"),
    Row("2028-10-29T02:45+02:00", OPEN, "open:hours", "small-hours"),
    Row("2028-10-29T02:15+01:00", SHUT, "closed:hours", "small-hours"),
    Row("2028-10-29T02:45+01:00", OPEN, "open:hours", "small-hours"),
    Row("2028-10-29T03:30+01:00", SHUT, "closed:hours", "small-hours"),
    # By hand: closed, opened, an information up front.
    Row("in 1 day", "by-hand", "closed:override:", by_hand=HANDS.CLOSE),
    Row("in 1 day", OPEN, "open:override:", "small-hours", by_hand=HANDS.OPEN),
    Row("in 1 day", "surge week-open nobody", "surge:always", "always", by_hand=HANDS.SURGE),
)

"""What is decided by hand, in every way and with every end, and what callers then hear. To be checked by eye.

Each row is a line of its own, so that all of them can be heard at the same time. Nobody is at work, so a caller
who is let in hears the greeting and that we are sorry.
"""
# ruff: noqa: E501 - a table reads best with one row a line

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

CLOSED, OPEN = "closed", "greeting sorry"


class Way(StrEnum):
    """By which somebody decides."""

    CLI = "cli"
    REST = "rest"
    PHONE = "phone"
    CLI_DEAD = "cli, service dead"


@dataclass(frozen=True, slots=True)
class Row:
    """A line that its calendar keeps open or closed, what is decided, what is heard then, and how that ends.

    `words` are those of the command line, keys of the body over REST, or keys pressed at the telephone after the PIN,
    one word for each question. `presses` is what the caller presses after the information.
    """

    calendar: str
    way: Way
    words: str
    heard: str
    cleared: Way
    presses: str = ""

    @property
    def without(self) -> str:
        """What the calendar alone has callers hear."""
        return OPEN if self.calendar == "open" else CLOSED


CLI, REST, PHONE, DEAD = Way.CLI, Way.REST, Way.PHONE, Way.CLI_DEAD

ROWS = (
    #   calendar  by     what                                                            heard               cleared by
    Row("open",   CLI,   "close --until tomorrow_23:59",                                 CLOSED,             CLI),
    Row("open",   CLI,   "close --until tomorrow_23:59 --message news",                  "news",             REST),
    Row("open",   CLI,   "close --for 2h",                                               CLOSED,             PHONE),
    Row("open",   CLI,   "close --for 2h --message news",                                "news",             DEAD),
    Row("open",   CLI,   "close",                                                        CLOSED,             CLI),
    Row("closed", CLI,   "open --until-next-change",                                     OPEN,               REST),
    Row("closed", CLI,   "open --for 2h --message thanks",                               "thanks sorry",     DEAD),
    Row("closed", CLI,   "open --until tomorrow_23:59",                                  OPEN,               PHONE),
    Row("open",   CLI,   "surge --message incident --for 2h",                            "incident " + OPEN, CLI),
    Row("open",   CLI,   "surge --message incident --must-press --for 2h",               "incident",         REST),
    Row("open",   CLI,   "surge --message incident --must-press --for 2h",               "incident " + OPEN, DEAD, "5"),
    # An information is for those who get in, and stands beside what opens or closes.
    Row("closed", CLI,   "surge --message incident --for 2h",                            CLOSED,             CLI),
    Row("open",   REST,  "kind=close until=tomorrow_23:59 prompt=news",                  "news",             CLI),
    Row("closed", REST,  "kind=close until_next_change=true prompt=news",                "news",             REST),
    Row("closed", REST,  "kind=open seconds=7200",                                       OPEN,               PHONE),
    Row("open",   REST,  "kind=surge prompt=incident seconds=7200",                      "incident " + OPEN, DEAD),
    Row("open",   REST,  "kind=surge prompt=incident must_press_to_go_on=true",          "incident",         CLI),
    #                    menu, length[, hours]
    Row("closed", PHONE, "2 1",                                                          OPEN,               CLI),
    Row("open",   PHONE, "1 2 2#",                                                       CLOSED,             REST),
    Row("open",   PHONE, "1 3",                                                          CLOSED,             PHONE),
    Row("open",   DEAD,  "close --for 2h --message news",                                "news",             CLI),
    Row("closed", DEAD,  "open --until-next-change",                                     OPEN,               PHONE),
    Row("open",   DEAD,  "surge --message incident --must-press --for 2h",               "incident",         REST),
)  # fmt: skip

ENDING = (
    # What ends by itself, twelve seconds later: calendar, words, heard meanwhile.
    Row("open",   CLI, "close --for 12s",                         CLOSED,             CLI),
    Row("closed", CLI, "open --for 12s --message thanks",         "thanks sorry",     CLI),
    Row("open",   CLI, "surge --message incident --for 12s",      "incident " + OPEN, CLI),
)  # fmt: skip

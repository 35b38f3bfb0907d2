"""A caller's place and the expected wait in words: in round minutes, rounded so that it stays true."""

from __future__ import annotations

from hotline_ivr.routing.expected_wait import Expected
from hotline_ivr.routing.speech_grammars import GRAMMARS, Parts

ROUND_MINUTES = (1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 90, 120)


MOST_PLACES = 99
"""A place beyond this is no comfort."""


def position_words(language: str, place: int) -> Parts:
    """`Du er nummer fire i køen`; nothing for a place too far behind."""
    if not 0 < place <= MOST_PLACES:
        return ()
    return ("say-you-are-number", *GRAMMARS[language].number(place), "say-in-the-queue")


def expected_wait_words(language: str, expected: Expected) -> Parts:
    """`Forventet ventetid er omtrent fem til ti minutter`; nothing where it is not good enough to be told."""
    high = next((each for each in ROUND_MINUTES if each * 60 >= expected.high_s), None)
    if not expected.told or high is None:
        return ()
    grammar = GRAMMARS[language]
    low = max((each for each in ROUND_MINUTES if each * 60 <= expected.low_s), default=0)
    if low in {0, high}:
        return ("say-expected-wait", "say-less-than", *grammar.counted(high, "minute"))
    # As many as the minutes are, and not as one counts without them: `ett til to minutter`.
    *some, _ = grammar.counted(low, "minute")
    to = (*some, "say-to", *grammar.counted(high, "minute"))
    return ("say-expected-wait", "say-about", *to)

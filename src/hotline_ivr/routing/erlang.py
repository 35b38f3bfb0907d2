"""How many channels are needed: Erlang's loss formula.

A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic telephone
exchanges" (1917). Calls that find all channels busy are lost and do not try again; they arrive at random. The
recurrence B(0) = 1, B(n) = a B(n-1) / (n + a B(n-1)) is the usual one, stable for any load (D. L. Jagerman,
"Some Properties of the Erlang Loss Function", Bell System Technical Journal 53 (1974)).
"""

from __future__ import annotations

MOST_CHANNELS = 1_000_000
"""More than any carrier sells: a bound of the search."""

WANTED_BLOCKING = 0.01
"""One caller in a hundred meets busy channels in the busiest hour: what networks are planned for."""


def blocking(offered: float, channels: int) -> float:
    """Share of calls that find all channels busy. `offered` is in erlangs: calls per hour x their hours."""
    share = 1.0
    for number in range(1, channels + 1):
        share = offered * share / (number + offered * share)
    return share


def channels_needed(offered: float, wanted: float = WANTED_BLOCKING) -> int:
    """The fewest channels of which at most `wanted` of the calls find all busy. Raises ValueError."""
    if not 0 < wanted <= 1 or not 0 <= offered < MOST_CHANNELS:
        raise ValueError("offered traffic is not negative, and blocking is between 0 and 1")
    share, number = 1.0, 0
    while share > wanted and offered > 0:
        number += 1
        share = offered * share / (number + offered * share)
    return number


def offered_from_carried(carried: float, channels: int) -> float:
    """The traffic that would have come through without a limit: carried = offered x (1 - B).

    What is carried by all channels all the time may come of any load; then, and without channels, it is
    `carried` itself.
    """
    if channels <= 0 or carried >= channels:
        return carried
    low, high = carried, carried
    while high * (1 - blocking(high, channels)) < carried and high < MOST_CHANNELS:
        high = high * 2 + 1
    for _ in range(60):
        middle = (low + high) / 2
        if middle * (1 - blocking(middle, channels)) < carried:
            low = middle
        else:
            high = middle
    return high

"""Exact sums, and rounding them as a contract says.

A price of a minute divided by sixty has often no last decimal, so sums are kept as fractions and become
decimals once, where the contract rounds.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Literal

Mode = Literal["half-up", "half-even", "up", "down"]


def rounded(exact: Fraction, digits: int, mode: Mode = "half-up") -> Decimal:
    """The amount with so many decimals. `up` and `half-up` are away from zero."""
    scaled = abs(exact) * 10**digits
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    twice = 2 * rest - scaled.denominator
    match mode:
        case "up":
            more = rest > 0
        case "down":
            more = False
        case "half-up":
            more = twice >= 0
        case _:
            more = twice > 0 or (twice == 0 and whole % 2 == 1)
    result = Decimal(whole + more).scaleb(-digits)
    return -result if exact < 0 else result


def shown(exact: Fraction) -> str:
    """An exact amount for people: all its decimals, or six of them where there is no end."""
    written = f"{rounded(exact, 6):f}"
    short = written.rstrip("0").rstrip(".") if "." in written else written
    decimals = len(short.partition(".")[2])
    return f"{rounded(exact, max(2, decimals)):f}"

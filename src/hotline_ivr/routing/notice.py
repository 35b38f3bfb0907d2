"""Until when a contract binds, the last day for giving notice, and what leaving early costs.

Days are those of the contract's calendar. A term that begins on the 1st of January and lasts 12 months ends
on the 31st of December; with three months of notice the 30th of September is the last day to give it.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hotline_ivr.config.contracts import Contract
from hotline_ivr.routing.rounding import rounded

_DAY = timedelta(days=1)
_MOST_TERMS = 2400
"""Terms of a month for two hundred years: the last year that may be written."""


@dataclass(frozen=True, slots=True)
class Notice:
    """How a contract can be ended. `last_day` is the last one on which notice ends it on `ends`."""

    ends: date | None
    last_day: date | None
    #: The present term's last day for notice, where it is past and the contract goes into a further term.
    missed: date | None
    #: Without a term: the last day if notice is given today.
    earliest: date | None
    words: str


@dataclass(frozen=True, slots=True)
class Exit:
    """What leaving on a day costs, with the formula."""

    amount: Decimal
    months_left: int
    formula: str


def add_months(day: date, months: int) -> date:
    """The same day of a later (or earlier) month, or that month's last one."""
    count = day.year * 12 + day.month - 1 + months
    year, month = count // 12, count % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def term_end(contract: Contract, today: date) -> date | None:
    """Last day of the term in which `today` is; None where none binds any more, or ever did."""
    if contract.until is not None:
        return contract.until
    terms = contract.terms
    if not terms.months:
        return None
    months = terms.months
    for _ in range(_MOST_TERMS):
        end = add_months(contract.from_, months) - _DAY
        if end >= today:
            return end
        if not terms.renews_months:
            return None
        months += terms.renews_months
    return None


def notice_day(contract: Contract, ends: date) -> date:
    """The last day on which notice ends the contract on `ends`."""
    terms = contract.terms
    return add_months(ends + _DAY, -terms.notice_months) - timedelta(days=terms.notice_days) - _DAY


def notice(contract: Contract, today: date) -> Notice:
    """How the contract can be ended, seen from `today`."""
    if contract.until is not None:
        over = contract.until < today
        words = f"{'ended' if over else 'ends'} on {contract.until}; no notice is needed"
        return Notice(contract.until, None, None, None, words)
    end = term_end(contract, today)
    if end is None:
        terms = contract.terms
        earliest = add_months(today, terms.notice_months) + timedelta(days=terms.notice_days)
        return Notice(None, None, None, earliest, f"no term; notice today ends it on {earliest}")
    last = notice_day(contract, end)
    if last >= today:
        return Notice(end, last, None, None, f"give notice by {last} to end it on {end}")
    return _next_term(contract, end, last, today)


def _next_term(contract: Contract, end: date, missed: date, today: date) -> Notice:
    """Too late for the present term."""
    following = term_end(contract, end + _DAY)
    while following is not None and notice_day(contract, following) < today:
        following = term_end(contract, following + _DAY)
    if following is None:
        terms = contract.terms
        notified = add_months(today, terms.notice_months) + timedelta(days=terms.notice_days)
        earliest = max(end, notified)
        words = f"the term ends on {end}, then it runs on without one; notice today ends it on {earliest}"
        return Notice(end, None, None, earliest, words)
    last = notice_day(contract, following)
    words = f"notice for {end} was due by {missed}; give it by {last} to end it on {following}"
    return Notice(following, last, missed, None, words)


def monthly_fees(contract: Contract, numbers: int | None = None) -> Decimal:
    """The fees of a month; `numbers` takes the place of the contract's own count."""
    fees = contract.fees
    count = len(contract.numbers) if numbers is None else numbers
    return fees.monthly + fees.per_number * count + fees.per_channel * contract.channels


def exit_cost(contract: Contract, day: date) -> Exit:
    """What it costs to leave on `day`, which is the last one of the contract."""
    end, fee = term_end(contract, day), contract.terms.exit_fee
    if end is None or day >= end:
        return Exit(Decimal(0), 0, f"nothing: no term binds after {day}")
    if fee is None:
        return Exit(Decimal(0), months_left(day, end), "the contract names no fee for leaving early")
    months, fees = months_left(day, end), monthly_fees(contract)
    exact = Fraction(fee.fixed) + Fraction(fee.percent) / 100 * Fraction(fees) * months
    amount = rounded(exact, contract.minor_units, contract.rounding.mode)
    formula = (
        f"{fee.fixed:f} + {fee.percent:f} % x {fees:f} x {months} months left until {end}"
        f" = {amount:f} {contract.currency}"
    )
    return Exit(amount, months, formula)


def months_left(day: date, end: date) -> int:
    """Months from the day after `day` to `end`, one that has begun counted whole."""
    begin, count = day + _DAY, 0
    while add_months(begin, count) <= end:
        count += 1
    return count

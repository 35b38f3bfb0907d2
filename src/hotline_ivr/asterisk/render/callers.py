"""The lists of callers as small files, for calls that arrive when the service does not answer.

dialplans/hotline-guard.conf looks a caller up by the name of a file, so a long list takes no longer:

    to.<number dialled>     what blocked callers get there, an answer a line; emergency numbers have none
    block.<digits>          a number in international form: <epoch at which it ends, or 0>|<line above>|end
    block-bare.<digits>     the same number without + or 00, in each way that names it for certain
    block-begin.<digits>    the beginning of numbers
    block-withheld          callers without a number
    allow...                the same of those who are never blocked
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import phonenumbers

from hotline_ivr.asterisk.render.sections import value
from hotline_ivr.asterisk.stretch import encode_foreseen
from hotline_ivr.config.guard import TurnAway
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.blocks import CallerBook, CallerList, CallerRule, international
from hotline_ivr.routing.turning_away import turned_away
from hotline_ivr.routing.words import fit_word


def caller_files(plan: Plan, book: CallerBook, now: datetime) -> Mapping[str, str]:
    """File name to text; none where nobody is blocked."""
    rules = list(dict.fromkeys(_rules(book.blocked, now)))
    if not rules:
        return {}
    places = {rule: place for place, rule in enumerate(rules)}
    country = plan.organisation.country
    files = dict(_lists("allow", book.allowed, {}, country, now))
    files |= _lists("block", book.blocked, places, country, now)
    for line in plan.lines.values():
        for number in line.numbers:
            if not line.is_emergency(number):
                answers = (_answer(line.language, rule.away, rule.place, plan.version) for rule in rules)
                files[f"to.{number}"] = "".join(f"{value(answer)}\n" for answer in answers)
    return files


def _answer(language: str, away: TurnAway, place: str, version: str) -> str:
    # The line break that Asterisk reads with the line falls behind the last bar.
    decision = turned_away(language, away, f"blocked:{fit_word(place)}")
    return f"{encode_foreseen(decision, version)}|"


def _rules(listed: CallerList, now: datetime) -> Iterator[CallerRule]:
    for rules in (*listed.exact.values(), *listed.prefixes.values(), listed.withheld):
        yield from (rule for rule in rules if rule.holds_at(now))


def _lists(
    kind: str, listed: CallerList, places: Mapping[CallerRule, int], country: str, now: datetime
) -> Iterator[tuple[str, str]]:
    for number, rules in listed.exact.items():
        if row := _row(rules, places, now):
            digits = number.removeprefix("+")
            yield f"{kind}.{digits}", row
            for bare in {digits, _national(number)}:
                if international(bare, country) == number:
                    yield f"{kind}-bare.{bare}", row
    for prefix, rules in listed.prefixes.items():
        if row := _row(rules, places, now):
            yield f"{kind}-begin.{prefix.removeprefix('+')}", row
    if row := _row(listed.withheld, places, now):
        yield f"{kind}-withheld", row


def _row(rules: list[CallerRule], places: Mapping[CallerRule, int], now: datetime) -> str:
    """The rule that holds longest of those that hold now; nothing where none does."""
    standing = [rule for rule in rules if rule.holds_at(now)]
    if not standing:
        return ""
    chosen = max(standing, key=lambda rule: (rule.until is None, rule.until and rule.until.timestamp()))
    until = 0 if chosen.until is None else int(chosen.until.timestamp())
    return f"{until}|{places.get(chosen, 0)}|end|\n"


def _national(number: str) -> str:
    return str(phonenumbers.national_significant_number(phonenumbers.parse(number)))

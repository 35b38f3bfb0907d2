"""Who may not call: the lists of the configuration and what people have blocked by hand.

A caller is known by a number in international form. A number that could be read in two ways is nobody's, and
its call goes on: nobody is blocked by mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from hotline_ivr.config.guard import REJECTED, Callers, TurnAway
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.caller import mask
from hotline_ivr.routing.wall import zone_of

WITHHELD = "withheld"
"""Stands for callers whose number is not told, where a number is written."""


@dataclass(frozen=True, slots=True)
class Block:
    """Somebody's decision by hand; `since` and `until` are aware (UTC), `until` None is until it is ended.

    `callers` is a number (`+4799999999`), the beginning of numbers (`+47820*`), or `withheld`.
    """

    id: str
    callers: str
    since: datetime
    until: datetime | None
    by: str
    reason: str = ""
    away: TurnAway | None = None

    def holds_at(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


def shown_to_all(callers: str, visible: int) -> str:
    """Whom a block names, for those who may not see numbers; a beginning of numbers is nobody's."""
    return callers if callers == WITHHELD or callers.endswith("*") else mask(callers, visible)


@dataclass(frozen=True, slots=True)
class CallerRule:
    """One entry of a list. `place` is where it stands; `until` is aware."""

    place: str
    away: TurnAway
    until: datetime | None = None
    reason: str = ""

    def holds_at(self, moment: datetime) -> bool:
        return self.until is None or moment < self.until


@dataclass(frozen=True, slots=True)
class CallerList:
    """Rules by what they name: a whole number, the beginning of numbers, or no number at all."""

    exact: dict[str, list[CallerRule]] = field(default_factory=dict)
    prefixes: dict[str, list[CallerRule]] = field(default_factory=dict)
    withheld: list[CallerRule] = field(default_factory=list)

    def add(self, callers: str, rule: CallerRule) -> None:
        if callers == WITHHELD:
            self.withheld.append(rule)
        elif callers.endswith("*"):
            self.prefixes.setdefault(callers.removesuffix("*"), []).append(rule)
        else:
            self.exact.setdefault(callers, []).append(rule)

    def find(self, number: str, now: datetime) -> CallerRule | None:
        """The rule that names this number (E.164; empty is withheld), the narrowest first."""
        for rule in self._naming(number):
            if rule.holds_at(now):
                return rule
        return None

    def _naming(self, number: str) -> Iterator[CallerRule]:
        if not number:
            yield from self.withheld
            return
        yield from self.exact.get(number, ())
        for length in range(len(number), 1, -1):
            yield from self.prefixes.get(number[:length], ())


class CallerBook:
    """The allow and block lists of a plan, with what is blocked by hand; read-only."""

    def __init__(self, plan: Plan, blocks: Iterable[Block] = ()) -> None:
        self.blocks = tuple(blocks)
        self.allowed, self.blocked = CallerList(), CallerList()
        self._country = plan.organisation.country
        guard = plan.guard
        for block in self.blocks:
            away = block.away or guard.blocked or REJECTED
            self.blocked.add(
                block.callers, CallerRule(f"by-hand.{block.id}", away, block.until, block.reason)
            )
        for place, entry in enumerate(guard.allow):
            _add(self.allowed, entry, _rule(plan, f"guard.allow.{place}", entry, REJECTED))
        for place, listed in enumerate(guard.block):
            away = listed.away or guard.blocked or REJECTED
            _add(self.blocked, listed, _rule(plan, f"guard.block.{place}", listed, away))
        self._nobody = not (self.blocks or guard.block)
        self._names_anybody = bool(self.blocks or guard.block or guard.allow)

    def blocks_caller(self, caller: str, now: datetime) -> CallerRule | None:
        """The rule that turns this caller away now; None lets the call go on. `caller` empty is withheld."""
        if self._nobody:
            return None
        number = international(caller, self._country)
        if number is None or self.allowed.find(number, now) is not None:
            return None
        return self.blocked.find(number, now)

    def is_listed(self, caller: str, now: datetime) -> bool:
        """Whether either list names this caller now."""
        if not self._names_anybody:
            return False
        number = international(caller, self._country)
        lists = (self.allowed, self.blocked)
        return number is not None and any(each.find(number, now) is not None for each in lists)

    def allows_caller(self, caller: str, now: datetime) -> CallerRule | None:
        """The entry of the allow list that names this caller."""
        number = international(caller, self._country)
        return None if number is None else self.allowed.find(number, now)


def _add(to: CallerList, entry: Callers, rule: CallerRule) -> None:
    for number in entry.numbers:
        to.add(number, rule)
    for prefix in entry.prefixes:
        to.add(f"{prefix}*", rule)
    if entry.withheld:
        to.add(WITHHELD, rule)


def _rule(plan: Plan, place: str, entry: Callers, away: TurnAway) -> CallerRule:
    until = None
    if entry.until is not None:
        zone = zone_of(plan.organisation.time_zone or next(iter(plan.lines.values())).time_zone)
        until = datetime.combine(entry.until + timedelta(days=1), time(), tzinfo=zone)
    return CallerRule(place, away, until, entry.reason or "")


@lru_cache(maxsize=4096)
def international(caller: str, country: str | None) -> str | None:
    """A caller's number in E.164; empty for none, None where it cannot be told for certain.

    Carriers send `+4722851234`, `004722851234`, `4722851234` or `22851234`. The last two are told apart by
    which of them is a number that exists; where both are, nobody knows who calls.
    """
    if not caller:
        return ""
    if caller.startswith(("+", "00")):
        digits = caller.removeprefix("+") if caller.startswith("+") else caller[2:]
        return f"+{digits}" if digits.isascii() and digits.isdigit() and len(digits) <= 15 else None
    if not (caller.isascii() and caller.isdigit()):
        return None
    readings = {number for number in (_valid(caller, country), _valid(f"+{caller}", None)) if number}
    return readings.pop() if len(readings) == 1 else None


def _valid(text: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)

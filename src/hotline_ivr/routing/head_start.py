"""How much earlier a caller counts to have come than it did, when it comes to whose turn it is in a queue.

The place in a queue is the moment of joining, less the head start. So a head start of five minutes overtakes
those who have waited for less than five minutes, and nobody who has waited longer: nobody starves, however
many are preferred. Of several head starts the greatest counts. Those of menus travel in the call's state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import phonenumbers

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.steps import Call


@dataclass(frozen=True, slots=True)
class HeadStart:
    """Seconds, and what gives them in words; none is 0 and no words."""

    seconds: int = 0
    because: str = ""


NO_HEAD_START = HeadStart()


def head_start(plan: Plan, known: Mapping[str, HeadStart], call: Call) -> HeadStart:
    """What the line, the number dialled and the caller's own number give to a call."""
    line = plan.lines.get(call.line)
    if line is None:
        return NO_HEAD_START
    found = [HeadStart(line.priority, f"line {call.line}")] if line.priority else []
    if seconds := line.number_priority.get(call.number, 0):
        found.append(HeadStart(seconds, f"number {call.number} was dialled"))
    if given := known.get(call.caller):
        found.append(given)
    return max(found, key=lambda each: each.seconds, default=NO_HEAD_START)


def known_callers(plan: Plan) -> Mapping[str, HeadStart]:
    """Each number of the lists of known callers, in every form in which carriers deliver it."""
    country = plan.organisation.country
    code = f"+{phonenumbers.country_code_for_region(country)}"
    # What is dialled before a national number from within the country, such as 0; nothing in Norway.
    before = phonenumbers.ndd_prefix_for_region(country, True) or ""
    found: dict[str, HeadStart] = {}
    for name, listed in plan.known_callers.items():
        given = HeadStart(listed.priority, f"known caller, list {name}")
        for number in listed.numbers:
            for form in _delivered(number, code, before):
                if given.seconds > found.get(form, NO_HEAD_START).seconds:
                    found[form] = given
    return found


def _delivered(number: str, code: str, before: str) -> Iterator[str]:
    """The forms of an E.164 number; without its country code only where that is the own country's."""
    yield from (number, number[1:], f"00{number[1:]}")
    if number.startswith(code):
        national = number.removeprefix(code)
        yield from {national, f"{before}{national}"}

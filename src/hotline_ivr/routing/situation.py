"""What holds for a line at a moment: open or closed, by which rule, and what that rule says besides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.overflow import Route


class RuleKind(StrEnum):
    """Kinds of rule, the strongest first: of all that apply at a moment, the first of this order wins."""

    OVERRIDE = "override"
    CAMPAIGN = "campaign"
    OPENING = "opening"
    CLOSURE = "closure"
    SPECIAL_DAY = "special-day"
    HOLIDAY = "holiday"
    SEASON = "season"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a calendar, a campaign or an override; `name` is its place (`office.seasons.summer`)."""

    kind: RuleKind
    name: str
    #: Prompt that takes the place of the line's greeting (open) or closed message (closed).
    message: str | None = None
    #: Where callers go instead of the line's `closed_to`, when this rule closes the line.
    to: Destination | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """The state of a line at a moment, and the rule that made it so."""

    open: bool
    rule: Rule
    #: Prompt before everything else, while an incident keeps callers ringing (see routing/overrides.py).
    information: str | None = None
    #: Whether the information prompt offers a key to go on, and ends the call otherwise.
    must_press_to_go_on: bool = False
    #: Who takes the calls, where somebody has decided it by hand: `inside`, `outside` or `both`.
    route: Route | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` (UTC) on, this situation holds."""

    at: datetime
    situation: Situation


@dataclass(frozen=True, slots=True)
class Considered:
    """A rule that was looked at for a moment: did it apply, what did it say, and did it win?"""

    rule: Rule
    applies: bool
    #: What the rule makes of the moment; None where it does not apply.
    open: bool | None
    won: bool
    #: In plain words, why it applied or not, and what it lost to.
    why: str

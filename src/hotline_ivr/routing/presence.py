"""Where an operator stands: signed in or out, ready, on a break, in wrap-up. One value for each operator.

Pure: what happens comes in as an event with its moment (aware, UTC), and the next value comes out. What the
telephone does is not told here but by the floor; a call that is under way holds up what was asked for until
it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from hotline_ivr.errors import PresenceRefused
from hotline_ivr.routing.refusals import NO_ANSWER

DROPPED = "dropped"
WRAP_UP = "wrap-up"
"""Pause reasons that we give ourselves; no reason of the configuration may have their names."""

OURSELVES = "hotline"
"""Who brought it about, where no person did."""


class Standing(StrEnum):
    """How an operator stands to the queues."""

    SIGNED_OUT = "signed-out"
    READY = "ready"
    PAUSED = "paused"
    WRAP_UP = "wrap-up"


@dataclass(frozen=True, slots=True)
class Asked:
    """What begins when the call, and the wrap-up after it, are over."""

    standing: Standing
    by: str
    reason: str = ""
    #: How long a pause shall be, where it is not as long as its reason says.
    length: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """Where an operator stands, since when, and by whom."""

    standing: Standing
    since: datetime
    by: str = OURSELVES
    #: Why, where it is a pause.
    reason: str = ""
    #: When it is over, or, for a pause that does not end by itself, when it has lasted too long.
    until: datetime | None = None
    #: Whether the operator is ready again at `until` without having to say so.
    returns: bool = False
    #: What was asked for in the middle of a call.
    asked: Asked | None = None
    #: Offers in a row that this operator's phone let ring.
    unanswered: int = 0

    @property
    def is_over_its_limit(self) -> bool:
        """Whether a limit is set that a person has to heed."""
        return self.until is not None and not self.returns

    def lasts_too_long_at(self, moment: datetime) -> bool:
        return self.is_over_its_limit and self.until is not None and self.until <= moment


@dataclass(frozen=True, slots=True)
class PauseRule:
    """What holds for a reason: the longest time, and whether the operator is then ready by itself."""

    limit: timedelta | None = None
    returns: bool = False


@dataclass(frozen=True, slots=True)
class PresenceRules:
    """What the plan says about operators."""

    reasons: Mapping[str, PauseRule]
    #: Time alone after a call, by queue; zero and missing are none.
    wrap_up: Mapping[str, timedelta] = field(default_factory=dict)
    #: Offers in a row that may ring out before the operator is paused; 0 pauses nobody.
    unanswered_limit: int = 1
    #: How long that pause is; None until the operator says to be ready.
    unanswered_pause: timedelta | None = None


@dataclass(frozen=True, slots=True)
class SignIn:
    by: str


@dataclass(frozen=True, slots=True)
class SignOut:
    by: str


@dataclass(frozen=True, slots=True)
class TakePause:
    """A pause. `length` is that of a shift's break, which may differ from what the reason says."""

    reason: str
    by: str
    length: timedelta | None = None
    #: Whether it begins only when the wrap-up under way is over.
    after_wrap_up: bool = False


@dataclass(frozen=True, slots=True)
class BeReady:
    """The pause, or the wrap-up, is over because somebody says so."""

    by: str


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """The operator took a call from a queue."""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The operator's call from this queue is over."""

    queue: str


@dataclass(frozen=True, slots=True)
class RangInVain:
    """The operator's phone was rung for a caller, and nobody took it up: see refusals.py for why."""

    reason: str = NO_ANSWER


@dataclass(frozen=True, slots=True)
class DroppedCaller:
    """The operator's phone took a call up and was gone within 0.3 s; the dialplan has paused it."""


@dataclass(frozen=True, slots=True)
class FoundPaused:
    """Somebody else has paused the operator in Asterisk itself; an empty reason is none given."""

    reason: str


@dataclass(frozen=True, slots=True)
class FoundReady:
    """Somebody else has ended the operator's pause in Asterisk itself."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing but that: what is due by now happens."""


PresenceEvent = (
    SignIn
    | SignOut
    | TakePause
    | BeReady
    | CallAnswered
    | CallEnded
    | RangInVain
    | DroppedCaller
    | FoundPaused
    | FoundReady
    | TimePassed
)

BY_ASTERISK = "asterisk"


def after(  # noqa: PLR0911  one for each event
    presence: Presence, event: PresenceEvent, at: datetime, rules: PresenceRules, *, in_call: bool = False
) -> Presence:
    """Where the operator stands after the event; the same value where it changes nothing.

    Raises PresenceRefused for what cannot be done: a pause of one who is signed out, an unknown reason.
    """
    match event:
        case SignIn(by):
            return _signed_in(presence, by, at)
        case SignOut(by):
            return _ask(presence, Asked(Standing.SIGNED_OUT, by), at, rules, in_call=in_call)
        case TakePause(reason, by, length, after_wrap_up):
            _check_reason(presence, reason, rules)
            waits = in_call or (after_wrap_up and presence.standing is Standing.WRAP_UP)
            return _ask(presence, Asked(Standing.PAUSED, by, reason, length), at, rules, in_call=waits)
        case BeReady(by):
            return _ready(presence, by, at)
        case CallAnswered():
            return replace(presence, unanswered=0) if presence.unanswered else presence
        case CallEnded(queue):
            return _call_ended(presence, rules.wrap_up.get(queue, timedelta()), at, rules)
        case RangInVain() | DroppedCaller():
            return _let_down(presence, event, at, rules)
        case FoundPaused(reason):
            return _found_paused(presence, reason, at, rules)
        case FoundReady():
            if presence.standing in {Standing.PAUSED, Standing.WRAP_UP}:
                return Presence(Standing.READY, at, BY_ASTERISK)
            return presence
        case TimePassed():
            return _due(presence, at, rules)
        case _:
            assert_never(event)


def by_set_clock(presence: Presence, ahead: timedelta) -> Presence:
    """The same standing by a clock that was set, and is so much further ahead: all of it lasts as long."""
    until = None if presence.until is None else presence.until + ahead
    return replace(presence, since=presence.since + ahead, until=until)


def next_due(presence: Presence) -> datetime | None:
    """When time alone changes something."""
    return presence.until if presence.returns else None


def _signed_in(presence: Presence, by: str, at: datetime) -> Presence:
    if presence.standing is Standing.SIGNED_OUT:
        return Presence(Standing.READY, at, by)
    if presence.asked is not None and presence.asked.standing is Standing.SIGNED_OUT:
        return replace(presence, asked=None)
    return presence


def _check_reason(presence: Presence, reason: str, rules: PresenceRules) -> None:
    if presence.standing is Standing.SIGNED_OUT:
        raise PresenceRefused("is signed out, and has no pause to take")
    if reason not in rules.reasons:
        known = ", ".join(sorted(rules.reasons))
        raise PresenceRefused(f"there is no pause reason '{reason}'; known are: {known}")


def _ask(presence: Presence, asked: Asked, at: datetime, rules: PresenceRules, *, in_call: bool) -> Presence:
    if presence.standing is asked.standing and presence.reason == asked.reason:
        return presence
    if in_call:
        return replace(presence, asked=asked)
    return _begin(asked, at, rules)


def _begin(asked: Asked, at: datetime, rules: PresenceRules) -> Presence:
    if asked.standing is not Standing.PAUSED:
        return Presence(asked.standing, at, asked.by)
    rule = rules.reasons.get(asked.reason, PauseRule())
    limit = asked.length or rule.limit
    until = None if limit is None else at + limit
    return Presence(Standing.PAUSED, at, asked.by, asked.reason, until, returns=rule.returns)


def _ready(presence: Presence, by: str, at: datetime) -> Presence:
    if presence.standing is Standing.SIGNED_OUT:
        raise PresenceRefused("is signed out: sign in first")
    if presence.standing is Standing.READY:
        # What was asked for in the middle of this call is taken back.
        return replace(presence, asked=None) if presence.asked else presence
    return Presence(Standing.READY, at, by)


def _call_ended(presence: Presence, wrap_up: timedelta, at: datetime, rules: PresenceRules) -> Presence:
    if presence.standing is not Standing.READY:
        # Paused or gone meanwhile: a wrap-up would take that back when it ends.
        return presence if presence.asked is None else _begin(presence.asked, at, rules)
    if wrap_up:
        return Presence(Standing.WRAP_UP, at, until=at + wrap_up, returns=True, asked=presence.asked)
    return presence if presence.asked is None else _begin(presence.asked, at, rules)


def _let_down(
    presence: Presence, event: RangInVain | DroppedCaller, at: datetime, rules: PresenceRules
) -> Presence:
    if isinstance(event, RangInVain):
        return _rang_in_vain(presence, event.reason, at, rules)
    return _dropped(presence, at, rules)


def _rang_in_vain(presence: Presence, reason: str, at: datetime, rules: PresenceRules) -> Presence:
    if presence.standing is not Standing.READY:
        return presence
    count = presence.unanswered + 1
    if not rules.unanswered_limit or count < rules.unanswered_limit:
        return replace(presence, unanswered=count)
    return _left_in_peace(presence, reason, at, rules)


def _dropped(presence: Presence, at: datetime, rules: PresenceRules) -> Presence:
    """Once is enough: the next caller would be dropped as well. A wrap-up after such a call is none."""
    if presence.standing not in {Standing.READY, Standing.WRAP_UP} or not rules.unanswered_limit:
        return presence
    return _left_in_peace(presence, DROPPED, at, rules)


def _left_in_peace(presence: Presence, reason: str, at: datetime, rules: PresenceRules) -> Presence:
    pause = rules.unanswered_pause
    until = None if pause is None else at + pause
    return Presence(
        Standing.PAUSED, at, OURSELVES, reason, until, returns=until is not None, asked=presence.asked
    )


def _found_paused(presence: Presence, reason: str, at: datetime, rules: PresenceRules) -> Presence:
    if presence.standing is not Standing.READY:
        return presence
    rule = rules.reasons.get(reason, PauseRule())
    until = None if rule.limit is None else at + rule.limit
    return Presence(Standing.PAUSED, at, BY_ASTERISK, reason, until, returns=rule.returns)


def _due(presence: Presence, at: datetime, rules: PresenceRules) -> Presence:
    if not presence.returns or presence.until is None or at < presence.until:
        return presence
    # At its own moment, also when we come to it late.
    if presence.asked is not None:
        return _begin(presence.asked, presence.until, rules)
    return Presence(Standing.READY, presence.until)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an operator shall stand in Asterisk's queues."""

    member: bool
    paused: bool = False
    reason: str = ""


def wanted(presence: Presence) -> Wanted:
    """What Asterisk shall hold of this operator. Who asked for a break in a call is offered no other."""
    match presence.standing:
        case Standing.SIGNED_OUT:
            return Wanted(member=False)
        case Standing.WRAP_UP:
            return Wanted(member=True, paused=True, reason=WRAP_UP)
        case Standing.PAUSED:
            return Wanted(member=True, paused=True, reason=presence.reason)
        case Standing.READY if presence.asked is not None:
            return Wanted(member=True, paused=True, reason=presence.asked.reason or "signing-out")
        case Standing.READY:
            return Wanted(member=True)


@dataclass(frozen=True, slots=True)
class Period:
    """A line of the pause ledger: an operator stood so from then to then (UTC); no end is now."""

    operator: str
    standing: Standing
    reason: str
    began_at: datetime
    ended_at: datetime | None
    began_by: str
    ended_by: str
    #: As what beginning the ledger may know it, where the clock was set since.
    known_as: datetime | None = None


def period_of(operator: str, presence: Presence, following: Presence | None = None) -> Period:
    """The ledger's line for a standing, ended by the one that follows it."""
    return Period(
        operator,
        presence.standing,
        presence.reason,
        presence.since,
        following.since if following else None,
        presence.by,
        following.by if following else "",
    )


def is_new_period(before: Presence, now: Presence) -> bool:
    """Whether the ledger gets a new line, and not only the operator a note."""
    return (before.standing, before.reason, before.since) != (now.standing, now.reason, now.since)

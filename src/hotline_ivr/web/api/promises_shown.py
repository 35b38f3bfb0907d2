"""Promises as they are shown: whose, since when, why, and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from hotline_ivr.control.tokens import Role
from hotline_ivr.routing.promises import ActKind, State
from hotline_ivr.store.promise_list import Owed, PromiseStory
from hotline_ivr.web.api.numbers import NumbersDesk
from hotline_ivr.web.api.route import Shown, Who


class PromiseShown(Shown):
    """Somebody who is, or was, owed a call back."""

    id: str = Field(description="That of the first call that is owed for.")
    node: str
    number: str = Field(description="Whom to ring, masked unless asked for; empty when withheld.")
    line: str
    queue: str = Field(description="Whose operators owe the call; empty where the caller came to no queue.")
    opened_at: datetime
    last_at: datetime = Field(description="The latest of the calls that are owed for.")
    age_s: float = Field(description="Seconds since it was opened, until now or until it was closed.")
    reasons: tuple[str, ...] = Field(description="Outcomes of those calls, each once.")
    calls: int = Field(description="How many they are.")
    tries: int = Field(description="How often the person was rung and not reached.")
    owner: str | None = Field(description="The operator who sees to it.")
    state: State
    closed_at: datetime | None
    closed_by: str | None = Field(description="The call in which they spoke, or who closed it.")
    note: str | None = Field(description="What there is to say about it; null with role read.")


class PromisePage(Shown):
    """Promises, the oldest first."""

    at: datetime
    promises: tuple[PromiseShown, ...]
    next: str | None = Field(description="Cursor of the page after this one; null on the last one.")


class PromiseCallShown(Shown):
    """A call that is owed for, or the one in which they spoke."""

    id: str
    node: str
    at: datetime = Field(
        description="When it was clear that nobody would be reached, or they began to speak."
    )
    outcome: str
    line: str
    queue: str


class ActShown(Shown):
    """What somebody did."""

    at: datetime
    kind: ActKind
    by: str
    operator: str
    note: str | None = Field(description="What there was to say; null with role read.")


class StoryShown(Shown):
    """One promise with all that is known of it."""

    promise: PromiseShown
    calls: tuple[PromiseCallShown, ...]
    acts: tuple[ActShown, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """How much of a person may be seen: whether `numbers` are in full, and whether `texts` are shown."""

    desk: NumbersDesk
    numbers: bool = False
    texts: bool = False

    @classmethod
    def of(cls, desk: NumbersDesk, who: Who, *, numbers: bool = False) -> Sight:
        """As in the register: what people wrote of a person is for role control."""
        return cls(desk, numbers, who.may(Role.CONTROL))

    def note(self, note: str) -> str | None:
        return note if self.texts else None


def entry_shown(owed: Owed, now: datetime, sight: Sight) -> PromiseShown:
    entry = owed.promise
    until = entry.closed_at or now
    return PromiseShown(
        id=entry.id,
        node=entry.node,
        number=sight.desk.shown(owed.number, full=sight.numbers),
        line=entry.line,
        queue=entry.queue,
        opened_at=entry.opened_at,
        last_at=entry.last_at,
        age_s=round(max(0.0, (until - entry.opened_at).total_seconds()), 1),
        reasons=entry.reasons,
        calls=entry.calls,
        tries=entry.tries,
        owner=entry.owner or None,
        state=entry.state,
        closed_at=entry.closed_at,
        closed_by=entry.closed_by or None,
        note=sight.note(entry.note),
    )


def story_shown(story: PromiseStory, now: datetime, sight: Sight) -> StoryShown:
    return StoryShown(
        promise=entry_shown(story.owed, now, sight),
        calls=tuple(
            PromiseCallShown(
                id=each.call,
                node=each.node,
                at=each.at,
                outcome=each.outcome,
                line=each.line,
                queue=each.queue,
            )
            for each in story.calls
        ),
        acts=tuple(
            ActShown(
                at=each.at, kind=each.kind, by=each.by, operator=each.operator, note=sight.note(each.note)
            )
            for each in story.acts
        ),
    )

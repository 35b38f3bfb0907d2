"""A day of shifts as it runs, kept as the service would keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.presence import CallEnded, Presence, PresenceEvent, Standing, TimePassed, after
from hotline_ivr.routing.presence_rules import rules_of
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.shift_notes import BreakAsked, ShiftNotes
from hotline_ivr.routing.shift_run import OnFloor, Orders, ShiftRun
from tests.plans import a_plan

# A Monday in winter: Oslo is one hour before UTC.
MIDNIGHT = datetime(2026, 3, 1, 23, tzinfo=UTC)


def plan(
    breaks: Mapping[str, Any] | None = None,
    *,
    sign_in: str = "shift",
    minimum: int = 0,
    week: str = "day",
    **queue: Any,
) -> Plan:
    """Anna and bjorn from 08:00 to 16:00, in one queue."""
    return a_plan(
        queues={"main": {"operators": ["anna", "bjorn"], "minimum_ready": minimum, "wrap_up": 20, **queue}},
        sections={
            "operators": {
                "anna": {"name": "Anna Berg", "sign_in": sign_in},
                "bjorn": {"name": "Bjørn Dahl", "sign_in": sign_in},
            },
            "break_kinds": {
                "lunch": {"name": "Lunch", "length": "30m", "paid": "no"},
                "short": {"name": "Break", "length": "15m"},
            },
            "shifts": {"day": {"hours": "08:00-16:00", "breaks": dict(breaks or {})}},
            "shift_plans": {"all": {"operators": ["anna", "bjorn"], "week": {"mon-fri": week}}},
        },
    )


@dataclass
class Day:
    """The floor of a day, kept as the service would keep it; times are Oslo's."""

    plan: Plan
    notes: ShiftNotes = field(default_factory=ShiftNotes)
    talking: set[str] = field(default_factory=set)
    last: Orders = field(default_factory=lambda: Orders(ShiftNotes()))

    def __post_init__(self) -> None:
        self.book = Rulebook(self.plan)
        self.run = ShiftRun(self.book)
        out = Presence(Standing.SIGNED_OUT, MIDNIGHT)
        self.standing = dict.fromkeys(self.plan.operators, out)
        self.now = MIDNIGHT

    def at(self, clock: str) -> list[tuple[str, PresenceEvent]]:
        """What is done at this time, after all that falls due by then."""
        hours, _, minutes = clock.partition(":")
        self.now = MIDNIGHT + timedelta(hours=int(hours), minutes=float(minutes))
        for name in self.standing:
            self.apply(name, TimePassed())
        return self.look()

    def look(self) -> list[tuple[str, PresenceEvent]]:
        floor = {name: OnFloor(each, name in self.talking) for name, each in self.standing.items()}
        self.last = self.run.orders(self.now, self.notes, floor, self.book)
        self.notes = self.last.notes
        for operator, event in self.last.events:
            self.apply(operator, event)
        return list(self.last.events)

    def apply(self, operator: str, event: PresenceEvent) -> None:
        talks = operator in self.talking
        self.standing[operator] = after(
            self.standing[operator], event, self.now, rules_of(self.plan), in_call=talks
        )

    def ask(self, operator: str, kind: str) -> str:
        """What the operator is told."""
        asked = {**self.notes.asked, operator: BreakAsked(kind, self.now, operator)}
        self.notes = ShiftNotes(self.notes.duties, asked)
        self.look()
        if operator not in self.notes.asked:
            return "after the call" if self.standing[operator].asked else "now"
        answer = self.last.answers[operator]
        return f"in {answer.minutes(int(self.now.timestamp()))} minutes, place {answer.place}"

    def stands(self) -> dict[str, str]:
        return {name: each.reason or each.standing.value for name, each in self.standing.items()}

    def hang_up(self, operator: str) -> None:
        self.talking.discard(operator)
        self.apply(operator, CallEnded("main"))


BOTH_READY = {"anna": "ready", "bjorn": "ready"}

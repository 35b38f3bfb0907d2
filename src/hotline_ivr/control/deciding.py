"""Closing and opening by hand: one way of doing it, for the command, the REST interface and the telephone."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hotline_ivr.config.models import Plan
from hotline_ivr.config.refusal import did_you_mean
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.control.moments import moment_to_come
from hotline_ivr.control.overrides_file import OverridesFile, new_id
from hotline_ivr.errors import OverrideError
from hotline_ivr.routing.overrides import ROUTES, Override, OverrideKind
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.wall import zone_of

# How far ahead the next change of a line is looked for, in days: past the longest holidays.
LOOK_AHEAD_DAYS = 400

LONGEST = timedelta(days=366)
"""An override is for days; what lasts longer belongs into the YAML."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants, as they said it.

    At most one of until, ends_at (aware), seconds and until_next_change.
    """

    line: str
    kind: OverrideKind
    by: str
    via: str
    until: str | None = None
    ends_at: datetime | None = None
    seconds: int | None = None
    until_next_change: bool = False
    prompt: str | None = None
    must_press_to_go_on: bool = False
    request_id: str = ""


class HandControl:
    """Sets and clears overrides of a plan's lines. `changed` is called after each change."""

    def __init__(
        self,
        plan: Plan,
        file: OverridesFile,
        trail: AuditTrail,
        *,
        prompts: Collection[str],
        clock: Callable[[], datetime],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._plan = plan
        self._file = file
        self._trail = trail
        self._prompts = prompts
        self._clock = clock
        self._changed = changed

    def set(self, wish: Wish) -> Override:
        """Keep what was wished. Raises ArgumentError with a remedy if it makes no sense or cannot be kept."""
        now = self._clock().astimezone(UTC).replace(microsecond=0)
        self._check_line(wish.line)
        self._check_prompt(wish)
        self._check_route(wish)
        override = Override(
            id=new_id(),
            line=wish.line,
            kind=wish.kind,
            since=now,
            until=self._end(wish, now),
            by=wish.by,
            prompt=wish.prompt,
            must_press_to_go_on=wish.must_press_to_go_on,
        )
        self._file.add(override, now)
        details = {
            "kind": wish.kind.value,
            "until": override.until.isoformat() if override.until else "cleared",
        }
        if wish.prompt:
            details["prompt"] = wish.prompt
        self._note(AuditEntry(now, wish.by, wish.via, "override.set", wish.line, details, wish.request_id))
        return override

    def clear(
        self, *, by: str, via: str, line: str | None = None, id_: str | None = None, request_id: str = ""
    ) -> tuple[Override, ...]:
        """End those of a line, one by its id, or with neither all. Raises OverrideError if there was none."""
        if line is not None:
            self._check_line(line)
        now = self._clock().astimezone(UTC)
        ended = self._file.clear(
            lambda each: (line is None or each.line == line) and (id_ is None or each.id == id_), by, now
        )
        if not ended:
            what = f"no override {id_}" if id_ else f"no override of line '{line}'" if line else "no override"
            raise OverrideError(f"there is {what}: `hotline overrides` lists them")
        for each in ended:
            details = {"kind": each.kind.value, "id": each.id}
            self._note(AuditEntry(now, by, via, "override.clear", each.line, details, request_id))
        return ended

    def _note(self, entry: AuditEntry) -> None:
        try:
            self._trail.note(entry)
        finally:
            # It holds, whether or not the trail could be written.
            self._changed()

    def _check_line(self, line: str) -> None:
        if line not in self._plan.lines:
            known = sorted(self._plan.lines)
            hint = did_you_mean(line, known) or "."
            raise OverrideError(f"there is no line '{line}'{hint} Lines are: {', '.join(known)}")

    def _check_prompt(self, wish: Wish) -> None:
        if wish.kind is OverrideKind.SURGE and wish.prompt is None:
            raise OverrideError("an information needs a prompt: --message PROMPT")
        if wish.prompt is not None and wish.prompt not in self._prompts:
            raise OverrideError(
                f"there is no prompt '{wish.prompt}'{did_you_mean(wish.prompt, self._prompts) or '.'}"
                " `hotline prompts list` shows them"
            )

    def _check_route(self, wish: Wish) -> None:
        if wish.kind in ROUTES and wish.prompt is not None:
            raise OverrideError("a route has no prompt")
        if wish.kind is OverrideKind.OUTSIDE and self._plan.lines[wish.line].centre is None:
            raise OverrideError(
                f"line '{wish.line}' has no centre to send callers to: write `centre` into lines.{wish.line}"
            )

    def _end(self, wish: Wish, now: datetime) -> datetime | None:
        given = [
            wish.until is not None,
            wish.ends_at is not None,
            wish.seconds is not None,
            wish.until_next_change,
        ]
        if sum(given) > 1:
            raise OverrideError("give one end only: --until, --for or --until-next-change")
        end = None
        if wish.until is not None:
            end = moment_to_come(wish.until, zone_of(self._plan.lines[wish.line].time_zone), now)
        elif wish.ends_at is not None:
            if wish.ends_at <= now:
                raise OverrideError(f"{wish.ends_at:%Y-%m-%d %H:%M %Z} is past")
            end = wish.ends_at.astimezone(UTC)
        elif wish.seconds is not None:
            if wish.seconds <= 0:
                raise OverrideError("--for must be longer than nothing")
            end = now + timedelta(seconds=wish.seconds)
        elif wish.until_next_change:
            end = self._next_change(wish.line, now)
        if end is not None and end - now > LONGEST:
            raise OverrideError("an override lasts a year at most: write what lasts longer into the YAML")
        return end

    def _next_change(self, line: str, now: datetime) -> datetime:
        """When the calendar alone next opens or closes the line."""
        changes = Rulebook(self._plan).changes(line, now, LOOK_AHEAD_DAYS)
        for change in changes[1:-1]:
            if change.situation.open != changes[0].situation.open:
                return change.at
        raise OverrideError(f"line '{line}' never changes by itself: give --until or --for")

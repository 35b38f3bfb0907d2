"""Blocking callers by hand: one way of doing it, for the command and the REST interface."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hotline_ivr.config.cause import Refusal
from hotline_ivr.config.guard import TurnAway
from hotline_ivr.config.models import Plan
from hotline_ivr.config.outside import whole_country
from hotline_ivr.config.phone import to_e164
from hotline_ivr.config.refusal import did_you_mean
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.control.blocks_file import BlocksFile
from hotline_ivr.control.overrides_file import new_id
from hotline_ivr.errors import BlockError
from hotline_ivr.routing.blocks import WITHHELD, Block, CallerBook

LONGEST = timedelta(days=366)
"""What lasts longer belongs into the YAML."""

MOST_REASON = 120

_BEGINNING = re.compile(r"\+[1-9][0-9]{0,13}\*", re.ASCII)


@dataclass(frozen=True, slots=True)
class BlockWish:
    """Whom somebody wants blocked, as they said it; at most one of `seconds` and `ends_at` (aware)."""

    callers: str
    by: str
    via: str
    seconds: int | None = None
    ends_at: datetime | None = None
    reason: str = ""
    message: str | None = None
    refuse: Refusal | None = None
    request_id: str = ""


class CallerControl:
    """Blocks and unblocks callers of a node. `changed` is called after each change.

    `named` says what stands for blocked callers in the trail (control/trail_names.py).
    """

    def __init__(
        self,
        plan: Plan,
        file: BlocksFile,
        trail: AuditTrail,
        *,
        prompts: Collection[str],
        clock: Callable[[], datetime],
        changed: Callable[[], None] = lambda: None,
        named: Callable[[str], str],
    ) -> None:
        self._plan, self._file, self._trail = plan, file, trail
        self._prompts, self._clock, self._changed, self._named = prompts, clock, changed, named

    def block(self, wish: BlockWish) -> Block:
        """Keep what was wished. Raises BlockError with a remedy if it makes no sense or cannot be kept."""
        now = self._clock().astimezone(UTC).replace(microsecond=0)
        callers = self._callers(wish.callers)
        self._check_allowed(callers, now)
        if len(wish.reason) > MOST_REASON or not (wish.reason.isprintable() or not wish.reason):
            raise BlockError(f"a reason is one line of at most {MOST_REASON} characters")
        block = Block(new_id(), callers, now, _end(wish, now), wish.by, wish.reason.strip(), self._away(wish))
        self._file.add(block, now)
        details = {
            "id": block.id,
            "until": block.until.isoformat() if block.until else "unblocked",
            "reason": block.reason,
        }
        self._note(AuditEntry(now, wish.by, wish.via, "caller.block", callers, details, wish.request_id))
        return block

    def unblock(self, which: str, *, by: str, via: str, request_id: str = "") -> tuple[Block, ...]:
        """End the blocks of these callers, or the one of this id. Raises BlockError if there was none."""
        now = self._clock().astimezone(UTC)
        wanted = {which.strip()}
        # What is no number is an id, or nothing.
        with suppress(BlockError):
            wanted.add(self._callers(which))
        ended = self._file.end(lambda each: bool({each.id, each.callers} & wanted), by, now)
        if not ended:
            raise BlockError(
                f"'{which[:40]}' is not blocked by hand: `hotline blocks` lists who is; who stands in"
                " guard.block of the configuration is unblocked there, or by guard.allow"
            )
        for each in ended:
            note = AuditEntry(now, by, via, "caller.unblock", each.callers, {"id": each.id}, request_id)
            self._note(note)
        return ended

    def _note(self, entry: AuditEntry) -> None:
        try:
            self._trail.note(replace(entry, subject=self._named(entry.subject)))
        finally:
            # It holds, whether or not the trail could be written.
            self._changed()

    def _callers(self, text: str) -> str:
        """`+4799999999`, `+47820*` or `withheld` from what somebody wrote."""
        country = self._plan.organisation.country
        plain = re.sub(r"[ ().\-/\u00a0\u2011]", "", text.strip())
        if plain.lower() == WITHHELD:
            return WITHHELD
        if plain.endswith("*"):
            if not _BEGINNING.fullmatch(plain):
                raise BlockError(
                    f"'{text[:40]}' begins no numbers: write + and country code, such as +47820*"
                )
            if whole_country(plain.removesuffix("*"), country):
                raise BlockError(
                    f"'{text[:40]}' would block everybody in your own country: write more digits"
                )
            return plain
        try:
            number = to_e164(text.strip(), country)
        except ValueError as error:
            raise BlockError(f"{error}; or write a beginning such as +47820*, or {WITHHELD}") from None
        line = next((name for name, line in self._plan.lines.items() if number in line.numbers), None)
        if line is not None:
            raise BlockError(f"{number} is a number of your own line '{line}'")
        return number

    def _check_allowed(self, callers: str, now: datetime) -> None:
        if callers == WITHHELD or callers.endswith("*"):
            return
        rule = CallerBook(self._plan).allows_caller(callers, now)
        if rule is not None:
            raise BlockError(f"{callers} is on the allow list, at {rule.place}: it goes before every block")

    def _away(self, wish: BlockWish) -> TurnAway | None:
        if wish.message is not None and wish.refuse is not None:
            raise BlockError("give a message or a refusal, not both")
        if wish.message is not None:
            if wish.message not in self._prompts:
                hint = did_you_mean(wish.message, self._prompts) or "."
                raise BlockError(
                    f"there is no prompt '{wish.message}'{hint} `hotline prompts list` shows them"
                )
            return TurnAway(message=wish.message)
        return TurnAway(refuse=wish.refuse) if wish.refuse is not None else None


def _end(wish: BlockWish, now: datetime) -> datetime | None:
    if wish.seconds is not None and wish.ends_at is not None:
        raise BlockError("give one end only")
    end = wish.ends_at
    if wish.seconds is not None:
        if wish.seconds <= 0 or wish.seconds > LONGEST.total_seconds():
            raise BlockError("a block lasts a second to a year: write what lasts longer into guard.block")
        end = now + timedelta(seconds=wish.seconds)
    if end is not None and not now < end <= now + LONGEST:
        raise BlockError("the end must be to come, and within a year")
    return None if end is None else end.astimezone(UTC)

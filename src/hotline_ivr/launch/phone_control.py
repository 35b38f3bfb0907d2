"""Control by telephone on this node: the same hands, trail and import as at a terminal."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog

from hotline_ivr.calls.control_desk import PATIENCE_S, SESSION_S, ControlDesk, Person
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.control.deciding import HandControl, Wish
from hotline_ivr.control.pin_guard import PinGuard
from hotline_ivr.control.pins import PinsFile
from hotline_ivr.control.tokens import Role
from hotline_ivr.control.trail_names import named_in_trail
from hotline_ivr.errors import HotlineError, OverrideError
from hotline_ivr.routing.control_said import controlled_lines
from hotline_ivr.routing.control_steps import (
    CheckPin,
    ClearLine,
    Done,
    Effect,
    KeepRecording,
    NotDone,
    PinLocked,
    PinRight,
    PinWrong,
    Result,
    SetOverride,
    View,
)
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.settings import Settings
from hotline_ivr.setup.prompt_import import take
from hotline_ivr.setup.prompt_numbers import prompt_numbers
from hotline_ivr.setup.prompt_sources import PromptSource, Recorded, Spoken, prompt_folders, read_sources
from hotline_ivr.setup.prompts import build_prompts
from hotline_ivr.setup.recordings import MAX_LENGTH, Verdict

log = structlog.get_logger()

_REFUSALS = {
    "is silent": "control-silent",
    "holds only": "control-too-short",
    "is too quiet": "control-too-quiet",
    "is clipped": "control-clipped",
    "s long; at most": "control-too-long",
}
"""How a verdict is said; by its words, which stand in setup/recordings.py."""


class PhoneControl:
    """The parts of the control menu. `counted` is told how each PIN fared, for the metric."""

    def __init__(
        self,
        settings: Settings,
        *,
        book: Callable[[], Rulebook],
        hands: Callable[[], HandControl],
        changed: Callable[[], object],
        counted: Callable[[str], object],
    ) -> None:
        self._settings = settings
        self._book = book
        self._hands = hands
        self._changed = changed
        self._counted = counted
        self._pins = PinsFile(settings.pins_file)
        self._guard = PinGuard(settings.pin_guard_file, lambda: datetime.now(UTC))
        self._trail = AuditTrail(settings.audit_file)
        self._prompts: Mapping[int, str] = {}
        self._number_prompts()
        # Nobody can keep any more what was recorded before a restart.
        shutil.rmtree(settings.control_dir, ignore_errors=True)
        settings.control_dir.mkdir(parents=True, exist_ok=True)

    def view(self) -> View:
        book = self._book()
        control = book.plan.control
        return View(
            control.language if control else "en",
            controlled_lines(book.plan),
            book,
            self._prompts,
            datetime.now(UTC),
            control.max_recording if control else int(MAX_LENGTH),
        )

    def is_locked(self, who: Person) -> bool:
        locked = self._guard.is_locked(_caller(who), inside=bool(who.account))
        if locked:
            self._counted("locked")
        return locked

    def changed(self) -> None:
        self._changed()

    def carry_out(self, effect: Effect, who: Person) -> Result:
        """Check a PIN, or do what its holder wants. What is refused is told, and nothing of it happens."""
        try:
            if isinstance(effect.what, CheckPin):
                return self._check_pin(effect.what.pin, who)
            wanted = Role.ADMIN if isinstance(effect.what, KeepRecording) else Role.CONTROL
            if not self._pins.is_good(who.name, wanted, datetime.now(UTC)):
                # Revoked or run out while its holder was on the telephone.
                return PinLocked()
            return self._do(effect, who)
        except (HotlineError, OSError) as error:
            log.warning("control by telephone was refused", reason=str(error), call=who.call)
            return NotDone()

    def _check_pin(self, pin: str, who: Person) -> Result:
        caller, inside = _caller(who), bool(who.account)
        if not self._guard.begin(caller, inside=inside):
            self._note(who, "pin.locked", self._named(who))
            self._counted("locked")
            return PinLocked()
        found = self._pins.holder(pin, datetime.now(UTC))
        if found is None:
            self._note(who, "pin.wrong", self._named(who))
            self._counted("wrong")
            locked = self._guard.is_locked(caller, inside=inside)
            return PinLocked() if locked else PinWrong()
        self._guard.succeeded(caller, inside=inside)
        self._note(who._replace(name=found.person), "pin.right", found.person)
        self._counted("right")
        # Prompts may have come since; not in the loop, since it reads their files.
        self._number_prompts()
        self._forget_takes()
        return PinRight(found.person, int(found.role))

    def _do(self, effect: Effect, who: Person) -> Result:
        via = self._via(who)
        match effect.what:
            case SetOverride(line, kind, seconds, until_next_change):
                wish = Wish(
                    line=line,
                    kind=kind,
                    by=who.name,
                    via=via,
                    seconds=seconds,
                    until_next_change=until_next_change,
                    request_id=who.call,
                )
                self._hands().set(wish)
            case ClearLine(line):
                try:
                    self._hands().clear(by=who.name, via=via, line=line, request_id=who.call)
                except OverrideError:
                    return NotDone(("control-nothing-to-clear",))
            case KeepRecording(name):
                return self._keep(name, effect, who)
            case CheckPin():
                raise AssertionError("a PIN is checked before")
        return Done(effect)

    def _keep(self, name: str, effect: Effect, who: Person) -> Result:
        """The way of `hotline prompts import`, for what was recorded in this call."""
        settings = self._settings
        take_of_call = re.sub(r"[^A-Za-z0-9-]", "", who.call.replace(".", "-"))
        recorded = settings.control_dir / f"{take_of_call}.wav"
        source = read_sources(*prompt_folders(settings)).get(name)
        taken = take(recorded, name, _text(source), settings.own_sounds)
        if taken.target is None:
            return NotDone(("control-refused", *_why(taken.verdicts)))
        build_prompts(settings, *prompt_folders(settings))
        recorded.unlink(missing_ok=True)
        self._note(who, "prompt.record", name)
        return Done(effect)

    def _forget_takes(self) -> None:
        """Delete what was recorded and not kept, in calls that are over."""
        over = time.time() - SESSION_S
        for recorded in self._settings.control_dir.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if recorded.stat().st_mtime < over:
                    recorded.unlink()

    def _number_prompts(self) -> None:
        found = {name.partition("/")[2] for name in read_sources(*prompt_folders(self._settings))}
        numbers = prompt_numbers(self._settings.prompt_numbers_file, found)
        self._prompts = {number: prompt for prompt, number in numbers.items()}

    def _named(self, who: Person) -> str:
        """By whom, for the trail; who is locked out `hotline pin locked` tells by number."""
        if who.account:
            return _caller(who)
        country = self._book().plan.organisation.country
        return named_in_trail(self._settings.number_key_file, _caller(who), country)

    def _via(self, who: Person) -> str:
        return f"telephone {who.account or self._named(who)}"

    def _note(self, who: Person, action: str, subject: str) -> None:
        by = who.name or "nobody known"
        self._trail.note(AuditEntry(datetime.now(UTC), by, self._via(who), action, subject, {}, who.call))


def phone_control(
    settings: Settings,
    *,
    book: Callable[[], Rulebook],
    hands: Callable[[], HandControl],
    changed: Callable[[], object],
    counted: Callable[[str], object],
) -> ControlDesk:
    """The control menu of this node."""
    parts = PhoneControl(settings, book=book, hands=hands, changed=changed, counted=counted)
    return ControlDesk(
        parts,
        clock=time.monotonic,
        new_key=lambda: secrets.token_hex(16),
        # The rest is for a machine that is busy: an answer that comes too late ends the call.
        patience_s=min(PATIENCE_S, settings.agi_deadline / 2),
    )


def _caller(who: Person) -> str:
    """By whom tries are counted: an own phone's account, the number, or all who withhold theirs together."""
    return f"phone {who.account}" if who.account else who.caller or "withheld"


def _text(source: PromptSource | None) -> str:
    match source:
        case Spoken(text) | Recorded(_, text):
            return text
        case None:
            return ""


def _why(verdicts: tuple[Verdict, ...]) -> tuple[str, ...]:
    said = [
        prompt
        for each in verdicts
        if each.bad
        for words, prompt in _REFUSALS.items()
        if words in each.message
    ]
    return tuple(dict.fromkeys(said))

"""Against guessing PINs: a lockout that grows with each caller's wrong tries, and a bound over all callers.

Kept in a file of the state folder, so that a restart gives nobody fresh tries. A try counts as wrong before
it is looked at, so that many calls at once have no more tries than one. The service and whoever lets somebody
in again at a terminal change the same file: each looks at it anew, and changes it under a lock.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hotline_ivr.errors import PinError
from hotline_ivr.files import locked, replace

FREE_TRIES = 3
"""Wrong tries of a caller before the first lockout: one call's."""

FIRST_LOCK = timedelta(minutes=1)
LONGEST_LOCK = timedelta(days=1)
"""Each further wrong try doubles the lockout, up to a day."""

FORGET = timedelta(days=7)
"""A caller without a wrong try for so long begins anew."""

ALL_TRIES, ALL_WITHIN = 60, timedelta(hours=1)
"""Wrong tries of all callers outside: numbers can be forged, so that a caller's own lockout holds nobody."""

REMEMBERED = 2_000
"""Callers that are remembered; the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong tries of one caller, and when the last was (aware)."""

    wrong: int
    last: datetime

    def locked_until(self) -> datetime:
        over = self.wrong - FREE_TRIES
        if over < 0:
            return self.last
        doubled: int = 1 << min(over, 20)
        return self.last + min(FIRST_LOCK * doubled, LONGEST_LOCK)


class PinGuard:
    """Counts wrong tries by caller. Methods that change something raise PinError if it cannot be kept.

    `inside` are callers known by an account: the bound over all spares them.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: tuple[int, ...] | None = None
        self._callers: dict[str, Tries] = {}
        self._recent: list[datetime] = []

    def is_locked(self, caller: str, *, inside: bool) -> bool:
        """Never waits: while somebody's try is being written down, what was known before is told."""
        if not self._lock.acquire(blocking=False):
            return self._is_locked(caller, inside=inside)
        try:
            self._look()
            return self._is_locked(caller, inside=inside)
        finally:
            self._lock.release()

    def begin(self, caller: str, *, inside: bool) -> bool:
        """Take one try; False where none is left now. `succeeded` gives it back."""
        with self._changing():
            if self._is_locked(caller, inside=inside):
                return False
            now = self._clock()
            before = self._callers.pop(caller, None)
            fresh = before is None or now - before.last > FORGET
            self._callers[caller] = Tries(1 if fresh or before is None else before.wrong + 1, now)
            while len(self._callers) > REMEMBERED:
                del self._callers[next(iter(self._callers))]
            if not inside:
                self._forget_old()
                self._recent.append(now)
            self._keep()
            return True

    def succeeded(self, caller: str, *, inside: bool) -> None:
        with self._changing():
            self._callers.pop(caller, None)
            if not inside and self._recent:
                self._recent.pop()
            self._keep()

    def locked_out(self) -> dict[str, Tries]:
        """Callers who are locked out now, each by itself."""
        with self._lock:
            self._look()
            now = self._clock()
            return {name: tries for name, tries in self._callers.items() if now < tries.locked_until()}

    def outside_locked_until(self) -> datetime | None:
        """Until when nobody outside has a try, because all together had too many; None where they have."""
        with self._lock:
            self._look()
            self._forget_old()
            return self._recent[-ALL_TRIES] + ALL_WITHIN if len(self._recent) >= ALL_TRIES else None

    def unlock(self, caller: str) -> bool:
        """Forget a caller's wrong tries; False if there were none. The bound over all stays."""
        with self._changing():
            if self._callers.pop(caller, None) is None:
                return False
            self._keep()
            return True

    def unlock_all(self) -> None:
        """Forget all wrong tries, those that count for the bound over all too."""
        with self._changing():
            self._callers, self._recent = {}, []
            self._keep()

    def _is_locked(self, caller: str, *, inside: bool) -> bool:
        """Changes nothing: it is also asked while another thread changes something."""
        now = self._clock()
        if not inside and sum(now - at < ALL_WITHIN for at in self._recent) >= ALL_TRIES:
            return True
        tries = self._callers.get(caller)
        return tries is not None and now < tries.locked_until()

    def _forget_old(self) -> None:
        now = self._clock()
        self._recent = [at for at in self._recent if now - at < ALL_WITHIN]

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Alone with the file, as it is now."""
        try:
            with self._lock, locked(self._path.with_name(f".{self._path.name}.lock")):
                self._look()
                yield
        except OSError as error:
            raise PinError(f"{self._path}: cannot be written ({error.strerror})") from None

    def _look(self) -> None:
        """Read the file if it is another than the one seen last."""
        seen = _signature(self._path)
        if seen != self._seen:
            self._callers, self._recent = self._load()
            self._seen = seen

    def _keep(self) -> None:
        callers = {name: [each.wrong, each.last.isoformat()] for name, each in self._callers.items()}
        data = {"callers": callers, "recent": [at.isoformat() for at in self._recent]}
        replace(self._path, json.dumps(data) + "\n", mode=0o600)
        self._seen = _signature(self._path)

    def _load(self) -> tuple[dict[str, Tries], list[datetime]]:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            callers = {
                str(name): Tries(int(wrong), datetime.fromisoformat(last))
                for name, (wrong, last) in data["callers"].items()
            }
            return callers, [datetime.fromisoformat(at) for at in data["recent"]]
        except FileNotFoundError:
            return {}, []
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # Somebody has spoilt it: nobody is locked out for that, and the next try writes it anew.
            return {}, []


def _signature(path: Path) -> tuple[int, ...] | None:
    """What tells a file from the one that took its place; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size

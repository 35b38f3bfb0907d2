"""Who may use the control number: PINs with a role and an end.

A caller enters a PIN and nothing else, so one hash must find whose it is: the salt is the file's and not each
person's. Scrypt makes one guess cost about a tenth of a second and 32 MiB; the file is for its owner alone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hotline_ivr.control.tokens import Role
from hotline_ivr.errors import PinError
from hotline_ivr.files import locked, replace

SCHEMA = "hotline/pins/1"
LIMIT = 200
GENERATED_DIGITS = 8
"""A hundred million: with the file in hand, trying them all takes months."""

_PIN = re.compile(r"[0-9]{6,12}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,59}")
_RUNS = "01234567890123456789", "98765432109876543210"


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN as it is kept. Times are aware (UTC); `expires` None is never."""

    person: str
    role: Role
    created: datetime
    expires: datetime | None
    digest: str

    def is_good_at(self, now: datetime) -> bool:
        return self.expires is None or now < self.expires


def weakness(pin: str) -> str | None:
    """Why a PIN will not do, in plain words; None where it will."""
    if not _PIN.fullmatch(pin):
        return "a PIN is 6 to 12 digits"
    if len(set(pin)) < 3:
        return "it has fewer than three different digits"
    if any(pin in run for run in _RUNS):
        return "its digits stand in a row"
    for size in (2, 3, 4):
        if pin == (pin[:size] * len(pin))[: len(pin)]:
            return "it repeats itself"
    return None


class PinsFile:
    """The one door to the file. Methods raise PinError if it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> tuple[Pin, ...]:
        """Every PIN, in the order in which they were made."""
        return self._load()[1]

    def holder(self, pin: str, now: datetime) -> Pin | None:
        """Whose PIN this is, if it is one and has not expired. Takes a tenth of a second."""
        salt, pins = self._load()
        digest = _digest(pin, salt)
        found = [each for each in pins if hmac.compare_digest(each.digest, digest)]
        return found[0] if found and found[0].is_good_at(now) else None

    def is_good(self, person: str, role: int, now: datetime) -> bool:
        """Whether this person's PIN still holds, with at least that role."""
        return any(
            each.person == person and each.role >= role and each.is_good_at(now) for each in self.all()
        )

    def set(
        self, person: str, role: Role, now: datetime, expires: datetime | None, pin: str | None = None
    ) -> str:
        """Give a person a PIN, in place of the one before, and return it; one is made up without `pin`."""
        if not _NAME.fullmatch(person):
            raise PinError(f"'{person[:60]}' is no name: letters, digits, spaces and . _ @ -, 60 at most")
        if expires is not None and expires <= now:
            raise PinError("a PIN that has expired already is of no use: give a later end")
        if pin is not None and (why := weakness(pin)):
            raise PinError(f"that PIN will not do: {why}. Without one, a good one is made up")
        salt, pins = self._load()
        salt = salt or secrets.token_hex(16)
        others = {each.digest for each in pins if each.person != person}
        chosen = pin or _made_up()
        while (digest := _digest(chosen, salt)) in others:
            if pin is not None:
                raise PinError("that PIN will not do: choose another, or have one made up")
            chosen = _made_up()
        new = Pin(person, role, now.astimezone(UTC).replace(microsecond=0), expires, digest)

        def put(kept: list[Pin]) -> list[Pin]:
            left = [each for each in kept if each.person != person]
            if len(left) >= LIMIT:
                raise PinError(f"there are {LIMIT} PINs already: revoke some first")
            return [*left, new]

        self._rewrite(put, salt)
        return chosen

    def revoke(self, person: str) -> None:
        """End a PIN at once. PinError if there is none of that person."""

        def drop(kept: list[Pin]) -> list[Pin]:
            left = [each for each in kept if each.person != person]
            if len(left) == len(kept):
                known = ", ".join(each.person for each in kept) or "nobody"
                raise PinError(f"'{person[:60]}' has no PIN; who has: {known}")
            return left

        self._rewrite(drop, "")

    def _rewrite(self, change: Callable[[list[Pin]], list[Pin]], salt: str) -> None:
        try:
            with locked(self._path.with_name(f".{self._path.name}.lock")):
                kept_salt, kept = self._load()
                if kept_salt and salt and kept_salt != salt:
                    raise PinError("somebody else has just set the first PIN: try again")
                pins = [_as_json(each) for each in change(list(kept))]
                data = {"schema": SCHEMA, "salt": kept_salt or salt, "pins": pins}
                replace(self._path, json.dumps(data, indent=1) + "\n", mode=0o600)
        except OSError as error:
            raise PinError(f"{self._path}: cannot be written ({error.strerror})") from None

    def _load(self) -> tuple[str, tuple[Pin, ...]]:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            if data["schema"] != SCHEMA:
                raise PinError(f"{self._path}: is of another version ({data['schema']})")
            return str(data["salt"]), tuple(_pin(item) for item in data["pins"])
        except FileNotFoundError:
            return "", ()
        except OSError as error:
            raise PinError(f"{self._path}: cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError) as error:
            raise PinError(f"{self._path}: holds no PINs ({error}). Delete it, and set new ones.") from None


def _made_up() -> str:
    while weakness(pin := "".join(secrets.choice("0123456789") for _ in range(GENERATED_DIGITS))):
        pass
    return pin


def _digest(pin: str, salt: str) -> str:
    # RFC 7914; n = 2^15 is 32 MiB, which needs maxmem raised above OpenSSL's own 32.
    made = hashlib.scrypt(
        pin.encode("ascii", "replace"), salt=salt.encode(), n=2**15, r=8, p=1, maxmem=2**26, dklen=32
    )
    return made.hex()


def _as_json(each: Pin) -> dict[str, Any]:
    return {
        "person": each.person,
        "role": each.role.word,
        "created": each.created.isoformat(),
        "expires": each.expires.isoformat() if each.expires else None,
        "digest": each.digest,
    }


def _pin(item: dict[str, Any]) -> Pin:
    return Pin(
        person=str(item["person"]),
        role=Role[str(item["role"]).upper()],
        created=datetime.fromisoformat(item["created"]),
        expires=datetime.fromisoformat(item["expires"]) if item["expires"] else None,
        digest=str(item["digest"]),
    )

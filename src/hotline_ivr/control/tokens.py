"""Who may use the REST interface: bearer tokens with a role and an end.

Only SHA-256 hashes are kept. A token is 256 random bits, so that a slow hash would protect nothing; whoever
reads the file cannot use it. It is read anew when it has changed, so a token that is revoked ends at once.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any

from hotline_ivr.errors import TokenError
from hotline_ivr.files import locked, replace

SCHEMA = "hotline/tokens/1"
PREFIX = "hotline_"
LIMIT = 1_000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,59}")


class Role(IntEnum):
    """What a token may do; each role may do all that those before it may."""

    READ = 1
    CONTROL = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept. Times are aware (UTC); `expires` None is never."""

    name: str
    role: Role
    created: datetime
    expires: datetime | None
    digest: str

    def is_good_at(self, now: datetime) -> bool:
        return self.expires is None or now < self.expires


class TokensFile:
    """The one door to the file. Methods raise TokenError if it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int, int] | None = None
        self._tokens: Mapping[str, Token] = {}

    def all(self) -> tuple[Token, ...]:
        """Every token, in the order in which they were made."""
        return tuple(self._current().values())

    def holder(self, secret: str, now: datetime) -> Token | None:
        """The token that this secret is, if it is one and has not expired."""
        if not secret.startswith(PREFIX) or len(secret) > 200:
            return None
        token = self._current().get(_digest(secret))
        return token if token is not None and token.is_good_at(now) else None

    def make(self, name: str, role: Role, now: datetime, expires: datetime | None) -> str:
        """Make a token and return its secret, which is nowhere else. The name is free to be chosen, once."""
        if not _NAME.fullmatch(name):
            raise TokenError(f"'{name[:60]}' is no name: letters, digits, spaces and . _ @ -, 60 at most")
        if expires is not None and expires <= now:
            raise TokenError("a token that has expired already is of no use: give a later end")
        secret = PREFIX + secrets.token_urlsafe(32)
        new = Token(name, role, now.astimezone(UTC).replace(microsecond=0), expires, _digest(secret))

        def add(tokens: list[Token]) -> list[Token]:
            if any(token.name == name for token in tokens):
                raise TokenError(f"there is a token '{name}' already: revoke it, or choose another name")
            if len(tokens) >= LIMIT:
                raise TokenError(f"there are {LIMIT} tokens already: revoke some first")
            return [*tokens, new]

        self._rewrite(add)
        return secret

    def revoke(self, name: str) -> None:
        """End a token at once. TokenError if there is none of that name."""

        def drop(tokens: list[Token]) -> list[Token]:
            left = [token for token in tokens if token.name != name]
            if len(left) == len(tokens):
                known = ", ".join(token.name for token in tokens) or "none"
                raise TokenError(f"there is no token '{name[:60]}'; there is: {known}")
            return left

        self._rewrite(drop)

    def _rewrite(self, change: Callable[[list[Token]], list[Token]]) -> None:
        try:
            with locked(self._path.with_name(f".{self._path.name}.lock")):
                tokens = change(list(self._load().values()))
                data = {"schema": SCHEMA, "tokens": [_as_json(token) for token in tokens]}
                replace(self._path, json.dumps(data, indent=1) + "\n", mode=0o600)
        except OSError as error:
            raise TokenError(f"{self._path}: cannot be written ({error.strerror})") from None

    def _current(self) -> Mapping[str, Token]:
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_ino, status.st_size)
        except FileNotFoundError:
            return {}
        if seen != self._read_at:
            self._tokens, self._read_at = self._load(), seen
        return self._tokens

    def _load(self) -> Mapping[str, Token]:
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            if data["schema"] != SCHEMA:
                raise TokenError(f"{self._path}: is of another version ({data['schema']})")
            return {item["digest"]: _token(item) for item in data["tokens"]}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise TokenError(f"{self._path}: cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError) as error:
            raise TokenError(
                f"{self._path}: holds no tokens ({error}). Delete it, and make new ones."
            ) from None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _as_json(token: Token) -> dict[str, Any]:
    return {
        "name": token.name,
        "role": token.role.word,
        "created": token.created.isoformat(),
        "expires": token.expires.isoformat() if token.expires else None,
        "digest": token.digest,
    }


def _token(item: dict[str, Any]) -> Token:
    return Token(
        name=str(item["name"]),
        role=Role[str(item["role"]).upper()],
        created=datetime.fromisoformat(item["created"]),
        expires=datetime.fromisoformat(item["expires"]) if item["expires"] else None,
        digest=str(item["digest"]),
    )

"""Who asks: bearer tokens (RFC 6750), and those who have none.

A token is 256 random bits, so guessing is hopeless and attempts are counted only to keep the log and the
processor free. A good token is let through whatever others at the same address do: behind a proxy all
clients have one address, and a wrong one shall lock out nobody.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from hotline_ivr.control.tokens import PREFIX, Role, Token
from hotline_ivr.errors import TokenError
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.route import Who

log = structlog.get_logger()

ATTEMPTS = 10
"""Failed attempts of one address in a window that are logged and told apart; a typing mistake needs three."""

WINDOW = 60.0
"""Seconds after which an address begins anew."""

ADDRESSES = 1_000
"""Addresses that are counted; the one that failed longest ago is forgotten first."""

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,200})", re.IGNORECASE | re.ASCII)
_CHALLENGE = 'Bearer realm="hotline"'


class Tokens(Protocol):
    """Where tokens are kept; see control/tokens.py."""

    def holder(self, secret: str, now: datetime) -> Token | None: ...


class FailedAttempts:
    """Counts failures by address. `clock` is in seconds and never goes back."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        attempts: int = ATTEMPTS,
        window: float = WINDOW,
        addresses: int = ADDRESSES,
    ) -> None:
        self._clock = clock
        self._attempts = attempts
        self._window = window
        self._addresses = addresses
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._failed)

    def count(self, address: str) -> tuple[int, float]:
        """Note a failure: how many there were in this window, and how many seconds of it are left."""
        now = self._clock()
        source = _source(address)
        count, begun = self._failed.pop(source, (0, now))
        if now - begun >= self._window:
            count, begun = 0, now
        self._failed[source] = (count + 1, begun)
        if len(self._failed) > self._addresses:
            self._failed.popitem(last=False)
        return count + 1, self._window - (now - begun)

    def too_many(self, count: int) -> bool:
        return count > self._attempts


class Gate:
    """Lets in who has a good token of the role that is needed."""

    def __init__(self, tokens: Tokens, failed: FailedAttempts) -> None:
        self._tokens = tokens
        self._failed = failed

    async def admit(self, headers: Sequence[str], address: str, role: Role, now: datetime) -> Who:
        """Who sent these Authorization headers. Raises ApiError if they may not do what needs `role`."""
        found = _BEARER.fullmatch(headers[0].strip()) if len(headers) == 1 else None
        # Whoever sends nothing, or nonsense, costs and takes what a wrong token does.
        secret = found[1] if found else PREFIX
        try:
            token = await asyncio.to_thread(self._tokens.holder, secret, now)
        except (TokenError, OSError) as error:
            log.error("tokens cannot be read", reason=str(error))  # noqa: TRY400 - the message says it all
            detail = "The tokens cannot be read now; the log says why."
            raise ApiError(Kind.UNAVAILABLE, detail) from None
        if token is None:
            raise self._refusal(address, given=bool(headers))
        if token.role < role:
            raise _not_allowed(token, role)
        return Who(token.name, token.role)

    def _refusal(self, address: str, *, given: bool) -> ApiError:
        count, left = self._failed.count(address)
        if self._failed.too_many(count):
            if self._failed.too_many(count - 1):
                log.debug("no good token", address=address)
            else:
                log.warning("no good token again; not told for the next minute", address=address)
            headers = {"Retry-After": str(max(1, math.ceil(left)))}
            return ApiError(
                Kind.TOO_MANY_ATTEMPTS, "Look at your token before you try again.", headers=headers
            )
        log.warning("no good token", address=address, given=given)
        challenge = f'{_CHALLENGE}, error="invalid_token"' if given else _CHALLENGE
        detail = "Send `Authorization: Bearer TOKEN` with a token of `hotline token create` that holds."
        return ApiError(Kind.NOT_AUTHENTICATED, detail, headers={"WWW-Authenticate": challenge})


def _not_allowed(token: Token, role: Role) -> ApiError:
    log.warning("a token may not do this", token=token.name, role=token.role.word, needed=role.word)
    challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{role.word}"'
    detail = f"This needs a token of role {role.word}; yours has role {token.role.word}."
    return ApiError(Kind.NOT_ALLOWED, detail, headers={"WWW-Authenticate": challenge})


def _source(address: str) -> str:
    """Whoever has an IPv6 address has a whole /64 of them."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)

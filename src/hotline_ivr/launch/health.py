"""Asking a running service for its health over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp

from hotline_ivr.errors import AsteriskUnreachable
from hotline_ivr.settings import Settings

# A health check that waits longer (seconds) has its answer.
TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    ok: bool
    text: str
    body: dict[str, Any]


async def ask_health(settings: Settings, path: str) -> HealthAnswer:
    """What the service says at `path`. Raises AsteriskUnreachable if it does not answer (exit code 4)."""
    host = "127.0.0.1" if settings.http_host in {"0.0.0.0", "::"} else settings.http_host  # noqa: S104
    url = f"http://{host}:{settings.http_port}{path}"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as session,
            session.get(url) as response,
        ):
            body = await response.json()
    except (TimeoutError, aiohttp.ClientError, ValueError) as error:
        raise AsteriskUnreachable(
            f"the service does not answer at {url} ({error}); is `hotline serve` running?"
        ) from None
    return HealthAnswer(response.status == 200, _words(body), body)


def _words(body: dict[str, Any]) -> str:
    parts = body.get("parts", {})
    lines = [f"{'✓' if part['ok'] else '✗'} {name}: {part['detail']}" for name, part in parts.items()]
    return "\n".join(lines) or str(body.get("status", body))

"""Secrets of alerts: read each time from where the YAML says they lie, so that they can be changed."""

from __future__ import annotations

import os
from pathlib import Path

from hotline_ivr.errors import AlertError

_MOST_BYTES = 4096


def read_secret(place: str) -> str:
    """The secret at `env:NAME` or `file:/path`. Raises AlertError if there is none; it never repeats one."""
    kind, _, name = place.partition(":")
    if kind == "env":
        found = os.environ.get(name, "")
        if not found:
            raise AlertError(f"the environment variable {name} of the service is empty")
        return found
    try:
        with Path(name).open("rb") as file:
            found = file.read(_MOST_BYTES).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise AlertError(f"{name}: the secret cannot be read ({reason})") from None
    if not found:
        raise AlertError(f"{name}: there is no secret in this file")
    return found

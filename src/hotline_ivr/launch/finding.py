"""What the doctor has found at one look."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One look: what, whether it is well, what was seen, and what to do where it is not."""

    name: str
    ok: bool
    seen: str
    remedy: str = ""

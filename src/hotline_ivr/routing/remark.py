"""A remark about a configuration that has no errors: what an admin should know all the same."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """A warning about what stands at a path of the configuration."""

    path: Path
    message: str
    remedy: str

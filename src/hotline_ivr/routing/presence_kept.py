"""What is kept of operators between two runs of the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hotline_ivr.routing.presence import Period, Presence


@dataclass(frozen=True, slots=True)
class KeptPresences:
    """Where operators stand, and lines of the pause ledger that the database does not have yet."""

    presences: Mapping[str, Presence]
    unwritten: Sequence[Period] = ()

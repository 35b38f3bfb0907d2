"""What a configuration would change, as programs read it, from the command line and over the interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from hotline_ivr.config.models import Plan
from hotline_ivr.routing.plan_diff import Difference

SCHEMA = "hotline/plan/1"


class Proposed(Protocol):
    """A plan against the one in use; `touched` is last year's callers by difference, None where unknown."""

    @property
    def running(self) -> Plan: ...

    @property
    def proposed(self) -> Plan: ...

    @property
    def differences(self) -> Sequence[Difference]: ...

    @property
    def touched(self) -> Sequence[int | None]: ...


def as_data(proposal: Proposed) -> dict[str, Any]:
    """Schema hotline/plan/1; moments are UTC."""
    return {
        "schema": SCHEMA,
        "running": proposal.running.version,
        "proposed": proposal.proposed.version,
        "differences": [
            {
                "subject": each.subject,
                "text": each.text,
                "line": each.line or None,
                "calls_last_year": touched,
                "spans": [[start.isoformat(), end.isoformat()] for start, end in each.spans],
            }
            for each, touched in zip(proposal.differences, proposal.touched, strict=True)
        ],
    }

"""An explanation as programs read it, from the command line and over the interface alike."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hotline_ivr.routing.explain import Explanation

SCHEMA = "hotline/explain/1"


def as_data(found: Explanation, zone: ZoneInfo) -> dict[str, Any]:
    """Schema hotline/explain/1. Moments are on the clock of `zone`, with their offset."""
    change = found.next_change
    rule = found.situation.rule
    return {
        "schema": SCHEMA,
        "line": found.line,
        "number": found.number,
        "at": found.at.astimezone(zone).isoformat(),
        "open": found.situation.open,
        "rule": {"kind": rule.kind.value, "name": rule.name},
        "rules": [
            {
                "kind": each.rule.kind.value,
                "name": each.rule.name,
                "applies": each.applies,
                "open": each.open,
                "won": each.won,
                "why": each.why,
            }
            for each in found.trace
        ],
        "parts": [
            {
                "because": part.because,
                "reason": part.decision.reason,
                "steps": [
                    _listed({"step": type(step).__name__, **asdict(step)}) for step in part.decision.steps
                ],
            }
            for part in found.parts
        ],
        "head_start": {"seconds": found.head_start.seconds, "because": found.head_start.because},
        "recorded": [{"queue": queue, "consent": consent} for queue, consent in found.recorded],
        "costs": [
            {
                "outgoing": each.outgoing,
                "number": each.number,
                "contract": each.contract,
                "class": each.kind,
                "currency": each.currency,
                "per_minute": _amount(each.per_minute),
                "setup_fee": _amount(each.setup_fee),
                "increments": each.increments,
                "caller_per_minute": _amount(each.caller_per_minute),
                "words": each.words,
            }
            for each in found.prices
        ],
        "next_change": None
        if change is None
        else {"at": change.at.astimezone(zone).isoformat(), "open": change.situation.open},
    }


def _listed(value: Any) -> Any:
    """As JSON has it: without tuples."""
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, list | tuple) else value


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"

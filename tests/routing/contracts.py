"""Contracts for tests, written as YAML would be."""

from __future__ import annotations

from typing import Any

from hotline_ivr.config.contracts import Contract

NUMBER = "+4722851234"


def a_contract(**changes: Any) -> Contract:
    """Example Telecom from 2026 on, in kroner, with number and trunk of tests/plans.py."""
    written = {
        "carrier": "Example Telecom",
        "currency": "NOK",
        "time_zone": "Europe/Oslo",
        "from": "2026-01-01",
        "numbers": [NUMBER],
        "trunks": ["carrier"],
        **changes,
    }
    return Contract.model_validate(written, context={"country": "NO"})

"""Plans for tests: written as YAML would be, so that a reader sees what an admin would have written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hotline_ivr.config.models import Plan

OSLO = "Europe/Oslo"

DEMO = """
organisation: {name: City, country: "NO"}
lines:
  demo:
    name: Demo
    numbers: ["+47 22 85 12 35"]
    time_zone: Europe/Oslo
    hours: always
    queue: main
queues: {main: {operators: [anna]}}
operators: {anna: {name: Anna}}
trunks: {carrier: {hosts: ["127.0.0.1"]}}
"""
"""A whole configuration as short as one can be, with a line `demo`, for tests that read files."""


def a_plan(
    hours: Any = "always",
    *,
    time_zone: str = OSLO,
    language: str = "nb",
    queues: Mapping[str, Any] | None = None,
    version: str = "0123456789ab",
    sections: Mapping[str, Any] | None = None,
    **line: Any,
) -> Plan:
    """A plan with one line `info` on +4722851234, served by anna and bjorn in queue `main`.

    `sections` adds to the YAML, or takes the place of what stands there.
    """
    data = {
        "organisation": {"name": "Example University"},
        "lines": {
            "info": {
                "name": "Information",
                "numbers": ["+47 22 85 12 34"],
                "time_zone": time_zone,
                "language": language,
                "hours": hours,
                "queue": "main",
                **line,
            }
        },
        "queues": dict(queues or {"main": {"operators": ["anna", "bjorn"]}}),
        "operators": {"anna": {"name": "Anna Berg"}, "bjorn": {"name": "Bjørn Dahl"}},
        "trunks": {"carrier": {"hosts": ["127.0.0.1"]}},
        **(sections or {}),
    }
    return Plan.model_validate(data, context={"country": "NO"}).model_copy(update={"version": version})

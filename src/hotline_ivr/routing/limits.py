"""The limits of channels that a call meets, in words. Asterisk keeps them (dialplans/hotline-guard.conf)."""

from __future__ import annotations

from collections.abc import Iterator

from hotline_ivr.config.models import Plan


def limits_in_words(plan: Plan, line_id: str, number: str) -> tuple[str, ...]:
    """One line of text for each limit of this number; none where nothing is limited."""
    line = plan.lines[line_id]
    found = tuple(_limits(plan, line_id, number))
    if found and line.is_emergency(number):
        return (*found, f"{number} is for emergencies: no limit turns its callers away")
    return found


def _limits(plan: Plan, line_id: str, number: str) -> Iterator[str]:
    line = plan.lines[line_id]
    if line.channels:
        yield f"line {line_id} takes {line.channels} calls at once"
    if number in line.number_channels:
        yield f"number {number} takes {line.number_channels[number]} calls at once"
    for name, trunk in plan.trunks.items():
        if trunk.channels:
            kept = f", {trunk.reserve} of them kept for emergencies" if trunk.reserve else ""
            yield f"carrier {name} takes {trunk.channels} calls at once{kept}"

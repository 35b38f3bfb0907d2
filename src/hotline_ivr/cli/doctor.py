"""How findings of the doctor look."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hotline_ivr.launch.finding import Finding


def show(findings: Sequence[Finding], *, as_json: bool) -> str:
    """A line each, with the remedy below what is not well or could be better."""
    if as_json:
        body = [{"name": one.name, "ok": one.ok, "seen": one.seen, "remedy": one.remedy} for one in findings]
        return json.dumps({"schema": "hotline/doctor/1", "findings": body})
    lines = []
    for one in findings:
        lines.append(f"{'✓' if one.ok else '✗'} {one.name}: {one.seen}")
        if one.remedy:
            lines.append(f"    → {one.remedy}")
    return "\n".join(lines)

"""What no single value shows about web hooks of the record: lines that are not there."""

from __future__ import annotations

from collections.abc import Iterator

from hotline_ivr.config.problems import Problem
from hotline_ivr.config.reading import Reading
from hotline_ivr.config.refusal import did_you_mean, quoted
from hotline_ivr.config.yaml_tree import Path


def webhook_checks(reading: Reading) -> Iterator[Problem]:
    """Yield what is wrong with `webhooks`."""
    lines = reading.data.get("lines")
    known = [str(name) for name in lines] if isinstance(lines, dict) else []
    hooks = reading.data.get("webhooks")
    for name, hook in hooks.items() if isinstance(hooks, dict) else ():
        written = hook.get("lines") if isinstance(hook, dict) else None
        for place, line in enumerate(written) if isinstance(written, list) else ():
            if isinstance(line, str) and known and line.strip() not in known:
                path: Path = ("webhooks", str(name), "lines", place)
                message = f"there is no line {quoted(line)}{did_you_mean(line, known)}"
                yield reading.problem(path, message, f"write one of: {', '.join(known[:10])}")

"""The file of shift changes that imports write: made whole each time, and read again before that."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from hotline_ivr.config.reading import read
from hotline_ivr.config.shift_csv import Worked
from hotline_ivr.config.shift_words import OFF, written_work
from hotline_ivr.config.shifts import ShiftChange
from hotline_ivr.errors import ConfigError

FILE_NAME = "shift-changes-imported.yaml"
MARK = "# Written by `hotline shifts import`; the next import writes it anew."
_SECTION = "shift_changes"
_WIDTH = 100


def file_text(worked: Worked) -> str:
    """The YAML of what is worked. Each day stands by itself, so that none is weaker than a day by hand."""
    grouped: dict[tuple[str, str, str], list[date]] = {}
    for (operator, day), (work, why) in sorted(worked.items(), key=lambda each: each[0]):
        grouped.setdefault((operator, written_work(work), why), []).append(day)
    lines = ["# yaml-language-server: $schema=hotline.schema.json", MARK, "", f"{_SECTION}:"]
    for number, ((operator, shift, reason), days) in enumerate(grouped.items(), start=1):
        lines += [
            f"  csv-{number:03}:",
            f"    operators: [{operator}]",
            *_listed(days),
            *([f"    shift: {shift}"] if shift != OFF else []),
            f"    why: {reason}",
        ]
    return "\n".join(lines) + "\n"


def _listed(days: Iterable[date]) -> list[str]:
    text = f"on: [{', '.join(map(str, days))}]"
    return textwrap.wrap(
        text, _WIDTH, initial_indent="    ", subsequent_indent=" " * 9, break_on_hyphens=False
    )


def read_file(path: Path) -> Worked:
    """What earlier imports wrote; nothing when there is no such file.

    Raises ConfigError when somebody else wrote it, or it can no longer be read.
    """
    if not path.exists():
        return {}
    if MARK not in path.read_text(encoding="utf-8", errors="replace"):
        raise ConfigError(f"{path} was not written by an import; give another name with --into")
    reading = read(path, frozenset({_SECTION}))
    changes = reading.data.get(_SECTION)
    if reading.problems or not isinstance(changes, dict):
        raise ConfigError(f"{path} can no longer be read; mend it (`hotline check`), or delete it")
    found: Worked = {}
    for each in changes.values():
        change = ShiftChange.model_validate(each)
        for when in change.on:
            for first, _ in when.ranges(date(2000, 1, 1), date(2199, 12, 31)):
                found.update({(operator, first): (change.shift, change.why) for operator in change.operators})
    return found

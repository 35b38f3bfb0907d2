"""A configuration of ten thousand closures, as somebody's script may write one."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

CALENDARS = ("office", "second", "third", "fourth")
"""Files are at most 256 KiB, so the closures come in four; a calendar's rules are one mapping."""

CLOSURES = 10_000

_REST = """\
organisation: {name: Example University}
lines:
  info:
    name: Information
    numbers: [+47 22 85 12 34]
    time_zone: Europe/Oslo
    calendar: office
    queue: main
queues:
  main: {operators: [anna]}
operators:
  anna: {name: Anna Berg}
trunks:
  carrier: {hosts: [127.0.0.1]}
"""


def write_many_closures(folder: Path) -> None:
    """Write the configuration into a folder that is there."""
    each = CLOSURES // len(CALENDARS)
    days = [date(2027, 1, 1) + timedelta(number) for number in range(each)]
    closures = "".join(f"      c{number}: {{on: {day}}}\n" for number, day in enumerate(days))
    for name in CALENDARS:
        first = f"    extends: [{', '.join(CALENDARS[1:])}]\n    hours: always\n" if name == "office" else ""
        text = f"calendars:\n  {name}:\n{first}    closures:\n{closures}"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "hotline.yaml").write_text(_REST, encoding="utf-8")

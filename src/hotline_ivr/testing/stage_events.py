"""The stage events of calls, read live from the file that Asterisk writes: where each caller is right now."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class StageEvent:
    """One of the dialplan's own events."""

    at: float
    """Seconds since the epoch, by Asterisk."""
    call: str
    """The call's id (linkedid)."""
    fields: tuple[str, ...]
    """Its name and arguments: ("play", "en/greeting", "greeting")."""


def read_events(cel_file: Path) -> list[StageEvent]:
    """All stage events so far. A last line that is still being written is left for the next time."""
    if not cel_file.exists():
        return []
    found = []
    for line in cel_file.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]:
        event = _read(line)
        if event is not None:
            found.append(event)
    return found


def _read(line: str) -> StageEvent | None:
    try:
        values = json.loads(line, strict=False)
        if values["eventenum"] != "USER_DEFINED":
            return None
        text = values["eventextra"]
        extra = json.loads(text)["extra"] if isinstance(text, str) else text["extra"]
        return StageEvent(float(values["eventtime"]), values["linkedid"], tuple(extra.split("|")))
    except (ValueError, KeyError, TypeError):
        return None


def caller_of(events: list[StageEvent], number: str) -> str | None:
    """The id of the call that came from `number`."""
    return next(
        (e.call for e in events if e.fields[0] == "arrived" and len(e.fields) > 3 and e.fields[3] == number),
        None,
    )


async def wait_event(
    cel_file: Path,
    number: str,
    name: str,
    deadline: float,
    *,
    more: Callable[[StageEvent], bool] | None = None,
) -> StageEvent:
    """The first event of that name in the call from `number`.

    Raises TimeoutError after `deadline` seconds.
    """
    end = time.monotonic() + deadline
    while True:
        events = read_events(cel_file)
        call = caller_of(events, number)
        own = [event for event in events if event.call == call]
        for event in own:
            if event.fields[0] == name and (more is None or more(event)):
                return event
        if time.monotonic() > end:
            raise TimeoutError(f"waited {deadline} s for `{name}` in the call from {number}: {own}")
        await asyncio.sleep(_LOOK_EVERY_S)

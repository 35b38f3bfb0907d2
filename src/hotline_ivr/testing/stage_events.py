"""The stage events of calls, read live from the file that Asterisk writes: where each caller is right now."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
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


class StageLog:
    """Asterisk's file, read on from where the last look ended: many callers look often."""

    def __init__(self, cel_file: Path) -> None:
        self._file = cel_file
        self._begin_anew((0, 0))

    def calls(self) -> Mapping[str, list[StageEvent]]:
        """All stage events so far, by call. An unfinished last line waits for the next time."""
        try:
            with self._file.open("rb") as file:
                status = os.fstat(file.fileno())
                if self._inode != (status.st_dev, status.st_ino) or status.st_size < self._offset:
                    self._begin_anew((status.st_dev, status.st_ino))
                file.seek(self._offset)
                whole = file.read().rpartition(b"\n")[0]
        except FileNotFoundError:
            self._begin_anew((0, 0))
            return self._calls
        if whole:
            self._offset += len(whole) + 1
            self._take(whole.decode("utf-8", "replace"))
        return self._calls

    def of(self, number: str) -> Sequence[StageEvent]:
        """The events so far of the first call from `number`; none where it has not arrived."""
        calls = self.calls()
        return calls[self._callers[number]] if number in self._callers else ()

    def _take(self, text: str) -> None:
        for line in text.split("\n"):
            event = _read(line)
            if event is None:
                continue
            self._calls[event.call].append(event)
            if event.fields[0] == "arrived" and len(event.fields) > 3:
                self._callers.setdefault(event.fields[3], event.call)

    def _begin_anew(self, inode: tuple[int, int]) -> None:
        self._inode = inode
        self._offset = 0
        self._calls: defaultdict[str, list[StageEvent]] = defaultdict(list)
        self._callers: dict[str, str] = {}


@functools.lru_cache(maxsize=16)
def stage_log(cel_file: Path) -> StageLog:
    """The one reader of this file in this process."""
    return StageLog(cel_file)


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
        own = stage_log(cel_file).of(number)
        for event in own:
            if event.fields[0] == name and (more is None or more(event)):
                return event
        if time.monotonic() > end:
            raise TimeoutError(f"waited {deadline} s for `{name}` in the call from {number}: {own}")
        await asyncio.sleep(_LOOK_EVERY_S)

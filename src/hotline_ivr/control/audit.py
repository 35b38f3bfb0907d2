"""The trail: who changed what and who saw whom, when and by which way.

One line of JSON each, only ever added to, until it is old enough to go.

It is a file in the state folder and not a table, so that a change made while the database is away is in it.
A number that somebody was shown is not written into it: what was asked for is, and the ids of calls.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from dataclasses import replace as replace_fields
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from hotline_ivr.files import append, locked, replace

_BLOCK = 64 * 1024
"""Bytes that are read at once, from the end: a few hundred entries."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change. `at` is aware (UTC); `by` is a person or a token; `via` is command, rest or phone."""

    at: datetime
    by: str
    via: str
    action: str
    subject: str
    details: Mapping[str, str]
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class TrailPart:
    """Entries, newest first. `start` is the byte where the oldest of them begins; 0: nothing is before it."""

    entries: tuple[AuditEntry, ...]
    start: int


class AuditTrail:
    """The trail in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, entry: AuditEntry) -> None:
        """Add an entry; it is on the disk when this returns. Raises OSError if it cannot be written."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self._path.with_name(f".{self._path.name}.lock")):
            append(self._path, _written(entry))

    def forget(self, before: datetime, *, dry_run: bool = False) -> int:
        """Take out what is older than this aware moment; how many entries. Raises OSError."""
        with locked(self._path.with_name(f".{self._path.name}.lock")):
            try:
                lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
            except FileNotFoundError:
                return 0
            stays = [line for line in lines if (entry := _read(line)) is None or entry.at >= before]
            if len(stays) < len(lines) and not dry_run:
                replace(self._path, "".join(stays))
            return len(lines) - len(stays)

    def forget_notes(self, subjects: Collection[str]) -> int:
        """Take out what was written about these promises, where it still stands; of how many. Raises OSError.

        Notes are not written into the trail any more.
        """
        with locked(self._path.with_name(f".{self._path.name}.lock")):
            try:
                lines = self._path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(True)
            except FileNotFoundError:
                return 0
            new = [_without_note(line, subjects) for line in lines]
            changed = sum(one != other for one, other in zip(lines, new, strict=True))
            if changed:
                replace(self._path, "".join(new))
            return changed

    def entries(self) -> Iterator[AuditEntry]:
        """All entries, oldest first. A line that a power cut has spoilt is passed over."""
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        for line in text.splitlines():
            if (entry := _read(line)) is not None:
                yield entry

    def newest(self, limit: int, before: int | None = None) -> TrailPart:
        """The newest `limit` entries before the byte `before`; the file is read from there back."""
        entries: list[AuditEntry] = []
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                for start, line in _lines_back(file, size if before is None else max(0, min(before, size))):
                    if (entry := _read(line.decode("utf-8", "replace"))) is not None:
                        entries.append(entry)
                    if len(entries) == limit:
                        return TrailPart(tuple(entries), start)
        except FileNotFoundError:
            pass
        return TrailPart(tuple(entries), 0)


def _read(line: str) -> AuditEntry | None:
    """None for a line that a power cut has spoilt."""
    try:
        found = json.loads(line)
        return AuditEntry(**found | {"at": datetime.fromisoformat(found["at"])})
    except (ValueError, TypeError, KeyError):
        return None


def _without_note(line: str, subjects: Collection[str]) -> str:
    if '"promise.' not in line or '"note"' not in line:
        return line
    entry = _read(line)
    if entry is None or not entry.action.startswith("promise.") or entry.subject not in subjects:
        return line
    left = {name: said for name, said in entry.details.items() if name != "note"}
    return _written(replace_fields(entry, details=left)) + "\n"


def _written(entry: AuditEntry) -> str:
    found = asdict(entry) | {"at": entry.at.isoformat(), "details": dict(entry.details)}
    return json.dumps(found, ensure_ascii=True, sort_keys=True)


def _lines_back(file: BinaryIO, end: int) -> Iterator[tuple[int, bytes]]:
    """The lines before `end`, the last one first, each with the place where it begins."""
    rest = b""
    while end > 0:
        size = min(_BLOCK, end)
        file.seek(end - size)
        text = file.read(size) + rest
        end -= size
        rest, *lines = text.split(b"\n")
        place = end + len(text)
        for line in reversed(lines):
            place -= len(line)
            yield place, line
            place -= 1
    yield 0, rest

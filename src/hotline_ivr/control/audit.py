"""The trail: who changed what, when and by which way. One line of JSON each, only ever added to.

It is a file in the state folder and not a table, so that a change made while the database is away is in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from hotline_ivr.files import append


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


class AuditTrail:
    """The trail in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, entry: AuditEntry) -> None:
        """Add an entry; it is on the disk when this returns. Raises OSError if it cannot be written."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        written = asdict(entry) | {"at": entry.at.isoformat(), "details": dict(entry.details)}
        append(self._path, json.dumps(written, ensure_ascii=True, sort_keys=True))

    def entries(self) -> Iterator[AuditEntry]:
        """All entries, oldest first. A line that a power cut has spoilt is passed over."""
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        for line in text.splitlines():
            try:
                found = json.loads(line)
                yield AuditEntry(**found | {"at": datetime.fromisoformat(found["at"])})
            except (ValueError, TypeError, KeyError):
                continue

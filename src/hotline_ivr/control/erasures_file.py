"""Who was erased, by pseudonym: so that it is done again with a backup that still had them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hotline_ivr.files import append


@dataclass(frozen=True, slots=True)
class Erasure:
    """One wish, at an aware moment (UTC). `person` is what Pseudonyms.same says."""

    at: datetime
    person: str
    by: str


class ErasuresFile:
    """One line each, only ever added to. Methods raise OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, erasure: Erasure) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        written = {"at": erasure.at.isoformat(), "person": erasure.person, "by": erasure.by}
        append(self._path, json.dumps(written), mode=0o600)

    def all(self) -> Iterator[Erasure]:
        """Oldest first; a line that a power cut has spoilt is passed over."""
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        for line in text.splitlines():
            try:
                found = json.loads(line)
                at = datetime.fromisoformat(found["at"]).astimezone(UTC)
                yield Erasure(at, str(found["person"]), str(found["by"]))
            except (ValueError, TypeError, KeyError):
                continue

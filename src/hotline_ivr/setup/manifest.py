"""What has been built from what, so that set-up builds only what changed.

An entry is taken out before its thing is built and put back after, so an interrupted build is done again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

NAME = ".manifest.json"
"""Hidden, because Asterisk takes every other file of a music folder for music."""


class Manifest:
    """The built things of one folder: name -> fingerprint of its source, kept in a file there."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NAME
        self._entries = _read(self._file)

    def holds(self, name: str, fingerprint: str) -> bool:
        return self._entries.get(name) == fingerprint

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._entries))

    def put(self, name: str, fingerprint: str) -> None:
        self._entries[name] = fingerprint
        self._write()

    def drop(self, *names: str) -> None:
        held = [name for name in names if name in self._entries]
        for name in held:
            del self._entries[name]
        if held:
            self._write()

    def _write(self) -> None:
        partial = self._file.with_name(f"{NAME}.partial")
        partial.write_text(json.dumps(self._entries, indent=1, sort_keys=True) + "\n")
        partial.replace(self._file)


def fingerprint(*parts: str | bytes) -> str:
    """A hash that differs when any part differs, also where one ends and the next begins."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _read(file: Path) -> dict[str, str]:
    """A damaged manifest counts as none: everything is built again."""
    with contextlib.suppress(OSError, ValueError):
        data = json.loads(file.read_text())
        if isinstance(data, dict):
            return {str(name): str(value) for name, value in data.items()}
    return {}

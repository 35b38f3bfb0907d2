"""The recordings of callers' messages, in Asterisk's folder: one folder a box, one file a call."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from hotline_ivr.config.types import ID_PATTERN
from hotline_ivr.routing.messages import CALL_ID, Recording

_BOX = re.compile(ID_PATTERN, re.ASCII)
_ENDING = ".wav"


class VoicemailFiles:
    """The one door to the folder, whose other user is Asterisk. Methods raise OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def scan(self) -> tuple[Recording, ...]:
        """Every recording, also those that are being made; nothing where there is no folder yet."""
        if not self._folder.is_dir():
            return ()
        return tuple(
            found
            for box in sorted(self._folder.iterdir())
            if _BOX.fullmatch(box.name) and box.is_dir()
            for path in sorted(box.iterdir())
            if (found := _recording(box.name, path)) is not None
        )

    def path(self, box: str, call_id: str) -> Path:
        """Where a recording lies, or would. Raises ValueError for what is no name of one."""
        if not _BOX.fullmatch(box) or not CALL_ID.fullmatch(call_id):
            raise ValueError(f"{box!r}, {call_id!r}: no recording is named like this")
        return self._folder / box / f"{call_id}{_ENDING}"

    def remove(self, recording: Recording) -> None:
        """Delete it; somebody else may have done so already."""
        self.path(recording.box, recording.call_id).unlink(missing_ok=True)


def _recording(box: str, path: Path) -> Recording | None:
    call_id = path.name.removesuffix(_ENDING)
    if call_id == path.name or not CALL_ID.fullmatch(call_id):
        return None
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return Recording(box, call_id, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

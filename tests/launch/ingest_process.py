"""`hotline ingest` in a process of its own, that kills itself at a given moment as `kill -9` would."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import Engine, event

from hotline_ivr.launch.ingesting import ingest_files
from hotline_ivr.settings import Settings
from tests.calls.asterisk_files import AsteriskFiles

# Small pieces, so that there are many commits.
_PIECE_BYTES = 20_000
_WRITES = ("INSERT", "UPDATE", "DELETE")


def ingest_until_killed(url: str, state: str, attic: str, moment: int) -> None:
    """Take both files in; before or behind the `moment`-th writing or commit of one is the end.

    Exits with 0 if it came to the end before that. What is read again from the start is not counted.
    """
    left = moment
    dirty = False

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def writes(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal dirty
        if statement.lstrip().startswith(_WRITES):
            dirty = True
            count()

    def commits(_connection: object) -> None:
        nonlocal dirty
        if dirty:
            dirty = False
            count()

    event.listen(Engine, "before_cursor_execute", writes)
    event.listen(Engine, "after_cursor_execute", writes)
    event.listen(Engine, "commit", commits)
    files = AsteriskFiles(Path(attic))
    settings = Settings(state=Path(state), database_url=url)
    with patch("hotline_ivr.asterisk.archives.PIECE_BYTES", _PIECE_BYTES):
        asyncio.run(ingest_files(settings, [files.cel, files.queue_log], "main", lambda *_: None))

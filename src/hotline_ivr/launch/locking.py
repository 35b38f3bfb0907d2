"""One process of a kind for each state folder, held by a lock that dies with its holder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotline_ivr.errors import SetupError


@contextmanager
def only_one(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file; raise SetupError if another process does. `what` names it in the message."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise SetupError(
                f"{what} already runs for the state folder {path.parent} (process {holder})."
                " Stop it first, or choose another folder with HOTLINE_STATE."
            ) from None
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def holder(path: Path) -> int | None:
    """The process that holds the lock file, as far as one can tell without taking it."""
    try:
        pid = int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        # Somebody else's, and there.
        return pid
    return pid

"""A file that appears whole or not at all, also when the export is killed.

What is not done yet lies in a hidden folder beside the target, which its export holds locked: on the same
disk, so that the end is a rename. Of an export that was killed the folder stays, unlocked, and the next
export into the same folder takes it away.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX, _SUFFIX = ".hotline-export-", ".part"


@contextmanager
def workplace(beside: Path) -> Iterator[Path]:
    """A folder of our own in the folder `beside`, gone at the end. Raises OSError."""
    _clear(beside)
    made = Path(tempfile.mkdtemp(prefix=_PREFIX, suffix=_SUFFIX, dir=beside))
    held = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(held)


@contextmanager
def placed(target: Path) -> Iterator[tuple[Path, Path]]:
    """A draft, and a folder for what is needed on the way; at the end the draft takes the target's place."""
    with workplace(target.absolute().parent) as folder:
        draft = folder / "draft"
        # Callers' numbers are for whoever runs the export.
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield draft, folder
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)


def _clear(folder: Path) -> None:
    """Take away what exports that were killed have left."""
    for left in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        try:
            held = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except BlockingIOError:
            pass  # somebody is at it
        finally:
            os.close(held)

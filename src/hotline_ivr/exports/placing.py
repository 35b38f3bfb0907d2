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

EXPORT, _SUFFIX = ".hotline-export-", ".part"
_TRIES = 10


@contextmanager
def workplace(beside: Path, prefix: str = EXPORT) -> Iterator[Path]:
    """A folder of our own in the folder `beside`, gone at the end. Raises OSError."""
    clear_left(beside, prefix)
    made, held = _made(beside, prefix)
    try:
        yield made
    finally:
        for _ in range(_TRIES):
            # A thread of ours that has not stopped yet may put something there meanwhile.
            shutil.rmtree(made, ignore_errors=True)
            if not made.exists():
                break
        os.close(held)


def _made(beside: Path, prefix: str) -> tuple[Path, int]:
    """A folder, and its lock; another one where somebody took it for a leftover before it was locked."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=prefix, suffix=_SUFFIX, dir=beside))
        try:
            held = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        fcntl.flock(held, fcntl.LOCK_EX)
        if made.exists():
            return made, held
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


def clear_left(folder: Path, prefix: str = EXPORT) -> None:
    """Take away what those that were killed have left: folders of that name that nobody holds."""
    for left in folder.glob(f"{prefix}*"):
        try:
            held = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except OSError:
            pass  # somebody is at it, or it lies where nothing can be locked
        finally:
            os.close(held)

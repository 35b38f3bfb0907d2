"""A disk that is soon full: a tmpfs of a few bytes to megabytes. Needs root, as CI has it; fails without."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SmallDisk:
    """Filled and emptied by a file of ballast."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, leave: int = 0) -> None:
        """Take all the space there is but `leave` bytes."""
        try:
            with self._ballast.open("ab", buffering=0) as file:
                while file.write(bytes(2**16)) == 2**16:
                    pass
                file.write(bytes(2**16))
        except OSError:
            pass
        if leave:
            with self._ballast.open("r+b") as file:
                file.truncate(max(0, self._ballast.stat().st_size - leave))

    def empty(self) -> None:
        """Give the space back."""
        self._ballast.unlink()


@contextmanager
def small_disk_at(folder: Path, size: int) -> Iterator[SmallDisk]:
    """Mounted at `folder`, which is made. Raises RuntimeError where it may not be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "hotline-test", str(folder)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"a small disk cannot be mounted (root is needed): {done.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)

"""A disk that is soon full. Needs root, as CI has it; fails without.

Either a tmpfs of a few bytes to megabytes, or an ext4 in a file: with a journal, and blocks that are given
out late, so that it may be full only when what was written is synced.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 2**20
EXT4_SIZE = 64 * MIB

_PIECE = 2**16
"""Bytes that are written at once; at the end by blocks."""
_BLOCK = 4096


class SmallDisk:
    """Filled and emptied by a file of ballast. `kind` says which file system it is, in words."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self._ballast = folder / "ballast"

    def fill(self, leave: int = 0) -> None:
        """Take all the space there is but `leave` bytes."""
        # What was promised to files and is not needed after all is free again once they are on the disk.
        while self._fill():
            pass
        if leave:
            with self._ballast.open("r+b") as file:
                file.truncate(max(0, self._ballast.stat().st_size - leave))

    def _fill(self) -> int:
        """Bytes that there was room for."""
        written = 0
        with self._ballast.open("ab", buffering=0) as file:
            for piece in (bytes(_PIECE), bytes(_BLOCK)):
                try:
                    while (more := file.write(piece)) == len(piece):
                        written += more
                    written += more
                except OSError:
                    pass
            os.fsync(file.fileno())
        return written

    def empty(self) -> None:
        """Give the space back."""
        self._ballast.unlink()


@contextmanager
def small_disk_at(folder: Path, size: int) -> Iterator[SmallDisk]:
    """A tmpfs of so many bytes at `folder`, which is made. Raises RuntimeError where nothing may be."""
    folder.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={size}", "hotline-test", str(folder))
    try:
        yield SmallDisk(folder, f"tmpfs of {size // MIB} MiB")
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def journalled_disk_at(folder: Path, image: Path, size: int = EXT4_SIZE) -> Iterator[SmallDisk]:
    """An ext4 of so many bytes in the file `image`, at `folder`, which is made; or a tmpfs that large.

    That is where there are no loop devices. Raises RuntimeError where nothing may be mounted.
    """
    if not Path("/dev/loop-control").exists() or shutil.which("mkfs.ext4") is None:
        with small_disk_at(folder, size) as disk:
            yield disk
        return
    folder.mkdir(parents=True, exist_ok=True)
    with image.open("wb") as file:
        file.truncate(size)
    # Nothing is put by for root, as whom tests run.
    at_once = "lazy_itable_init=0,lazy_journal_init=0,nodiscard"
    _run("mkfs.ext4", "-q", "-F", "-m", "0", "-b", str(_BLOCK), "-E", at_once, str(image))
    _run("mount", "-t", "ext4", "-o", "loop", str(image), str(folder))
    try:
        yield SmallDisk(folder, f"ext4 of {size // MIB} MiB in a loop device")
    finally:
        # With the last file that is open there the loop device goes.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        image.unlink()


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"a small disk cannot be mounted (root is needed): {done.stderr.strip()}")

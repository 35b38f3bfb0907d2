"""A disk whose power can be cut at any moment: what was not flushed is kept or lost by lot.

Linux has device-mapper's log-writes and flakey for that; kernels without device-mapper have neither. This
does the same with what nearly every kernel has: the bytes of a loop device lie in a file of a FUSE file
system that is served here. So every write of the kernel's own ext4, and every flush of the disk's cache,
comes by.

Writes that no flush has followed are in the disk's volatile cache: a power cut keeps some of them, in any
choice, some of them torn between two sectors. The rest of the disk is as it was at the last flush. Everything
needs root.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import mmap
import os
import random
import stat
import struct
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

SECTOR = 512

# Requests of linux/fuse.h.
_FORGET, _GETATTR, _SETATTR, _OPEN, _READ, _WRITE, _STATFS = 2, 3, 4, 14, 15, 16, 17
_RELEASE, _FSYNC, _FLUSH, _INIT, _ACCESS, _INTERRUPT, _BATCH_FORGET = 18, 20, 25, 26, 34, 36, 42
_UNANSWERED = {_FORGET, _INTERRUPT, _BATCH_FORGET}
_HEADER = struct.Struct("<IIQQIIII")
_ANSWER = struct.Struct("<IiQ")
_AT = struct.Struct("<QQI")
_BODY_OF_WRITE = 40
_MOST_WRITTEN = 128 * 1024
_BIG_WRITES = 1 << 5


class PowerCutDisk:
    """A block device of `size` bytes. Use as a context manager; raises OSError where it cannot be had."""

    def __init__(self, place: Path, size: int) -> None:
        self._place, self._size = place, size
        self._flushed = bytearray(size)
        self._seen = bytearray(size)
        # Writes since the last flush, in the order in which they came.
        self._cached: list[tuple[int, bytes]] = []
        self._lock = threading.Lock()
        self.flushes = 0

    def __enter__(self) -> Self:
        self._place.touch()
        self._fuse = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        try:
            options = f"fd={self._fuse},rootmode={stat.S_IFREG:o},user_id=0,group_id=0"
            _mount("power-cut-disk", self._place, "fuse", options)
        except OSError:
            os.close(self._fuse)
            raise
        self._server = threading.Thread(target=self._serve, name="disk", daemon=True)
        self._server.start()
        made = _run("losetup", "--find", "--show", str(self._place))
        self.device = Path(made.strip())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            _run("losetup", "--detach", str(self.device))
        with contextlib.suppress(OSError):
            _run("umount", "--lazy", str(self._place))
        self._server.join(10)
        os.close(self._fuse)

    def cut(self, dice: random.Random, image: mmap.mmap) -> None:
        """Leave in `image`, of the disk's size, what would be on the disk if the power failed now."""
        with self._lock:
            image[:] = self._flushed
            cached = list(self._cached)
        # None of the cache, its beginning, all of it, or any part of it: each is a way of some disk.
        kept = dice.choice((0.0, 0.0, 0.1, 0.5, 0.9, 1.0))
        if dice.random() < 0.3:
            cached = cached[: dice.randrange(len(cached) + 1)]
        for offset, data in cached:
            if dice.random() < kept:
                torn = dice.random() < 0.2
                end = dice.randrange(0, len(data) + 1, SECTOR) if torn else len(data)
                image[offset : offset + end] = data[:end]

    # The file, as the kernel asks for it.

    def _serve(self) -> None:
        while True:
            try:
                request = os.read(self._fuse, _MOST_WRITTEN + 4096)
            except OSError as error:
                if error.errno in {errno.EINTR, errno.ENOENT}:
                    continue
                return  # unmounted
            _, kind, unique, *_ = _HEADER.unpack_from(request)
            if kind in _UNANSWERED:
                continue
            answer = self._answer(kind, memoryview(request)[_HEADER.size :])
            code, body = (-answer, b"") if isinstance(answer, int) else (0, answer)
            with contextlib.suppress(FileNotFoundError):  # whoever asked has gone
                os.write(self._fuse, _ANSWER.pack(_ANSWER.size + len(body), code, unique) + body)

    def _answer(self, kind: int, body: memoryview) -> bytes | int:  # noqa: PLR0911 - one for each request
        if kind == _INIT:
            ours = (7, 31, 0, _BIG_WRITES, 16, 12, _MOST_WRITTEN, 1, 32, 0)
            return struct.pack("<IIIIHHIIHH", *ours).ljust(64, b"\0")
        if kind in {_GETATTR, _SETATTR}:
            return struct.pack("<QII", 3600, 0, 0) + self._attributes()
        if kind == _OPEN:
            return struct.pack("<QII", 1, 0, 0)
        if kind in {_RELEASE, _FLUSH, _ACCESS}:
            return b""
        if kind == _READ:
            _, offset, size = _AT.unpack_from(body)
            with self._lock:
                return bytes(self._seen[offset : offset + size])
        if kind == _WRITE:
            _, offset, size = _AT.unpack_from(body)
            data = bytes(body[_BODY_OF_WRITE : _BODY_OF_WRITE + size])
            with self._lock:
                self._seen[offset : offset + size] = data
                self._cached.append((offset, data))
            return struct.pack("<II", size, 0)
        if kind == _FSYNC:
            self._flush()
            return b""
        if kind == _STATFS:
            return struct.pack("<QQQQQIIII", self._size // 4096, 0, 0, 1, 0, 4096, 255, 4096, 0).ljust(
                80, b"\0"
            )
        return errno.ENOSYS

    def _flush(self) -> None:
        with self._lock:
            for offset, data in self._cached:
                self._flushed[offset : offset + len(data)] = data
            self._cached.clear()
            self.flushes += 1

    def _attributes(self) -> bytes:
        numbers = (1, self._size, self._size // SECTOR, 0, 0, 0)
        return struct.pack("<6Q10I", *numbers, 0, 0, 0, stat.S_IFREG | 0o600, 1, 0, 0, 0, 4096, 0)


class Mounted:
    """A file system of a block device or of an image, while it is used."""

    def __init__(self, device: Path, folder: Path) -> None:
        self._device, self._folder = device, folder

    def __enter__(self) -> Path:
        self._folder.mkdir(exist_ok=True)
        loop = [] if self._device.is_block_device() else ["-o", "loop"]
        _run("mount", "-t", "ext4", *loop, str(self._device), str(self._folder))
        return self._folder

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _run("umount", str(self._folder))


def make_ext4(device: Path) -> None:
    """An empty ext4 with a journal, all as a machine has it by default."""
    _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", str(device))


def _mount(source: str, target: Path, kind: str, options: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    flags = 0
    if libc.mount(source.encode(), os.fsencode(target), kind.encode(), flags, options.encode()) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{os.strerror(number)}: mounting {kind} needs root and /dev/fuse")


def _run(*command: str) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout

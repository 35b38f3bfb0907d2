"""Unix sockets at paths of any length."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIMIT = 107
"""Bytes of a unix socket's address: sun_path on Linux holds 108 with the closing NUL (unix(7))."""


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """What to bind or connect to for a socket at `path`: where that is too long, by way of its open folder.

    Raises OSError if the folder cannot be opened, or has a name for a socket that no address can hold.
    """
    if len(os.fsencode(path)) <= LIMIT:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        address = f"/proc/self/fd/{folder}/{path.name}"
        if len(os.fsencode(address)) > LIMIT or not Path(address).parent.exists():
            raise OSError(
                f"{path}: longer than the {LIMIT} bytes of a socket's address; choose another folder"
            )
        yield address
    finally:
        os.close(folder)

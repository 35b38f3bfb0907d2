"""Who sits at the terminal, for the trail of who did what."""

from __future__ import annotations

import getpass
import os


def person() -> str:
    """The user's name; with sudo, of the person who typed it."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        # In a container the user may have no name.
        return f"uid {os.getuid()}"

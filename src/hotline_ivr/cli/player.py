"""Playing a sound at the terminal."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

PLAYERS = (("aplay", "-q"), ("play", "-q"))
PLAY_TIMEOUT = 900.0
"""Seconds; longer than any prompt or message, for a sound card that never takes the sound."""


def played(file: Path) -> bool:
    """Play it to its end. False where this machine plays no sound."""
    return any(
        shutil.which(program) is not None and _plays([program, quietly, str(file)])
        for program, quietly in PLAYERS
    )


def _plays(command: list[str]) -> bool:
    try:
        done = subprocess.run(command, stderr=subprocess.DEVNULL, timeout=PLAY_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0

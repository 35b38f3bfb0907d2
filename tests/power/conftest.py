"""Where the images of disks lie while their power is cut."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder in memory: an image of a disk is written there two hundred times."""
    folder = Path(tempfile.mkdtemp(prefix="hotline-power-", dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)

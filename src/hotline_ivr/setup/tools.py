"""Starting the programs that set-up needs, and one set-up at a time.

A program that is missing or fails becomes a SetupError whose text is enough to act on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from hotline_ivr.errors import SetupError

ERROR_LINES = 15
"""Last lines of a program's own words kept in an error: enough to see the cause, short enough to read."""

RUN_TIMEOUT = 60.0
"""Deadline (in seconds) of one short program, such as the conversion of a prompt that takes 0.1 s."""

_LOCK_POLL = 0.2  # seconds between looks at a lock that somebody else holds


def require(program: str, *, package: str) -> str:
    """The path of `program`. Raises SetupError naming the Debian package that brings it."""
    if found := shutil.which(program):
        return found
    raise SetupError(f"`{program}` is not installed. Install it with: sudo apt-get install {package}")


def run(
    command: Sequence[str],
    *,
    stdin: str | None = None,
    timeout: float = RUN_TIMEOUT,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end. Raises SetupError with its last words when it fails or takes too long."""
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env=env,
            check=False,
        )
    except OSError as error:
        raise SetupError(f"{command[0]} could not be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise SetupError(f"{command[0]} was stopped: not finished after {timeout:g} s") from None
    if done.returncode != 0:
        words = last_lines(done.stderr or done.stdout)
        raise SetupError(f"{' '.join(command[:2])} ... failed (exit code {done.returncode}):\n{words}")
    return done


def last_lines(text: str, count: int = ERROR_LINES) -> str:
    return "\n".join(text.strip().splitlines()[-count:])


@contextmanager
def exclusive(lock: Path, *, timeout: float, what: str) -> Iterator[None]:
    """Hold `lock`, a file that stays, so that two set-ups never make the same thing at once.

    The kernel frees it when its holder dies, however that happens. Raises SetupError when somebody else has
    held it for `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    with lock.open("a") as held:
        while not _locked(held.fileno()):
            if time.monotonic() > deadline:
                raise SetupError(
                    f"Another set-up has been making {what} for more than {timeout:g} s ({lock} is held)."
                )
            time.sleep(_LOCK_POLL)
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it, owned as their surroundings are.

    Set-up may run once by sudo; what it makes then must stay writable for the person who runs the rest.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        above = folder.parent.stat()
        os.chown(folder, above.st_uid, above.st_gid)

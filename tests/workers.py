"""How a run shares its tests among workers, so that calls that mostly wait do so at the same time.

A file's tests stay together and in one worker, since they share a node. Files whose tests load the machine,
or hold times against one another, stay together as well, and are never beside one another. Calls come first,
the longest at the front. `scripts/test-all` runs what only computes beside the calls, by itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

ONE_AT_A_TIME = (
    "tests/acceptance/test_kill_nine.py",
    "tests/acceptance/test_rotation.py",
    "tests/acceptance/test_situations.py",
    "tests/docker/test_compose.py",
)
"""Files that one worker takes one after the other, in this order."""

LONG = (
    "tests/acceptance/test_callback_offer.py",
    "tests/acceptance/test_transfers.py",
    "tests/acceptance/test_split_brain.py",
    "tests/acceptance/test_menus.py",
    "tests/acceptance/test_service_dead.py",
    "tests/acceptance/test_overrides.py",
    "tests/acceptance/test_control.py",
    "tests/acceptance/test_copied_machine.py",
    "tests/acceptance/test_queues.py",
    "tests/acceptance/test_devices.py",
    "tests/acceptance/test_phone_recording.py",
    "tests/acceptance/test_recording.py",
    "tests/acceptance/test_overflow.py",
    "tests/acceptance/test_shifts.py",
    "tests/acceptance/test_cut_link.py",
    "tests/acceptance/test_alerts.py",
    "tests/acceptance/test_callback_operator_first.py",
    "tests/acceptance/test_callbacks.py",
    "tests/acceptance/test_operators.py",
    "tests/acceptance/test_wake_up.py",
    "tests/acceptance/test_up.py",
    "tests/acceptance/test_limits.py",
    "tests/acceptance/test_postgresql.py",
    "tests/acceptance/test_full_disk.py",
    "tests/acceptance/test_privacy.py",
    "tests/acceptance/test_database_lost.py",
    "tests/acceptance/test_day.py",
    "tests/config/test_mutations.py",
    "tests/calls/test_kill_nine.py",
    "tests/launch/privacy/test_purging.py",
    "tests/launch/privacy/test_erasing.py",
)
"""Files that take longest, longest first: begun last, one of them would keep everybody waiting."""

_FIRST, _CALLS, _COMPUTES = range(3)
_TOGETHER = "one at a time"

_END_WAIT_S = 60.0
_LOOK_EVERY_S = 0.2
_RUN = "PYTEST_XDIST_TESTRUNUID"
"""The variable that a worker's processes inherit, whatever sessions and groups they make for themselves."""


def place(file: str) -> tuple[int, int]:
    """Where a file stands in the queue of work; smaller is earlier."""
    if file in ONE_AT_A_TIME:
        return _FIRST, ONE_AT_A_TIME.index(file)
    kind = _CALLS if file.startswith("tests/acceptance/") else _COMPUTES
    return kind, LONG.index(file) if file in LONG else len(LONG)


class Lanes(LoadScopeScheduling):  # type: ignore[misc]  # the library tells no types
    """Hands out files of tests, those that must not meet as one, in the order of `place`."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        # Its own order is by the number of tests, which says nothing of how long they take.
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = _file(nodeid)
        return _TOGETHER if file in ONE_AT_A_TIME else file


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


class Leftovers:
    """Ends what workers that were stopped half-way leave behind. Registered where the workers are started."""

    def __init__(self) -> None:
        self._run = ""

    @pytest.hookimpl
    def pytest_configure_node(self, node: WorkerController) -> None:
        self._run = str(node.workerinput["testrunuid"])

    @pytest.hookimpl
    def pytest_unconfigure(self) -> None:
        if self._run:
            end_all(f"{_RUN}={self._run}")


def end_all(mark: str) -> None:
    """End every process whose environment holds `mark`, parents first: most end their children in good order.

    Those that have not gone after a minute are killed.
    """
    told: set[int] = set()
    end = time.monotonic() + _END_WAIT_S
    while running := marked(mark):
        late = time.monotonic() > end
        for pid in sorted(running):
            if late or (pid not in told and parent_of(pid) not in running):
                told.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(_LOOK_EVERY_S)


def marked(mark: str, processes: Iterable[Path] | None = None) -> set[int]:
    """Ids of the running processes, ourselves apart, that were started with `mark` in their environment."""
    found = set()
    for process in processes or Path("/proc").glob("[0-9]*"):
        # Others' processes cannot be read, and those that are over hold nothing.
        with contextlib.suppress(OSError):
            if mark.encode() in (process / "environ").read_bytes().split(b"\0"):
                found.add(int(process.name))
    return found - {os.getpid()}


def parent_of(pid: int) -> int:
    """0 for a process that has gone."""
    with contextlib.suppress(OSError):
        # Behind the name, which may hold spaces and brackets, come the state and the parent (proc(5)).
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    return 0

"""How the tests are shared among workers, and that nothing of a stopped run goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

from tests.workers import LONG, ONE_AT_A_TIME, end_all, marked, parent_of, place

CHECKOUT = Path(__file__).parents[1]

FAMILY = """
import signal, subprocess, sys
with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True):
    print("started", flush=True)
    signal.pause()
"""


def test_every_file_with_a_place_of_its_own_is_there() -> None:
    assert [file for file in (*ONE_AT_A_TIME, *LONG) if not (CHECKOUT / file).is_file()] == []


def test_calls_come_before_what_only_computes() -> None:
    files = ["tests/routing/test_fold.py", "tests/acceptance/test_up.py", LONG[0], ONE_AT_A_TIME[0]]
    assert sorted(files, key=place) == files[::-1]


def test_what_a_stopped_worker_left_is_ended_with_its_children_and_nothing_else() -> None:
    mark = f"HOTLINE_TEST_MARK={uuid.uuid4()}"
    name, _, value = mark.partition("=")
    command = [sys.executable, "-c", FAMILY]
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other,
        subprocess.Popen(command, env={**os.environ, name: value}, stdout=subprocess.PIPE) as family,
    ):
        try:
            assert family.stdout is not None
            assert family.stdout.readline() == b"started\n"
            # A process that has just begun shows its parent's environment, or none, for a moment.
            while len(running := marked(mark)) < 2:
                time.sleep(0.01)
            assert len(running) == 2
            assert [parent_of(pid) for pid in running - {family.pid}] == [family.pid]
            end_all(mark)
            assert marked(mark) == set()
            assert other.poll() is None
        finally:
            family.kill()
            other.kill()

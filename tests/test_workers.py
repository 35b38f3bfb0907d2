"""How the tests are shared among workers, and that nothing of a stopped run goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from tests.workers import LONG, ONE_AT_A_TIME, end_all, marked, parent_of, place

CHECKOUT = Path(__file__).parents[1]
AT_LEISURE = CHECKOUT / "scripts" / "at-leisure"

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


STANDING = """
import os, pathlib, sys
group = pathlib.Path("/proc/self/autogroup")
print(os.sched_getscheduler(0) == os.SCHED_IDLE, group.read_text().split()[-1] if group.exists() else "none")
sys.exit(3)
"""


def test_what_runs_at_leisure_is_preferred_to_nobody_and_its_exit_code_is_kept() -> None:
    done = subprocess.run(
        [AT_LEISURE, sys.executable, "-c", STANDING],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 3, done.stderr
    idle, share = done.stdout.split()
    assert idle == "True"
    assert share in {"19", "none"}, "nor is its session"


def test_what_runs_at_leisure_ends_with_whoever_started_it() -> None:
    name, value = "HOTLINE_TEST_MARK", str(uuid.uuid4())
    family = FAMILY.replace(", start_new_session=True", "")
    command: list[str | Path] = [AT_LEISURE, sys.executable, "-c", family]
    with subprocess.Popen(command, env={**os.environ, name: value}, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == b"started\n"
        started.terminate()
        assert started.wait(20) == 143
        assert started.stdout.read() == b"", "everybody has let go of it"
    assert marked(f"{name}={value}") == set()


PYTEST = """#!/bin/bash
printf '%s\n' "$*" >> "$SAID"
case "$*" in
    *--last-failed*) exit "$AGAIN" ;;
    *"$FAILS"*) exit 1 ;;
esac
"""


@pytest.mark.parametrize(
    ("fails", "retry", "again", "code", "tried_again"),
    [
        ("nothing", "yes", 0, 0, []),
        ("test_ten_thousand.py", "yes", 0, 0, [".pytest_cache"]),
        ("cache_dir", "yes", 0, 0, [".pytest_cache/computing"]),
        ("tests", "yes", 1, 1, [".pytest_cache", ".pytest_cache/computing"]),
        ("tests", "", 0, 1, []),
    ],
)
def test_what_failed_is_tried_once_more_where_that_is_asked_for(
    tmp_path: Path, fails: str, retry: str, again: int, code: int, tried_again: list[str]
) -> None:
    """Each lot by its own memory of what failed, whichever of its runs that was."""
    (tmp_path / "scripts").mkdir()
    for script in ("test-all", "at-leisure"):
        shutil.copy(CHECKOUT / "scripts" / script, tmp_path / "scripts")
    python = tmp_path / "python"
    python.write_text(PYTEST, encoding="utf-8")
    python.chmod(0o755)
    said = tmp_path / "said"
    ours = {"SAID": str(said), "FAILS": fails, "AGAIN": str(again), "RETRY": retry}
    done = subprocess.run(
        [tmp_path / "scripts" / "test-all", python],
        env={**os.environ, **ours},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == code, done.stdout + done.stderr
    runs = said.read_text(encoding="utf-8").splitlines()
    tried = [run.split("cache_dir=")[1].split()[0] for run in runs if "--last-failed" in run]
    assert tried == tried_again
    first = [run for run in runs if "--last-failed" not in run]
    assert len(first) == 3
    assert sum("--ignore=tests/acceptance" in run.split() for run in first) == 1


RUNS = f"""#!/bin/bash
case "$*" in
    -c*) exec {sys.executable} "$@" ;;
    *computing*) exec {sys.executable} -c '{FAMILY}' ;;
    *) exec sleep 60 ;;
esac
"""


def test_a_run_that_is_interrupted_leaves_nothing_that_computes(tmp_path: Path) -> None:
    """Nor what was started in a session of its own, as servers are."""
    for file in ("scripts/test-all", "scripts/at-leisure", "tests/workers.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(CHECKOUT / file, tmp_path / file)
    python = tmp_path / "python"
    python.write_text(RUNS, encoding="utf-8")
    python.chmod(0o755)
    name, value = "HOTLINE_TEST_MARK", str(uuid.uuid4())
    computed = tmp_path / ".pytest_cache" / "computing" / "output"
    with subprocess.Popen(
        [tmp_path / "scripts" / "test-all", python],
        env={**os.environ, name: value},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    ) as run:
        while not (computed.exists() and computed.read_text(encoding="utf-8") == "started\n"):
            time.sleep(0.01)
        os.killpg(run.pid, signal.SIGINT)
        # It may be at leisure itself.
        assert run.wait(100) != 0
    assert marked(f"{name}={value}") == set()


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

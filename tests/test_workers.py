"""How the tests are shared among workers, and that nothing of a stopped run goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

from tests.workers import LONG, LOWER_BY, ONE_AT_A_TIME, computes, end_all, marked, parent_of, place

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


def test_of_six_workers_two_take_only_what_computes_and_of_three_none() -> None:
    assert [computes(f"gw{number}", 6) for number in range(6)] == [False] * 4 + [True] * 2
    assert not any(computes(f"gw{number}", 3) for number in range(3))


TESTS = """
import os, pathlib, time
def test_it():
    folder = pathlib.Path(os.environ["RAN"])
    (folder / f"{os.environ['PYTEST_XDIST_WORKER']}-{pathlib.Path(__file__).stem}-{os.nice(0)}").touch()
    time.sleep(0.3)
"""


def test_what_only_computes_is_beside_the_calls_at_a_lower_priority(tmp_path: Path) -> None:
    """A run of its own: 12 files of calls and 12 others, among 4 workers."""
    (tmp_path / "ran").mkdir()
    shutil.copy(CHECKOUT / "tests" / "workers.py", tmp_path / "sharing.py")
    hooks = (CHECKOUT / "tests" / "conftest.py").read_text(encoding="utf-8")
    (tmp_path / "conftest.py").write_text(hooks.replace("tests.workers", "sharing"), encoding="utf-8")
    for kind in ("acceptance", "routing"):
        folder = tmp_path / "tests" / kind
        folder.mkdir(parents=True)
        for number in range(12):
            (folder / f"test_{kind}{number}.py").write_text(TESTS, encoding="utf-8")
    before = os.nice(0)
    # There is none lower than that (setpriority(2)), and these tests themselves may run at a low one.
    lower = min(before + LOWER_BY, 19)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n4",
            "--import-mode=importlib",
            f"--rootdir={tmp_path}",
            ".",
        ],
        cwd=tmp_path,
        env={**_without_workers(), "RAN": str(tmp_path / "ran"), "PYTHONPATH": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ran = [path.name.split("-") for path in sorted((tmp_path / "ran").iterdir())]
    assert len(ran) == 24
    last = [(what, int(nice)) for worker, what, nice in ran if worker == "gw3"]
    assert len(last) > 4
    assert all("routing" in what for what, _ in last)
    assert {nice for _, nice in last} == {lower}
    assert all(int(nice) == before for worker, _, nice in ran if worker != "gw3")


def _without_workers() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}


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

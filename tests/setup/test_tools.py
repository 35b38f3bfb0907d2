"""Programs that fail, hang or are missing; folders and locks of set-up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.setup.tools import exclusive, make_folder, require, run


def test_a_failing_program_is_told_with_its_last_words() -> None:
    with pytest.raises(SetupError, match=r"exit code 3.*\n.*out of tape"):
        run(["sh", "-c", "echo out of tape >&2; exit 3"])


def test_a_hanging_program_is_stopped_at_its_deadline() -> None:
    with pytest.raises(SetupError, match=r"not finished after 0\.2 s"):
        run(["sh", "-c", "read -r _ < /dev/zero"], timeout=0.2)


def test_a_program_that_cannot_be_started_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    with pytest.raises(SetupError, match="could not be started"):
        run([str(tmp_path / "text")])


def test_a_missing_program_names_its_package() -> None:
    with pytest.raises(SetupError, match="sudo apt-get install some-package"):
        require("no-such-program-anywhere", package="some-package")


def test_a_lock_that_somebody_holds_too_long_is_told(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        exclusive(lock, timeout=1, what="prompts"),
        pytest.raises(SetupError, match="Another set-up has been making prompts"),
        exclusive(lock, timeout=0, what="prompts"),
    ):
        pytest.fail("two hold the lock")


def test_a_holder_that_is_killed_frees_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    holder = (
        "import sys; from pathlib import Path; from hotline_ivr.setup.tools import exclusive\n"
        "with exclusive(Path(sys.argv[1]), timeout=1, what='x'): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        process.kill()
    with exclusive(lock, timeout=0, what="x"):
        assert lock.exists()


def test_new_folders_belong_to_whom_their_surroundings_belong(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 12345)
    make_folder(tmp_path / "state" / "asterisk")
    assert (tmp_path / "state/asterisk").stat().st_uid == tmp_path.stat().st_uid

"""`python -m hotline_ivr.setup`: the command that makes a machine ready."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def setup(*words: str, state: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hotline_ivr.setup", *words],
        env={**os.environ, "HOTLINE_STATE": str(state), **variables},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_sounds_are_made_and_said_in_a_line(tmp_path: Path) -> None:
    first = setup("sounds", state=tmp_path)
    second = setup("sounds", state=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    assert "0 kept" in first.stdout
    assert "Prompts: 0 made" in second.stdout
    assert (tmp_path / "asterisk/sounds/nb/greeting.ulaw").is_file()
    assert (tmp_path / "asterisk/moh/hold.ulaw").is_file()


def test_what_the_machine_lacks_is_told_without_a_traceback(tmp_path: Path) -> None:
    done = setup("asterisk", state=tmp_path, HOTLINE_ASTERISK=str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert "no such program" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_part_is_a_wrong_command(tmp_path: Path) -> None:
    done = setup("telephones", state=tmp_path)
    assert done.returncode == 2
    assert "asterisk, sounds" in done.stderr

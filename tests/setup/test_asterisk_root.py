"""Our own Asterisk root: made once, whole or not at all, by one set-up at a time."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.setup.asterisk_root import debootstrap_command, ensure_root, relink, trim

MakeProgram = Callable[[str, str], Path]

# Takes the place of debootstrap: --variant --include SUITE TARGET ... and leaves what ours would.
FILL = r"""
target=$4
[ -z "$COUNT" ] || echo made >> "$COUNT"
lib=$target/usr/lib/some-linux-gnu
mkdir -p "$lib/asterisk/modules" "$target/usr/sbin"
printf '#!/bin/sh\nshift 2\nexec "$@"\n' > "$lib/ld-linux-x86-64.so.2"
printf '#!/bin/sh\necho Asterisk 22.10.1\n' > "$target/usr/sbin/asterisk"
chmod +x "$lib/ld-linux-x86-64.so.2" "$target/usr/sbin/asterisk"
"""


# Whoever starts the tests in the background may have them ignore SIGINT, and their children with them.
MAKE_ROOT = """
import signal
import sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)
from hotline_ivr.setup.asterisk_root import ensure_root
ensure_root(Path(sys.argv[1]), euid=0)
"""


@pytest.fixture
def count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a line for each time that debootstrap ran."""
    file = tmp_path / "count"
    file.touch()
    monkeypatch.setenv("COUNT", str(file))
    return file


def lines(file: Path) -> int:
    return len(file.read_text().splitlines())


def test_a_root_is_made_once_and_then_reused(tmp_path: Path, program: MakeProgram, count: Path) -> None:
    program("debootstrap", FILL)
    root = tmp_path / "state/asterisk-root"
    assert ensure_root(root, euid=0).version == "22.10.1"
    assert ensure_root(root, euid=0).version == "22.10.1"
    assert lines(count) == 1


def test_an_empty_folder_counts_as_no_root_yet(tmp_path: Path, program: MakeProgram, count: Path) -> None:
    program("debootstrap", FILL)
    root = tmp_path / "asterisk-root"
    root.mkdir()
    assert ensure_root(root, euid=0).version == "22.10.1"
    assert lines(count) == 1


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    root = tmp_path / "asterisk-root"
    (root / "photographs").mkdir(parents=True)
    with pytest.raises(SetupError, match="holds something else"):
        ensure_root(root, euid=0)
    assert (root / "photographs").is_dir()


def test_two_set_ups_at_once_make_one_root(tmp_path: Path, program: MakeProgram, count: Path) -> None:
    # Neither may go on before both have begun, so the second one finds the first at work.
    program("debootstrap", f"{FILL}\nwhile [ ! -e {tmp_path}/second ]; do :; done")
    root = tmp_path / "asterisk-root"
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(ensure_root, root, euid=0)
        while not lines(count):
            assert not first.done()
        second = threads.submit(ensure_root, root, euid=0)
        (tmp_path / "second").touch()
        assert first.result(20).version == second.result(20).version == "22.10.1"
    assert lines(count) == 1


def test_what_an_interrupted_set_up_left_is_never_used(tmp_path: Path, program: MakeProgram) -> None:
    program("debootstrap", FILL + "exit 1")
    root = tmp_path / "asterisk-root"
    with pytest.raises(SetupError):
        ensure_root(root, euid=0)
    left = tmp_path / "asterisk-root.making"
    (left / "half").mkdir()
    assert not root.exists()
    program("debootstrap", FILL)
    ensure_root(root, euid=0)
    assert (root / "usr/sbin/asterisk").is_file()
    assert not (root / "half").exists()
    assert not left.exists()


def test_ctrl_c_ends_all_that_debootstrap_has_started(tmp_path: Path, program: MakeProgram) -> None:
    # The one who waits is a grandchild, as dpkg is; its parent would not pass the signal on.
    pid_file = tmp_path / "pid"
    waits = f"echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 600"
    program("debootstrap", f"sh -c '{waits}' & wait")
    making = subprocess.Popen(
        [
            sys.executable,
            "-c",
            MAKE_ROOT,
            str(tmp_path / "asterisk-root"),
        ],
        stderr=subprocess.DEVNULL,
    )
    while not pid_file.exists():
        assert making.poll() is None
    making.send_signal(signal.SIGINT)
    assert making.wait(20) == -signal.SIGINT
    assert _is_gone(int(pid_file.read_text()))


def _is_gone(pid: int) -> bool:
    """Whether the process ends; a kill takes effect soon, and who adopts it may take its exit code later."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True
        if stat.rpartition(")")[2].split()[0] in "ZX":
            return True
    return False


def test_a_failure_is_told_with_the_last_words_of_the_log(tmp_path: Path, program: MakeProgram) -> None:
    program("debootstrap", "seq 1 40; echo 'E: no mirror answers' >&2; exit 7")
    with pytest.raises(SetupError) as error:
        ensure_root(tmp_path / "asterisk-root", euid=0)
    text = str(error.value)
    assert "exit code 7" in text
    assert text.endswith("40\nE: no mirror answers")
    assert "\n5\n" not in text
    assert (tmp_path / "asterisk-root.log").read_text().startswith("1\n2\n")


def test_too_old_an_asterisk_from_debian_is_no_root(tmp_path: Path, program: MakeProgram) -> None:
    program("debootstrap", FILL.replace("22.10.1", "22.8.0"))
    with pytest.raises(SetupError, match=r"22\.8\.0, which is too old"):
        ensure_root(tmp_path / "asterisk-root", euid=0)
    assert not (tmp_path / "asterisk-root").exists()


def test_an_ordinary_user_is_told_the_one_command_that_needs_root(
    tmp_path: Path, program: MakeProgram
) -> None:
    program("debootstrap", "exit 9")
    root = tmp_path / "asterisk-root"
    with pytest.raises(
        SetupError, match=rf"sudo env HOTLINE_ASTERISK_ROOT={root} .* hotline_ivr.setup asterisk"
    ):
        ensure_root(root, euid=1000)


def test_without_debootstrap_its_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="sudo apt-get install debootstrap"):
        ensure_root(tmp_path / "asterisk-root", euid=0)


def test_an_older_debootstrap_gets_the_script_of_sid(tmp_path: Path) -> None:
    (tmp_path / "sid").touch()
    old = debootstrap_command("debootstrap", Path("target"), tmp_path)
    (tmp_path / "forky").touch()
    new = debootstrap_command("debootstrap", Path("target"), tmp_path)
    assert old[-4:] == ["forky", "target", "", str(tmp_path / "sid")]
    assert new[-3:] == ["forky", "target", ""]


def test_trimming_keeps_licences_and_takes_what_is_for_people(tmp_path: Path) -> None:
    for name in ("usr/share/doc/sox/copyright", "usr/share/doc/sox/README", "usr/share/man/man1/sox.1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    trim(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["copyright"]


def test_absolute_links_hold_without_chroot_afterwards(tmp_path: Path) -> None:
    sounds = tmp_path / "usr/share/asterisk/sounds"
    (sounds / "en_US").mkdir(parents=True)
    (sounds / "en_US/beep.wav").write_text("beep")
    alternatives = tmp_path / "etc/alternatives"
    alternatives.mkdir(parents=True)
    (alternatives / "prompt").symlink_to("/usr/share/asterisk/sounds/en_US")
    (sounds / "en").symlink_to("/etc/alternatives/prompt")
    (sounds / "self").symlink_to("/usr/share/asterisk/sounds/self")
    relink(tmp_path)
    assert (sounds / "en/beep.wav").read_text() == "beep"
    assert (sounds / "en").readlink() == Path("en_US")

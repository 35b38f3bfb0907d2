"""Whatever lies in the folder, reading it ends soon, in little memory, with words that help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hotline_ivr.config.check import check

CPU_S = 60
"""A bound against hanging, far above what is needed; how long things take is measured in bench/."""

MEMORY_MIB = 512

_CHECK = """
import json, os, re, resource, sys
from pathlib import Path
from hotline_ivr.config.check import check

def peak_kib():
    # Not ru_maxrss: that of a started process begins at the size of whoever started it.
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

folder, cpu_s, user = sys.argv[1:]
check(Path("/dev/null"))
if user:
    os.seteuid(int(user))
resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s), int(cpu_s)))
result = check(Path(folder))
said = [(str(Path(each.file).name), each.line, each.message, each.remedy) for each in result.problems]
print(json.dumps([said, peak_kib(), len(result.text)]))
"""


def checked(folder: Path, user: str = "") -> list[str]:
    """The messages of a check in a process of its own, which must stay within its bounds."""
    done = subprocess.run(
        [sys.executable, "-c", _CHECK, str(folder), str(CPU_S), user],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said, kib, shown = json.loads(done.stdout)
    assert kib < MEMORY_MIB * 1024
    assert shown < 1_000_000
    assert all(remedy for *_, remedy in said)
    return [f"{file}:{line} {message}" for file, line, message, _ in said]


def ten_megabytes(folder: Path) -> None:
    (folder / "a.yaml").write_text("a: x\n" * 2_000_000)


def a_million_items(folder: Path) -> None:
    (folder / "a.yaml").write_text("a: [" + "1," * 1_000_000 + "]")


def a_list_as_long_as_a_file_may_be(folder: Path) -> None:
    (folder / "a.yaml").write_text("a: [" + "1," * 130_000 + "]")


def a_hundred_levels(folder: Path) -> None:
    (folder / "a.yaml").write_text("".join(f"{' ' * depth}a:\n" for depth in range(100)))


def brackets_without_end(folder: Path) -> None:
    (folder / "a.yaml").write_text("[" * 250_000)


def braces_without_end(folder: Path) -> None:
    (folder / "a.yaml").write_text("{a: " * 60_000)


def laughs(folder: Path) -> None:
    text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    text += "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    (folder / "a.yaml").write_text(text)


def two_thousand_files(folder: Path) -> None:
    for number in range(2_000):
        (folder / f"{number}.yaml").write_text("lines: {}\n")


def ids_without_end(folder: Path) -> None:
    for name in "ab":
        (folder / f"{name}.yaml").write_text(
            "calendars:\n" + "".join(f" {name}{number:05}: {{}}\n" for number in range(18_000))
        )


def a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "a.yaml")


def a_circle_of_links(folder: Path) -> None:
    (folder / "a.yaml").symlink_to("b.yaml")
    (folder / "b.yaml").symlink_to("a.yaml")


def a_folder_within_itself(folder: Path) -> None:
    (folder / "a.yaml").symlink_to(folder)


@pytest.mark.parametrize(
    ("lay", "message"),
    [
        (ten_megabytes, "a.yaml:None is larger than 256 KiB"),
        (a_million_items, "a.yaml:None is larger than 256 KiB"),
        (a_list_as_long_as_a_file_may_be, "a.yaml:1 more than 50000 values"),
        (a_hundred_levels, "a.yaml:41 more than 40 levels within one another"),
        (brackets_without_end, "a.yaml:1 more than 40 levels within one another"),
        (braces_without_end, "a.yaml:1 more than 40 levels within one another"),
        (laughs, "a.yaml:1 more than 50000 values"),
        (two_thousand_files, "config:None more than 200 *.yaml files"),
        (ids_without_end, "config:None 'lines' is required here"),
        (a_pipe, "a.yaml:None is not a file"),
        (a_circle_of_links, "a.yaml:None cannot be read (Too many levels of symbolic links)"),
        (a_folder_within_itself, "a.yaml:None is not a file"),
    ],
)
def test_nothing_in_the_folder_takes_much_time_or_memory(
    tmp_path: Path, lay: Callable[[Path], None], message: str
) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    lay(folder)
    said = checked(folder)
    assert any(each.startswith(message) for each in said), said[:5]


def test_a_file_that_may_not_be_read_is_told_of(tmp_path: Path, good: str) -> None:
    (tmp_path / "a.yaml").write_text(good, encoding="utf-8")
    (tmp_path / "a.yaml").chmod(0)
    ours = [each for each in tmp_path.parents if each.name.startswith(("pytest-", "popen-"))]
    for folder in (tmp_path, *ours):
        folder.chmod(0o755)
    nobody = "65534" if os.geteuid() == 0 else ""
    assert any("a.yaml:None cannot be read (Permission denied)" in each for each in checked(tmp_path, nobody))


def test_a_file_that_changes_while_it_is_read_is_taken_whole_or_refused(tmp_path: Path, good: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(good, encoding="utf-8")
    version = check(file).plan
    assert version is not None
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            # As an editor that empties the file and writes on.
            file.write_text(good[: len(good) // 2], encoding="utf-8")
            file.write_text(good, encoding="utf-8")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(60):
            result = check(file)
            assert result.errors or (result.plan is not None and result.plan.version == version.version)
            assert all(problem.remedy for problem in result.problems)
    finally:
        over.set()
        writer.join()

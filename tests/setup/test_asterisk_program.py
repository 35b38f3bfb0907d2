"""Which Asterisk is taken, and what is said when none will do."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline_ivr.errors import SetupError
from hotline_ivr.settings import Settings
from hotline_ivr.setup.asterisk_program import asterisk_in_root, find_asterisk, is_fit, parse_version


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Asterisk 22.10.1~dfsg+~cs6.15.60671435-1\n", "22.10.1~dfsg+~cs6.15.60671435-1"),
        ("Asterisk certified/22.9-cert1\n", "22.9-cert1"),
        ("warning: locale\nAsterisk 23.0.0\n", "23.0.0"),
    ],
)
def test_the_version_is_read_from_what_asterisk_says(said: str, version: str) -> None:
    assert parse_version(said) == version


@pytest.mark.parametrize("said", ["", "Asterisk GIT-master-1a2b3c\n", "bash: asterisk: not found"])
def test_an_answer_without_a_version_is_told_with_its_words(said: str) -> None:
    with pytest.raises(SetupError, match="did not name its version"):
        parse_version(said)


@pytest.mark.parametrize(
    ("version", "fit"),
    [("22.8.2", False), ("22.9.0", True), ("22.10.1~dfsg", True), ("23.0.0-rc1", True), ("20.16.0", False)],
)
def test_fit_is_22_9_or_newer_by_number_and_not_by_letter(version: str, fit: bool) -> None:
    assert is_fit(version) is fit


def install(prefix: Path, version: str, modules: str = "lib/asterisk/modules") -> Path:
    program = prefix / "sbin/asterisk"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n[ \"$1\" = -V ] && echo 'Asterisk {version}'\n")
    program.chmod(0o755)
    for folder in (modules, "share/asterisk"):
        (prefix / folder).mkdir(parents=True)
    return program


def named(program: Path, tmp_path: Path) -> Settings:
    return Settings.from_environment({"HOTLINE_ASTERISK": str(program), "HOTLINE_STATE": str(tmp_path)})


@pytest.mark.parametrize("modules", ["lib/asterisk/modules", "lib/aarch64-linux-gnu/asterisk/modules"])
def test_a_named_program_is_taken_with_the_modules_beside_it(tmp_path: Path, modules: str) -> None:
    program = install(tmp_path / "opt", "22.9.0", modules)
    found = find_asterisk(named(program, tmp_path))
    assert (found.command, found.version) == ((str(program),), "22.9.0")
    assert found.modules_dir == tmp_path / "opt" / modules
    assert found.data_dir == tmp_path / "opt/share/asterisk"


def test_a_named_program_that_is_too_old_is_refused_with_the_remedy(tmp_path: Path) -> None:
    program = install(tmp_path / "opt", "20.5.0")
    with pytest.raises(SetupError, match=r"20\.5\.0 .* too old.*Unset HOTLINE_ASTERISK"):
        find_asterisk(named(program, tmp_path))


def test_a_named_program_that_is_not_there_is_told_by_the_variable(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"HOTLINE_ASTERISK=.*no such program"):
        find_asterisk(named(tmp_path / "nowhere", tmp_path))


def test_a_program_without_modules_is_refused(tmp_path: Path) -> None:
    program = install(tmp_path / "opt", "22.9.0", "lib/other")
    with pytest.raises(SetupError, match="modules were not found"):
        find_asterisk(named(program, tmp_path))


def make_root(root: Path, *, version: str = "22.10.1", loader: str = "ld-linux-x86-64.so.2") -> Path:
    """A folder as debootstrap leaves it, with a loader that starts its last words but two."""
    libraries = root / "usr/lib/some-linux-gnu"
    (libraries / "asterisk/modules").mkdir(parents=True)
    start = libraries / loader
    start.write_text('#!/bin/sh\n[ "$1" = --library-path ] || exit 9\nshift 2\nexec "$@"\n')
    program = root / "usr/sbin/asterisk"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'Asterisk {version}'\n")
    for file in (start, program):
        file.chmod(0o755)
    return root


@pytest.mark.parametrize("loader", ["ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "ld64.so.2"])
def test_the_asterisk_of_a_root_is_started_by_the_roots_own_loader(tmp_path: Path, loader: str) -> None:
    root = make_root(tmp_path / "root", loader=loader)
    found = asterisk_in_root(root)
    libraries = root / "usr/lib/some-linux-gnu"
    assert found.command == (
        str(libraries / loader),
        "--library-path",
        str(libraries),
        str(root / "usr/sbin/asterisk"),
    )
    assert (found.version, found.modules_dir) == ("22.10.1", libraries / "asterisk/modules")


def test_a_root_without_a_loader_is_not_whole(tmp_path: Path) -> None:
    root = make_root(tmp_path / "root")
    (root / "usr/lib/some-linux-gnu/ld-linux-x86-64.so.2").unlink()
    with pytest.raises(SetupError, match=r"not whole.*make setup"):
        asterisk_in_root(root)


def test_without_any_asterisk_the_way_to_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"22\.9 or newer.*make setup"):
        asterisk_in_root(tmp_path / "root")

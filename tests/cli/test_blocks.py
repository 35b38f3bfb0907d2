"""Blocking callers from the terminal: what is said, what is kept, what a caller then meets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_main import folder, hotline

__all__ = ["folder"]

pytestmark = pytest.mark.timeout(120)

PEST, OTHER = "+4799999999", "+4798888888"


def test_a_caller_is_blocked_listed_explained_and_let_in_again(folder: Path) -> None:
    assert hotline(folder, "blocks").stdout == "nobody is blocked\n"
    made = hotline(folder, "block", "99 99 99 99", "--for", "7d", "--reason", "threats", "--by", "kari")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith(f"{PEST}: blocked until ")
    assert ", threats (by kari " in made.stdout
    assert hotline(folder, "blocks", "--numbers").stdout == made.stdout
    assert hotline(folder, "blocks").stdout == made.stdout.replace(PEST, "+47 •••• 999")

    explained = hotline(folder, "explain", "--line", "demo", "--from", PEST).stdout
    assert "the call arrives (blocked:by-hand." in explained
    assert "the call is refused (cause 21)" in explained
    assert "blocked" not in hotline(folder, "explain", "--line", "demo", "--from", "+4799999998").stdout

    assert hotline(folder, "unblock", PEST).stdout == f"{PEST}: is not blocked any more\n"
    assert hotline(folder, "blocks").stdout == "nobody is blocked\n"
    assert ": blocked unblocked " in hotline(folder, "blocks", "--all").stdout


def test_programs_read_the_same_and_the_files_for_a_dead_service_are_there_at_once(folder: Path) -> None:
    done = hotline(folder, "block", "+47820*", "--refuse", "busy", "--json")
    said = json.loads(done.stdout)["set"]
    listed = json.loads(hotline(folder, "blocks", "--json").stdout)
    assert listed["blocks"] == [said]
    assert list(folder.rglob("callers/block-begin.47820"))
    ended = json.loads(hotline(folder, "unblock", said["id"], "--json").stdout)["ended"]
    assert ended[0]["id"] == said["id"]
    assert not list(folder.rglob("callers/block-begin.47820"))


def test_numbers_are_masked_unless_asked_for_and_who_looks_stands_in_the_trail(folder: Path) -> None:
    (folder / "config" / "blocked.yaml").write_text(
        f"guard: {{block: [{{numbers: ['{OTHER}'], prefixes: ['+47 820']}}]}}\n", encoding="utf-8"
    )
    made = hotline(folder, "block", PEST, "--reason", f"rang {OTHER} too", "--json")
    ident = json.loads(made.stdout)["set"]["id"]
    (trail,) = folder.rglob("audit.jsonl")
    for shown in (hotline(folder, "blocks").stdout, hotline(folder, "blocks", "--json").stdout):
        assert PEST not in shown
        assert OTHER not in shown
        assert shown.count("999") == 1
        assert shown.count("888") == 2
        assert "+47820" in shown
    assert "numbers.read" not in trail.read_text(encoding="utf-8")
    full = hotline(folder, "blocks", "--numbers").stdout
    assert full.count(OTHER) == 2
    assert PEST in full
    assert "numbers.read" in trail.read_text(encoding="utf-8")
    assert hotline(folder, "unblock", ident).stdout == "+47 •••• 999: is not blocked any more\n"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("block", "kari"), "is not a telephone number"),
        (("block", "+47*"), "everybody in your own country"),
        (("block", PEST, "--for", "soon"), "is no length: write 7d"),
        (("unblock", PEST), "is not blocked by hand"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    folder: Path, arguments: tuple[str, ...], why: str
) -> None:
    done = hotline(folder, *arguments)
    assert done.returncode == 2
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1

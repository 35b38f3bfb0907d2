"""`hotline costs invoices`: the carriers' lists that are new."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.test_costs import CONTRACTS, house, run
from tests.plans import DEMO

__all__ = ["house"]

GOOD = (
    "T,B,S,A\n2026-11-23 17:22:21,+4722851235,6,0.00\n"
    "2026-11-23 17:23:20,+4722851235,14,0.60\n2026-11-23 17:23:23,+4722850000,11,1.69\n"
)


@pytest.fixture
def folder(house: Path) -> Path:
    written = CONTRACTS.replace("S, amount: A}", 'S, amount: A, files: "lists/*.csv"}')
    (house / "hotline.yaml").write_text(DEMO + written)
    made = house / "lists"
    made.mkdir()
    return made


def put(file: Path, text: str, *, age: float = 3600) -> None:
    """A list that has lain there for so many seconds."""
    file.write_text(text)
    at = file.stat().st_mtime - age
    os.utime(file, (at, at))


def test_each_list_is_compared_once_whatever_its_name(folder: Path) -> None:
    put(folder / "november.csv", GOOD)
    assert run("invoices") == "november.csv of telecom against the record: no differences\n"
    assert run("invoices") == "no list is new\n"
    put(folder / "copy.csv", GOOD)
    assert run("invoices") == "no list is new\n"


def test_a_corrected_list_is_another_and_its_differences_are_named_by_call(folder: Path) -> None:
    put(folder / "november.csv", GOOD)
    run("invoices")
    put(folder / "november.csv", GOOD.replace("1.69", "9.99").replace("17:22:21", "19:22:21"))
    shown = run("invoices", code=1).splitlines()
    assert shown[0] == "november.csv of telecom against the record: 3 differences"
    assert any(line.endswith("amount, ours 1.69, theirs 9.99") for line in shown)
    assert "- row 2: extra, ours -, theirs 0.00" in shown


def test_a_list_that_cannot_be_read_is_told_with_its_row_and_again_when_its_columns_are_put_right(
    folder: Path,
) -> None:
    put(folder / "november.csv", GOOD.replace(",0.60", ",much"))
    shown = run("invoices", code=1)
    assert "november.csv of telecom could not be compared: row 3 of the invoice: 'much' is no amount" in shown
    assert run("invoices") == "no list is new\n"
    configuration = folder.parent / "hotline.yaml"
    configuration.write_text(configuration.read_text().replace("amount: A,", "amount: B,"))
    assert "row 2 of the invoice" in run("invoices", code=1)


def test_a_list_that_is_still_on_its_way_waits(folder: Path) -> None:
    put(folder / "november.csv", GOOD[:60], age=0)
    assert run("invoices") == "no list is new\n"


def test_the_night_keeps_what_it_finds_to_be_told_and_no_number(folder: Path) -> None:
    put(folder / "november.csv", GOOD.replace("1.69", "9.99"))
    (found,) = json.loads(run("invoices", "--night", "2026-11-26", "--json", code=1))["invoices"]
    assert (found["differences"], found["day"], found["told"]) == (1, "2026-11-26", False)
    (kept,) = (folder.parent / "invoices").iterdir()
    assert json.loads(kept.read_text())["told"] is False
    assert "22850000" not in kept.read_text()


def test_a_folder_is_all_its_files_and_one_that_is_not_there_has_none(folder: Path) -> None:
    configuration = folder.parent / "hotline.yaml"
    configuration.write_text(configuration.read_text().replace("lists/*.csv", "lists"))
    put(folder / "november", GOOD)
    put(folder / ".november.part", GOOD.replace("0.60", "0.61"))
    assert run("invoices") == "november of telecom against the record: no differences\n"
    configuration.write_text(configuration.read_text().replace('files: "lists"', 'files: "gone"'))
    assert run("invoices") == "no list is new\n"

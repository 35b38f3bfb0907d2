"""What LibreOffice makes of our files: it opens them as a person's double click would."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from hotline_ivr.exports.cells import fitting, plain_text
from hotline_ivr.exports.formats import SPREADSHEET, CsvWriter, Writer, Zones
from hotline_ivr.exports.xlsx import XlsxWriter
from tests.exports.records import HOSTILE, TYPED, a_kind, typed_row

OSLO = Zones(ZoneInfo("Europe/Oslo"))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our files as LibreOffice has stored them again: its start is what takes the time."""
    office = shutil.which("soffice")
    if office is None:
        pytest.fail("LibreOffice is not installed: scripts/system-packages test", pytrace=False)
    folder = tmp_path_factory.mktemp("office")
    hostile = a_kind(*((text,) for text in HOSTILE.values()))
    typed = a_kind(typed_row(), columns=TYPED)
    for name, kind in (("hostile", hostile), ("typed", typed)):
        with (folder / f"{name}.csv").open("wb") as file:
            _write(CsvWriter(file, OSLO, SPREADSHEET), kind)
        with (folder / f"{name}.xlsx").open("wb") as file:
            _write(XlsxWriter(file, OSLO, folder), kind)
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    # Semicolon, quotes, UTF-8, from the first line, English names for months; numbers are recognised.
    told_csv = "--infilter=CSV:59,34,76,1,,1044,false,true"
    for names, more in ((["hostile.csv", "typed.csv"], [told_csv]), (["hostile.xlsx", "typed.xlsx"], [])):
        made = folder / names[0].rpartition(".")[2]
        command = [office, profile, "--headless", *more, "--convert-to", "xlsx", "--outdir", str(made)]
        subprocess.run(
            [*command, *(str(folder / name) for name in names)], check=True, capture_output=True, timeout=100
        )
    return folder


def _write(writer: Writer, kind: object) -> None:
    writer.begin(kind)  # type: ignore[arg-type]
    for page in kind.pages(None, None):  # type: ignore[attr-defined]
        writer.write(page)
    writer.finish()


def _cells(path: Path) -> list[object]:
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    rows = list(sheet.iter_rows(min_row=2))
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n"}, "a formula"
    return [row[0].value for row in rows]


def test_hostile_text_of_a_spreadsheet_is_text_in_libreoffice(opened: Path) -> None:
    found = dict(zip(HOSTILE, _cells(opened / "xlsx" / "hostile.xlsx"), strict=True))
    assert found["number"] == "007"
    assert found["plus"] == "+4722851234"
    for name in (
        "formula",
        "at",
        "html",
        "four bytes",
        "apostrophe",
        "bidi",
        "newline",
        "long",
        "error",
        "excel escape",
    ):
        assert found[name] == fitting(HOSTILE[name]), name


def test_hostile_text_of_csv_is_text_in_libreoffice(opened: Path) -> None:
    found = dict(zip(HOSTILE, _cells(opened / "csv" / "hostile.xlsx"), strict=True))
    for name in ("formula", "plus", "minus", "at", "tab", "return", "blank", "wide", "apostrophe"):
        assert str(found[name]).removeprefix("'") == plain_text(HOSTILE[name]), name
    for name in ("html", "four bytes", "newline", "bidi", "quotes", "plain"):
        assert found[name] == plain_text(HOSTILE[name]), name


def test_typed_cells_of_a_spreadsheet_are_typed_in_libreoffice(opened: Path) -> None:
    sheet = openpyxl.load_workbook(opened / "xlsx" / "typed.xlsx")["Tests"]
    _text, number, at, took, times, price, well = sheet[2]
    assert number.value == "+4722851234"
    assert at.value == datetime.fromisoformat("2026-07-01T12:30:15.250")
    assert took.value == timedelta(days=1, hours=1, minutes=1, seconds=1, milliseconds=500)
    # LibreOffice keeps what is true as a function without arguments.
    assert (times.value, price.value, well.value) == (3, -1234.5, "=TRUE()")
    assert "NOK" in price.number_format
    # What is frozen is of the view, which LibreOffice has none of without a screen.
    assert sheet.auto_filter.ref == "A1:G2"


def test_csv_for_a_spreadsheet_has_moments_and_decimals_of_a_norwegian_one(opened: Path) -> None:
    sheet = openpyxl.load_workbook(opened / "csv" / "typed.xlsx").active
    assert sheet is not None
    _text, number, at, took, times, price, well = sheet[2]
    assert number.value == "'+4722851234"
    assert at.value == datetime.fromisoformat("2026-07-01T12:30:15")
    assert (took.value, times.value, price.value, well.value) == (90061.5, 3, -1234.5, "true")


def test_the_csv_that_libreoffice_was_given_is_rfc_4180(opened: Path) -> None:
    data = (opened / "hostile.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(data, newline=""), delimiter=";"))
    assert len(rows) == len(HOSTILE) + 1

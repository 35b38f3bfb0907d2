"""Bytes of the formats, read again by the libraries of others."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow.parquet
import pytest

from hotline_ivr.exports.cells import fitting, plain_text
from hotline_ivr.exports.formats import SPREADSHEET, CsvStyle, CsvWriter, NdjsonWriter, Writer, Zones
from hotline_ivr.exports.parquet import ParquetWriter
from hotline_ivr.exports.xlsx import XlsxWriter
from tests.exports.records import HOSTILE, TYPED, a_kind, typed_row

OSLO = Zones(ZoneInfo("Europe/Oslo"))


def written(writer: Writer, *kinds: object) -> None:
    for kind in kinds:
        writer.begin(kind)  # type: ignore[arg-type]
        for page in kind.pages(None, None):  # type: ignore[attr-defined]
            writer.write(page)
    writer.finish()


def csv_of(kind: object, style: CsvStyle | None = None) -> bytes:
    file = io.BytesIO()
    written(CsvWriter(file, OSLO, style), kind)
    return file.getvalue()


def test_csv_for_programs_is_exact() -> None:
    assert csv_of(a_kind(typed_row(), columns=TYPED)).decode() == (
        "text,number,at,took_s,times,price,well\r\n"
        "x,'+4722851234,2026-07-01T12:30:15.250+02:00,90061.500,3,-1234.50,true\r\n"
    )


def test_csv_for_a_spreadsheet_has_its_marks() -> None:
    data = csv_of(a_kind(typed_row(), columns=TYPED), SPREADSHEET)
    assert data.startswith(b"\xef\xbb\xbftext;number;")
    assert data.decode("utf-8-sig").splitlines()[1] == (
        "x;'+4722851234;2026-07-01 12:30:15;90061,500;3;-1234,50;true"
    )


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_reader_of_csv_gets_hostile_text_back_by_taking_the_apostrophe_away(delimiter: str) -> None:
    kind = a_kind(*((text,) for text in HOSTILE.values()))
    data = csv_of(kind, CsvStyle(delimiter=delimiter))
    assert data.replace(b"\r\n", b"").count(b"\r") == 0
    rows = list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter))
    assert [row[0].removeprefix("'") for row in rows[1:]] == [plain_text(text) for text in HOSTILE.values()]
    assert all(len(row) == 1 for row in rows)
    assert not [row for row in rows if row[0][:1] in {"=", "+", "-", "@", "\t", "\r"}]


def test_empty_cells_are_empty_everywhere(tmp_path: Path) -> None:
    kind = a_kind((None,) * len(TYPED), columns=TYPED)
    assert csv_of(kind).splitlines()[1] == b",,,,,,"
    file = io.BytesIO()
    written(XlsxWriter(file, OSLO, tmp_path), kind)
    sheet = openpyxl.load_workbook(file)["Tests"]
    assert [cell.value for cell in sheet[2]] == [] or all(cell.value is None for cell in sheet[2])


def test_ndjson_is_one_object_a_line_with_exact_amounts() -> None:
    file = io.BytesIO()
    written(NdjsonWriter(file, OSLO), a_kind(typed_row("\ud800=1\n2"), columns=TYPED))
    assert json.loads(file.getvalue()) == {
        "text": "=1\n2",
        "number": "+4722851234",
        "at": "2026-07-01T12:30:15.250+02:00",
        "took_s": 90061.5,
        "times": 3,
        "price": "-1234.50",
        "well": True,
    }
    assert file.getvalue().count(b"\n") == 1


def test_parquet_is_typed() -> None:
    file = io.BytesIO()
    written(ParquetWriter(file), a_kind(typed_row(), (None,) * len(TYPED), columns=TYPED))
    table = pyarrow.parquet.read_table(io.BytesIO(file.getvalue()))
    assert [str(field.type) for field in table.schema] == [
        "string",
        "string",
        "timestamp[us, tz=UTC]",
        "duration[ms]",
        "int64",
        "decimal128(28, 10)",
        "bool",
    ]
    assert table.column("at")[0].as_py() == datetime(2026, 7, 1, 10, 30, 15, 250_000, tzinfo=UTC)
    assert table.column("took")[0].as_py() == timedelta(milliseconds=90_061_500)
    assert table.column("price")[0].as_py() == Decimal("-1234.50")
    assert all(value is None for value in table.slice(1).to_pylist()[0].values())


def test_xlsx_has_typed_cells_a_frozen_heading_and_filters(tmp_path: Path) -> None:
    file = io.BytesIO()
    written(XlsxWriter(file, OSLO, tmp_path), a_kind(typed_row(), columns=TYPED))
    sheet = openpyxl.load_workbook(file)["Tests"]
    assert [cell.value for cell in sheet[1]] == ["Text", "Number", "At", "Took", "Times", "Price", "Well"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:G2"
    assert sheet.column_dimensions["B"].width > 10
    text, number, at, took, times, price, well = sheet[2]
    assert (number.value, number.data_type, number.number_format) == ("+4722851234", "s", "@")
    assert (at.value, at.is_date) == (datetime.fromisoformat("2026-07-01T12:30:15.250"), True)
    assert took.value == timedelta(days=1, hours=1, minutes=1, seconds=1, milliseconds=500)
    assert (took.number_format, price.number_format) == ("[h]:mm:ss", "#,##0.00 [$NOK]")
    assert (times.value, price.value, well.value) == (3, -1234.5, True)
    assert text.data_type == "s"
    assert not list(tmp_path.iterdir())


def test_hostile_text_in_xlsx_is_text(tmp_path: Path) -> None:
    file = io.BytesIO()
    written(XlsxWriter(file, OSLO, tmp_path), a_kind(*((text,) for text in HOSTILE.values())))
    sheet = openpyxl.load_workbook(file)["Tests"]
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    found = dict(zip(HOSTILE, (cell.value for cell in cells), strict=True))
    # openpyxl shows Excel's own escapes as they stand in the file.
    assert found.pop("excel escape") == "_x005F_x0041_ and _x005F_x000D_"
    assert found == {name: fitting(text) for name, text in HOSTILE.items() if name != "excel escape"}
    assert not [cell for cell in cells if cell.hyperlink]


def test_more_rows_than_a_sheet_holds_go_on_in_a_further_one(tmp_path: Path) -> None:
    file = io.BytesIO()
    other = a_kind(("z",))
    writer = XlsxWriter(file, OSLO, tmp_path, most_rows=4)
    writer.begin(a_kind())
    writer.write([(str(number),) for number in range(7)])
    writer.begin(replace(other, title="Others"))
    writer.write([("z",)])
    writer.finish()
    book = openpyxl.load_workbook(file)
    told = {sheet.title: [row[0].value for row in sheet.iter_rows()] for sheet in book}
    assert told == {
        "Tests": ["Text", "0", "1", "2"],
        "Tests (2)": ["Text", "3", "4", "5"],
        "Tests (3)": ["Text", "6"],
        "Others": ["Text", "z"],
    }
    assert [sheet.auto_filter.ref for sheet in book] == ["A1:A4", "A1:A4", "A1:A2", "A1:A2"]

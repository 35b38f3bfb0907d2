"""Spreadsheets as programs really write them, read for the register; what is none is refused."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, time

import pytest

from hotline_ivr.errors import ArgumentError
from hotline_ivr.launch import spreadsheet
from hotline_ivr.launch.spreadsheet import read_spreadsheet
from tests.launch.import_office import HEADING, ROWS, Office, office, workbook

__all__ = ["office"]


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ";"), ("utf-8-sig", ","), ("cp1252", ";"), ("utf-16", "\t"), ("utf-8", "|")],
)
async def test_encoding_and_delimiter_are_found(office: Office, encoding: str, delimiter: str) -> None:
    text = "\r\n".join([HEADING, *ROWS]).replace(";", delimiter)
    done = await office.take(office.write("old.csv", text.encode(encoding)))
    assert done.written == 3
    assert done.rows[0][1].text.question == "Når er fristen?"
    assert done.rows[1][1].text.question == "Hva koster det?\nOg når?"


async def test_a_line_that_names_the_delimiter_is_heeded(office: Office) -> None:
    done = await office.take(
        office.write("old.csv", "sep=|\n" + "\n".join([HEADING, *ROWS]).replace(";", "|"))
    )
    assert [row for row, _ in done.rows] == [3, 4, 6]


async def test_an_xlsx_has_typed_cells_a_title_and_blank_rows(office: Office) -> None:
    path = office.write(
        "old.xlsx",
        workbook(
            ["Henvendelser 2026"],
            [],
            ["Dato", "Klokkeslett", "Telefon", "Spørsmål", "Svar"],
            [datetime(2026, 11, 23, 10, 15), None, 90012345, "Når?", "Nå"],  # noqa: DTZ001  cells have no zone
            [None, None, None, None, None],
            [datetime(2026, 11, 24), time(9, 30), "+47 90 01 23 46", "Hvor?", None],  # noqa: DTZ001
        ),
    )
    done = await office.take(path)
    assert [row for row, _ in done.rows] == [4, 6]
    first, second = (entry for _, entry in done.rows)
    assert (first.at, first.number) == (datetime(2026, 11, 23, 9, 15, tzinfo=UTC), "+4790012345")
    assert (second.at, second.number) == (datetime(2026, 11, 24, 8, 30, tzinfo=UTC), "+4790012346")
    with pytest.raises(ArgumentError, match="no sheet 'Feil'; sheets are Ark1, Annet"):
        await office.take(path, sheet="Feil")
    with pytest.raises(ArgumentError, match="no row has headings"):
        await office.take(path, sheet="Annet")


async def test_what_is_no_spreadsheet_is_refused_with_a_remedy(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases: list[tuple[str, bytes, str]] = [
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "save it as XLSX or CSV"),
        ("a.xlsx", b"PK\x03\x04" + b"\0" * 600, "cannot be read as XLSX"),
        ("a.xlsx", workbook(["Dato"])[:2000], "cannot be read as XLSX"),
        ("a.csv", b"\x00\x01\x02" * 200, "neither a spreadsheet nor text"),
        ("a.csv", b"", "no row has headings"),
        ("a.csv", "Tema;Spørsmål\nx;y".encode(), "no column holds the date"),
    ]
    for name, data, why in cases:
        with pytest.raises(ArgumentError, match=why):
            await office.take(office.write(name, data))
    with pytest.raises(ArgumentError, match="cannot be read: No such file"):
        await office.take(office.folder / "nowhere.csv")
    with pytest.raises(ArgumentError, match="no line 'opne'; did you mean 'open'"):
        await office.take(office.write("a.csv", HEADING), line="opne")
    with pytest.raises(ArgumentError, match="no order of dates"):
        await office.take(office.write("a.csv", HEADING), dates="ymd")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/workbook.xml", b" " * 2_000_000)
    monkeypatch.setattr(spreadsheet, "MAX_UNPACKED", 1_000_000)
    with pytest.raises(ArgumentError, match="unpacks into more"):
        await office.take(office.write("bomb.xlsx", packed.getvalue()))
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", 2)
    with pytest.raises(ArgumentError, match="more than 2 rows"):
        read_spreadsheet(office.write("long.csv", "a\n" * 3))
    monkeypatch.setattr(spreadsheet, "MAX_BYTES", 2)
    with pytest.raises(ArgumentError, match="larger than"):
        read_spreadsheet(office.write("long.csv", "a\n" * 3))


async def test_a_hostile_xlsx_opens_no_file_and_fills_no_memory(office: Office) -> None:
    """An entity of a file of ours, and one that grows: both are refused by the XML parser."""
    good = workbook(["Dato", "Spørsmål"], ["2026-11-23", "x"])
    for entity in (
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY b "xxxxxxxxxx"><!ENTITY a "&b;&b;&b;">',
    ):
        changed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(changed, "w") as target:
            for name in source.namelist():
                data = source.read(name)
                if name == "xl/workbook.xml":
                    head = f"<!DOCTYPE workbook [{entity}]>".encode()
                    data = head + data.replace(b"Ark1", b"&a;")
                target.writestr(name, data)
        with pytest.raises(ArgumentError, match="cannot be read as XLSX"):
            await office.take(office.write("evil.xlsx", changed.getvalue()))

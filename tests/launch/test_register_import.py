"""An office's old spreadsheet, as programs really write it, into the register of a real database."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.errors import ArgumentError
from hotline_ivr.launch import spreadsheet
from hotline_ivr.launch.register_import import Imported, import_sheet
from hotline_ivr.launch.register_sheet import Wanted
from hotline_ivr.launch.spreadsheet import read_spreadsheet
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.register_list import EntryFilter
from hotline_ivr.store.register_privacy import OlderThan, erase_entries
from hotline_ivr.testing.plans import plan
from hotline_ivr.testing.stack import write_config
from tests.postgres import database_url, postgres

__all__ = ["database_url", "postgres"]

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HEADING = "Dato;Kl.;Tema;Spørsmål;Svar"
ROWS = [
    "23.11.2026;10.15;Eksamen;Når er fristen?;15. april",
    '23.11.2026;11.00;;"Hva koster det?\nOg når?";=1+1',
    "24.11.2026;;Eksamen;Når er fristen?;15. april",
]


class Office:
    """A node with a configuration and an empty database; nothing runs."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self.settings = Settings.from_environment(
            {
                "HOTLINE_STATE": str(folder / "state"),
                "HOTLINE_CONFIG": str(folder / "config"),
                "DATABASE_URL": database,
            }
        )
        config = plan({"anna": None}, now=NOW)
        config["topics"] = {"exams": {"name": {"nb": "Eksamen", "en": "Exams"}}}
        write_config(self.settings.config, config)

    def write(self, name: str, data: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    async def take(self, path: Path, line: str | None = "open", **more: Any) -> Imported:
        values: dict[str, Any] = {"sheet": None, "mapped": (), "dates": "auto", "by": "kari", **more}
        return await import_sheet(self.settings, Wanted(path, line, **values), NOW)

    async def count(self) -> int:
        store = open_store(self.settings.database)
        try:
            return len(await DatabaseRegister(store).find(EntryFilter(limit=1000)))
        finally:
            await store.close()


@pytest.fixture
async def office(tmp_path: Path) -> Office:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    await upgrade(url)
    return Office(tmp_path, url)


async def test_a_file_is_imported_once_and_what_is_added_to_it_later_too(office: Office) -> None:
    path = office.write("old.csv", "\n".join([HEADING, *ROWS]))
    seen = await office.take(path, dry_run=True)
    assert (len(seen.rows), seen.written, await office.count()) == (3, 0, 0)
    assert seen.columns[2:] == (("Tema", "topic"), ("Spørsmål", "question"), ("Svar", "answer"))
    assert (await office.take(path)).summary == "3 rows imported"
    again = await office.take(path)
    assert (again.written, again.known, again.summary) == (0, 3, "0 rows imported; 3 are there already")
    office.write("old.csv", "\n".join([HEADING, *ROWS, "25.11.2026;;Eksamen;Ny;"]))
    assert (await office.take(path)).written == 1
    assert await office.count() == 4
    actions = [
        (each.action, each.subject, each.details["rows"])
        for each in AuditTrail(office.settings.audit_file).entries()
    ]
    assert actions == [("register.import", "old.csv", "3"), ("register.import", "old.csv", "1")]


async def test_one_bad_row_keeps_all_out_unless_told_otherwise(office: Office) -> None:
    path = office.write("old.csv", "\n".join([HEADING, *ROWS, "31.02.2026;;Eksamn;x;"]))
    done = await office.take(path)
    # The second row of three has two lines.
    assert [(each.row, each.column) for each in done.refused] == [(6, "Dato"), (6, "Tema")]
    assert (done.written, await office.count()) == (0, 0)
    assert done.summary.startswith("1 rows are refused, so nothing has been written")
    assert (await office.take(path, skip_bad=True)).written == 3


@pytest.mark.parametrize(
    ("heading", "cells", "column"),
    [
        ("Dato;Spørsmål;Ansvarlig;Gjenstår", "23.11.2026;Når?;anna;ring tilbake", "Ansvarlig"),
        ("Dato;Spørsmål;Gjenstår", "23.11.2026;Når?;ring tilbake", "Gjenstår"),
        ("Dato;Spørsmål;Utført", "23.11.2026;Når?;ja", "Utført"),
        ("Dato;Spørsmål;Utført", "23.11.2026;Når?;tja", "Utført"),
        ("Dato;Spørsmål;Svar", f"23.11.2026;Når?;{'x' * 4001}", "Svar"),
        ("Dato;Spørsmål;Stikkord", f'23.11.2026;Når?;"{",".join(f"a{n}" for n in range(21))}"', "Stikkord"),
        ("Dato;Spørsmål;Stikkord", f"23.11.2026;Når?;{'y' * 41}", "Stikkord"),
        ("Dato;Spørsmål;Frist;Gjenstår", f"23.11.2026;Når?;1.12.2026;{'z' * 501}", "Gjenstår"),
        ("Dato;Spørsmål", "23.11.2026;Når er fristen; og hvor?", "3"),
    ],
)
async def test_a_row_of_which_a_part_would_be_lost_is_refused_with_its_place(
    office: Office, heading: str, cells: str, column: str
) -> None:
    done = await office.take(office.write("old.csv", f"{heading}\n{cells}"))
    assert [(each.row, each.column) for each in done.refused] == [(2, column)]
    assert (done.written, await office.count()) == (0, 0)


async def test_a_follow_up_without_a_day_gets_the_one_that_was_named(office: Office) -> None:
    text = "Dato;Spørsmål;Frist;Ansvarlig;Gjenstår;Utført\n"
    text += (
        "23.11.2026;a;;anna;ring tilbake;\n23.11.2026;b;;;;ja\n23.11.2026;c;1.12.2026;;;\n23.11.2026;d;;;;nei"
    )
    path = office.write("old.csv", text)
    refused = (await office.take(path)).refused
    assert [each.row for each in refused] == [2, 3]
    assert "--due 2026-12-01" in refused[0].message
    todos = [entry.follow_up for _, entry in (await office.take(path, due="2026-12-24")).rows]
    first, done, own, none = todos
    assert first is not None
    assert done is not None
    assert own is not None
    assert (first.due, first.owner, first.note) == (date(2026, 12, 24), "anna", "ring tilbake")
    assert (first.is_open, done.is_open, done.due) == (True, False, date(2026, 12, 24))
    assert (own.due, none) == (date(2026, 12, 1), None)
    with pytest.raises(ArgumentError, match="'snart' is no day"):
        await office.take(path, due="snart")


async def test_texts_are_cut_only_for_who_asks_and_it_is_told_where(office: Office) -> None:
    path = office.write(
        "old.csv", f"Dato;Spørsmål;Svar\n23.11.2026;{'x' * 4001};y\n23.11.2026;z;{'y' * 4000}"
    )
    assert "--shorten" in (await office.take(path)).refused[0].message
    done = await office.take(path, shorten=True)
    assert done.shortened == ((2, "Spørsmål"),)
    assert [len(entry.text.question) for _, entry in done.rows] == [4000, 1]
    assert done.summary == "2 rows imported; 1 texts are too long and are cut"


async def test_columns_without_a_heading_are_told_and_none_is_left_out_unsaid(office: Office) -> None:
    path = office.write("old.csv", "Dato;;Spørsmål;\n23.11.2026;7;Når?;")
    done = await office.take(path)
    assert done.columns == (("Dato", "date"), ("2 (no heading)", None), ("Spørsmål", "question"))
    assert done.written == 1
    wide = office.write("wide.csv", "Dato;Spørsmål\n" + "23.11.2026;" + ";" * 120 + "x")
    with pytest.raises(ArgumentError, match=r"more than 100 columns \(row 2\)"):
        await office.take(wide)


async def test_what_was_erased_does_not_come_back_with_the_same_file(office: Office) -> None:
    path = office.write("old.csv", "\n".join([HEADING, *ROWS]))
    await office.take(path)
    store = open_store(office.settings.database)
    await store.write(lambda on: erase_entries(on, OlderThan(NOW), NOW, "purge"))
    await store.close()
    assert (await office.take(path)).written == 0


async def test_on_postgres_too(tmp_path: Path, database_url: str) -> None:
    await upgrade(database_url)
    office = Office(tmp_path, database_url)
    path = office.write("old.csv", "\n".join([HEADING, *ROWS * 400]))
    assert (await office.take(path)).written == 1200
    assert (await office.take(path)).known == 1200


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


def workbook(*rows: list[Any], title: str = "Ark1") -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.create_sheet("Annet").append(["nothing"])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


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

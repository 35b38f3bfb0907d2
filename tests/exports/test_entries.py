"""Entries of the register as rows: texts only where they are wanted, and as safe as all others."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest

from hotline_ivr.exports import kinds
from hotline_ivr.exports.columns import Wanted
from hotline_ivr.exports.writing import Format, Order, export
from hotline_ivr.routing.disclosure import Full
from hotline_ivr.routing.entries import EntryText, FollowUp
from hotline_ivr.store import streaming
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.register_book import DatabaseRegister
from tests.exports.records import EVERYTHING, fill
from tests.exports.test_kinds import order, read
from tests.plans import a_plan
from tests.store.register_entries import MINUTE, NOON, an_entry

FORMULA = "=cmd|' /C calc'!A0"
TODO = FollowUp(date(2026, 11, 25), "anna", "ring Mrs Hansen")


async def kept(url: str) -> str:
    """One entry with everything, in its second version, and one of another line; the first one's id."""
    await fill(url)
    store = open_store(url)
    register = DatabaseRegister(store)
    first = an_entry("old", "", number="+4798765432", follow_up=TODO)
    first = replace(first, prepared="postponed", variant="short", prepared_text="Ja, til 15. april.")
    await register.add(first)
    text = EntryText(FORMULA, "Yes,\nby post", ("exams", "hansen"))
    await register.change(replace(first, text=text, changed_at=first.changed_at + MINUTE), 1)
    await register.add(an_entry("other", minutes=30, line="courses"))
    await store.close()
    return first.id


async def file_of(url: str, format_: Format, kind: str, folder: Path) -> bytes:
    file = io.BytesIO()
    asked = Order(kind=kind, format=format_, wanted=EVERYTHING, texts=True)
    await asyncio.to_thread(
        streaming.read_at_length,
        url,
        lambda on: export(asked, on, a_plan(), file, folder=folder, told=lambda *_: None),
    )
    return file.getvalue()


@pytest.mark.parametrize("page", [1, 1_000])
async def test_each_entry_is_a_row_as_it_is_now(
    database_url: str, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(streaming, "PAGE", page)
    ident = await kept(database_url)
    first, other = await read(database_url, order("entries", texts=True, disclosure=Full()), a_plan())
    assert (first["id"], first["version"], first["line"], other["line"]) == (ident, 2, "info", "courses")
    assert (first["question"], first["answer"], first["tags"]) == (FORMULA, "Yes,\nby post", "exams, hansen")
    assert first["prepared_text"] == "Ja, til 15. april."
    assert (first["number"], first["follow_up_note"]) == ("+4798765432", "ring Mrs Hansen")
    (chosen,) = await read(database_url, order("entries", Wanted(NOON, EVERYTHING.until, ("courses",))))
    assert chosen["id"] == other["id"]
    assert await read(database_url, order("entries", Wanted(None, NOON))) == []


async def test_without_texts_nothing_that_people_said_is_told(database_url: str) -> None:
    await kept(database_url)
    first, _ = await read(database_url, order("entries"), a_plan())
    texts = ("question", "answer", "prepared_text", "tags", "follow_up_note")
    said: dict[str, Any] = {name: first[name] for name in texts}
    assert set(said.values()) == {""}
    assert first["number"] == "+47 •••• 432"
    assert (first["outcome"], first["follow_up_due"]) == ("answered", "2026-11-25")


async def test_every_format_has_them_and_no_formula(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    await kept(url)
    row, _ = csv.DictReader(
        io.StringIO((await file_of(url, "csv", "entries", tmp_path)).decode(), newline="")
    )
    assert row["question"] == f"'{FORMULA}"
    book = openpyxl.load_workbook(io.BytesIO(await file_of(url, "xlsx", "all", tmp_path)))
    assert book.sheetnames[-1] == "Entries"
    assert len(book.sheetnames) == len(kinds.KINDS)
    cells = {cell.value: cell.data_type for cell in book["Entries"][2]}
    assert cells[FORMULA] == "s"
    table = pyarrow.parquet.read_table(io.BytesIO(await file_of(url, "parquet", "entries", tmp_path)))
    assert table.column("question").to_pylist() == [FORMULA, "other"]

"""An office's old spreadsheet, as programs really write it, into the register of a real database."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.errors import ArgumentError
from hotline_ivr.launch.privacy.entries import erase_person
from hotline_ivr.launch.privacy.place import privacy_place
from hotline_ivr.launch.register_undo import list_batches
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.register_privacy import Ids, OlderThan, erase_entries, redact_numbers
from tests.launch.import_office import HEADING, NOW, ROWS, Office, office, workbook
from tests.postgres import database_url, postgres

__all__ = ["database_url", "office", "postgres"]


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


async def test_a_column_that_is_mapped_later_makes_no_second_entries(office: Office) -> None:
    """As the dry run suggests it: first without the column, then with it."""
    text = "Dato;Spørsmål;Merknad\n" + "\n".join(f"23.11.2026;Spørsmål {n};Svar {n}" for n in range(212))
    path = office.write("old.csv", text)
    assert (await office.take(path)).written == 212
    again = await office.take(path, mapped=("Merknad=answer",))
    assert (again.written, again.known, await office.count()) == (0, 212, 212)
    assert again.summary.endswith("of which 212 were changed in the sheet: --update takes that over")
    done = await office.take(path, mapped=("Merknad=answer",), update=True)
    assert (done.updated, await office.count()) == (212, 212)
    entries = await office.entries()
    assert {(each.version, each.text.answer[:5], each.outcome.value) for each in entries} == {
        (2, "Svar ", "answered")
    }
    assert (await office.take(path, mapped=("Merknad=answer",), update=True)).changes == ()


async def test_a_csv_is_known_again_by_the_xlsx_that_it_came_from(office: Office) -> None:
    day = datetime(2026, 11, 23, 10, 15)  # noqa: DTZ001  cells have no zone
    book = workbook(
        ["Dato", "Telefon", "Spørsmål"],
        [day, 90012345, "Når er  fristen?"],
        [day.date(), 90012346.0, "Hvor?"],
    )
    assert (await office.take(office.write("old.xlsx", book))).written == 2
    text = "Dato;Telefon;Spørsmål\n23.11.2026 10:15;90 01 23 45;Når er fristen?\n23.11.2026;90012346;Hvor?\n"
    done = await office.take(office.write("old.csv", text))
    assert (done.written, done.known, done.changes) == (0, 2, ())


async def test_what_was_corrected_in_the_sheet_is_told_and_taken_over_where_asked(office: Office) -> None:
    head = "Nr;Dato;Spørsmål;Svar"
    path = office.write("old.csv", f"{head}\n17;23.11.2026;Når?;15. april\n18;23.11.2026;Hvor?;Her")
    await office.take(path)
    path = office.write("old.csv", f"{head}\n17;23.11.2026;Når er det?;1. mai\n18;23.11.2026;Hvor?;Der")
    seen = await office.take(path)
    assert [(each.row, each.fields) for each in seen.changes] == [
        (2, ("question", "answer")),
        (3, ("answer",)),
    ]
    assert (seen.batch, seen.updated) == ("", 0)
    hvor = next(each for each in await office.entries() if each.text.question == "Hvor?")
    changed = replace(hvor, text=replace(hvor.text, answer="Ved døra"), changed_via="rest")
    await office.change(changed)
    done = await office.take(path, update=True)
    assert (done.updated, [each.row for each in done.changes if each.entry is None]) == (1, [3])
    assert "1 were changed both in the sheet and in the register, and stay" in done.summary
    said = {(each.text.question, each.text.answer) for each in await office.entries()}
    assert said == {("Når er det?", "1. mai"), ("Hvor?", "Ved døra")}
    trail = list(AuditTrail(office.settings.audit_file).entries())[-1]
    assert (trail.details["updated"], trail.details["batch"]) == ("1", done.batch)


async def test_an_import_is_taken_back_and_can_be_done_again(office: Office) -> None:
    path = office.write("old.csv", "\n".join([HEADING, *ROWS]))
    first = await office.take(path)
    office.write("old.csv", "\n".join([HEADING, *ROWS[:2], "24.11.2026;;Eksamen;Når er fristen?;1. mai"]))
    second = await office.take(path, update=True)
    assert (second.updated, second.written) == (1, 0)
    with pytest.raises(ArgumentError, match="no import 'nobody'"):
        await office.undo("nobody")
    looked = await office.undo(second.batch, dry_run=True)
    assert looked.summary == "0 entries removed, 1 as they were before; nothing has been written"
    # The first one cannot go while another has built upon it.
    assert (await office.undo(first.batch)).stays
    assert (await office.undo(second.batch)).undone.restored == 1
    assert {each.text.answer for each in await office.entries()} == {"15. april", "=1+1"}
    done = await office.undo(first.batch)
    assert (done.undone.removed, await office.count()) == (3, 0)
    with pytest.raises(ArgumentError, match=r"was taken back at .* by kari"):
        await office.undo(first.batch)
    listed = await list_batches(office.settings, 10)
    assert {(each.id, each.file, each.added, each.updated, each.undone_by) for each in listed} == {
        (first.batch, "old.csv", 3, 0, "kari"),
        (second.batch, "old.csv", 0, 1, "kari"),
    }
    assert (await office.take(path)).written == 3


async def test_what_somebody_changed_or_erased_since_an_import_does_not_go_with_it_unasked(
    office: Office,
) -> None:
    path = office.write("old.csv", "\n".join([HEADING, *ROWS]))
    batch = (await office.take(path)).batch
    one, other = (await office.entries())[:2]
    await office.change(replace(one, text=replace(one.text, answer="16. april"), changed_via="rest"))
    store = open_store(office.settings.database)
    await store.write(lambda on: erase_entries(on, Ids([other.id]), NOW, "privacy"))
    await store.close()
    kept = await office.undo(batch)
    assert (kept.stays, kept.undone.changed, await office.count()) == (True, (one.id,), 3)
    done = await office.undo(batch, changed_too=True)
    assert (done.undone.removed, done.undone.erased) == (2, 1)
    assert done.summary.endswith("1 were erased for privacy and stay as they are")
    assert [each.id for each in await office.entries()] == [other.id]
    assert (await office.take(path)).written == 2, "what was erased does not come back"


async def test_two_rows_that_ask_the_same_are_two_in_whatever_order_they_stand(office: Office) -> None:
    rows = [f"23.11.2026;;Eksamen;Når?;{answer}" for answer in ("a", "b", "c")]
    path = office.write("old.csv", "\n".join([HEADING, *rows]))
    await office.take(path)
    office.write("old.csv", "\n".join([HEADING, rows[2], "23.11.2026;;Eksamen;Når?;d", rows[0], rows[1]]))
    done = await office.take(path)
    assert ([row for row, _ in done.rows], done.known, done.changes) == ([3], 3, ())


async def test_of_rows_that_ask_the_same_an_erased_one_does_not_come_back_as_a_change_of_another(
    office: Office,
) -> None:
    rows = [f"23.11.2026;;Eksamen;Når?;{answer}" for answer in ("a", "b")]
    path = office.write("old.csv", "\n".join([HEADING, *rows]))
    await office.take(path)
    gone = next(each for each in await office.entries() if each.text.answer == "a")
    store = open_store(office.settings.database)
    await store.write(lambda on: erase_entries(on, Ids([gone.id]), NOW, "privacy"))
    await store.close()
    office.write("old.csv", "\n".join([HEADING, rows[0], "23.11.2026;;Eksamen;Når?;corrected"]))
    done = await office.take(path, update=True)
    assert (done.written, done.known, done.updated) == (0, 2, 0)
    assert {each.text.answer for each in await office.entries()} == {"", "b"}


async def test_a_number_that_is_no_longer_kept_does_not_come_back_with_the_sheet(office: Office) -> None:
    path = office.write("old.csv", "Dato;Telefon;Spørsmål\n23.11.2026;90012345;Når?")
    await office.take(path)
    store = open_store(office.settings.database)
    await store.write(lambda on: redact_numbers(on, NOW, lambda _: "~ABCDEFGHIJ"))
    await store.close()
    done = await office.take(path, update=True)
    assert (done.known, done.changes) == (1, ())
    assert [each.number for each in await office.entries()] == ["~ABCDEFGHIJ"]


async def test_nobody_without_the_key_can_guess_what_stood_in_a_row(office: Office) -> None:
    """Also of rows that were imported when keys were plain hashes; and these are known again."""
    path = office.write("old.csv", "Dato;Telefon;Spørsmål\n23.11.2026;90012345;Når?")
    await office.take(path)
    plain = "date=23.11.2026\x1fnumber=90012345\x1fquestion=Når?"
    guessed = hashlib.sha256(f"row\x1fopen\x1f{plain}".encode()).hexdigest()[:40] + "-1"
    assert await office.keys() != [guessed]
    await office.run("UPDATE register_import SET key = :key", key=guessed)
    assert (await office.take(path)).known == 1
    changed = office.write("new.csv", "Dato;Telefon;Spørsmål;Svar\n23.11.2026;90012345;Når?;Nå")
    assert (await office.take(changed)).known == 1, "by its day and question, where its cells are others"
    async with privacy_place(office.settings, by="kari", now=NOW) as place:
        await place.store.write(
            lambda on: erase_person(on, place.person("+4790012345"), ["+4790012345"], [], NOW)
        )
    (key,) = await office.keys()
    assert key.startswith("k0-")
    assert (await office.take(path)).written == 0


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
    first = await office.take(path)
    assert first.written == 1200
    assert (await office.take(path)).known == 1200
    office.write(
        "old.csv", "\n".join([HEADING, *[each.replace("15. april", "1. mai") for each in ROWS * 400]])
    )
    second = await office.take(path, update=True)
    assert (second.written, second.updated) == (0, 800)
    assert (await office.undo(second.batch)).undone.restored == 800
    assert {each.text.answer for each in await office.entries()} == {"15. april", "=1+1"}
    assert (await office.undo(first.batch)).undone.removed == 1200
    assert (await office.count(), await office.keys()) == (0, [])

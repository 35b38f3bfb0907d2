"""Rows of an old spreadsheet as entries, and why a row cannot be one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import count

import pytest

from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.routing.sheet_cells import Cell
from hotline_ivr.routing.sheet_columns import HEADINGS, columns_of, field_of, heading_row, read_map
from hotline_ivr.routing.sheet_rows import GoodRow, Reader, Refused, SheetRow, read_rows
from tests.plans import a_plan

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PLAN = a_plan(
    sections={
        "topics": {
            "studies": {
                "name": {"nb": "Studier", "en": "Studies"},
                "topics": {
                    "exams": {"name": {"nb": "Eksamen", "en": "Exams"}},
                    "fees": {"name": "Fees", "retired": "yes"},
                },
            },
            "other": {"name": {"nb": "Annet", "en": "Other"}, "topics": {"misc": {"name": "Fees"}}},
        },
        "advertising": {"radio": {"name": {"nb": "Radio", "en": "Radio"}}},
        "entries": {"outcomes": {"answered": {"nb": "Løst", "en": "Solved"}}},
    }
)


def read(*rows: dict[str, Cell], line: str | None = None) -> tuple[list[GoodRow], list[Refused]]:
    numbers = count()
    reader = Reader(PLAN, "main", "kari", NOW, lambda: f"id{next(numbers)}", line)
    given = [SheetRow(number, cells) for number, cells in enumerate(rows, start=2)]
    return read_rows(given, {"topic": "Tema", "date": "Dato"}, reader)


def test_a_full_row_is_an_entry() -> None:
    (row,), refused = read(
        {
            "date": "23.11.2026",
            "time": "10.15",
            "way": "Besøk",
            "number": "90 01 23 45",
            "operator": "anna berg",
            "topic": "eksamen",
            "question": "Når er fristen?\r\nOg hvor?",
            "answer": "15. april",
            "outcome": "løst",
            "heard_of": "RADIO",
            "tags": "Frist; eksamen, frist",
            "language": "Norsk",
            "due": "1.12.2026",
            "owner": "bjorn",
            "note": "send skjema",
            "done": "nei",
        }
    )
    assert refused == []
    entry = row.entry
    assert (entry.at, entry.line, entry.way) == (datetime(2026, 11, 23, 9, 15, tzinfo=UTC), "info", Way.VISIT)
    assert (entry.number, entry.operator, entry.topic) == ("+4790012345", "anna", "exams")
    assert (entry.topic_words, entry.outcome, entry.heard_of) == (
        "Studier / Eksamen",
        EntryOutcome.ANSWERED,
        "radio",
    )
    assert (entry.text.question, entry.text.tags, entry.language) == (
        "Når er fristen?\nOg hvor?",
        ("eksamen", "frist"),
        "nb",
    )
    assert entry.follow_up is not None
    assert (entry.follow_up.due, entry.follow_up.owner, entry.follow_up.is_open) == (
        date(2026, 12, 1),
        "bjorn",
        True,
    )
    assert (entry.created_by, entry.changed_via) == ("kari", "import")


@pytest.mark.parametrize(
    ("cells", "at"),
    [
        ({"date": datetime(2026, 11, 23, 10, 15)}, (9, 15)),  # noqa: DTZ001  cells have no zone
        ({"date": datetime(2026, 11, 23), "time": time(8, 5)}, (7, 5)),  # noqa: DTZ001
        ({"date": date(2026, 11, 23), "time": "kl 8"}, (7, 0)),
        ({"date": date(2026, 11, 23)}, (11, 0)),
        ({"date": "2026-11-23", "time": time(8, 5)}, (7, 5)),
    ],
)
def test_cells_that_are_dates_are_read_on_the_lines_clock(
    cells: dict[str, Cell], at: tuple[int, int]
) -> None:
    ((row,), _) = read({**cells, "question": "x"})
    assert (row.entry.at.hour, row.entry.at.minute) == at


def test_what_a_row_leaves_out_is_what_is_likely() -> None:
    (answered, other), _ = read(
        {"date": "2026-11-23", "question": "x", "answer": "y", "number": 90012345.0},
        {"date": "2026-11-23", "topic": "Studier / Fees", "number": "0046701234567"},
    )
    assert (answered.entry.outcome, answered.entry.number) == (EntryOutcome.ANSWERED, "+4790012345")
    assert (answered.entry.language, answered.entry.way) == ("nb", Way.CALL)
    assert (other.entry.outcome, other.entry.topic) == (EntryOutcome.OTHER, "fees")
    assert other.entry.number == "+46701234567"


def test_every_reason_why_a_row_is_refused_is_told_with_its_column() -> None:
    good, refused = read(
        {
            "date": "i går",
            "topic": "Eksamn",
            "question": "x",
            "number": "12",
            "operator": "cara",
            "outcome": "fin",
        },
        {"date": "2026-11-23"},
        {"date": "2026-11-29", "question": "x"},
        {"date": 46349, "question": "x"},
        {"date": "2026-11-23", "question": "x", "topic": "Fees"},
        {"date": "2026-11-23", "question": "x", "due": "snart"},
        {"date": "2026-11-23", "question": "x", "due": "2026-12-01", "done": "kanskje"},
        {"date": "2026-11-23", "question": "x", "line": "elsewhere", "language": "Klingon!"},
    )
    assert good == []
    told = {(each.row, each.column): each.message for each in refused}
    assert "is no date" in told[2, "Dato"]
    assert told[2, "Tema"] == "there is no topic 'Eksamn'; did you mean 'Eksamen'?"
    assert "too few digits" in told[2, "number"]
    assert "no operator 'cara'" in told[2, "operator"]
    assert (2, "outcome") in told
    assert "nobody knows what it is about" in told[3, "question"]
    assert "no day on which" in told[4, "Dato"]
    assert "format the column as a date" in told[5, "Dato"]
    assert told[6, "Tema"] == "'Fees' may be fees or misc: write its id"
    assert {(7, "due"), (8, "done"), (9, "line"), (9, "language")} <= set(told)


def test_a_row_has_the_same_key_each_time_whatever_else_stands_in_it() -> None:
    same: dict[str, Cell] = {"date": "2026-11-23", "question": "Åpningstider?"}
    first, _ = read(same, same, {**same, "question": "Annet"})
    again, _ = read(same, same, {**same, "question": "Annet"})
    assert [each.key for each in first] == [each.key for each in again]
    assert first[0].key == first[1].key != first[2].key
    told, _ = read({**same, "question": " åpningstider? ", "answer": "Ni til fire", "time": "10.15"})
    assert told[0].key == first[0].key
    typed, _ = read({**same, "date": datetime(2026, 11, 23, 14, 5)})  # noqa: DTZ001  cells have no zone
    assert typed[0].key == first[0].key
    other_day, _ = read({**same, "date": "2026-11-24"})
    assert other_day[0].key != first[0].key
    numbered, _ = read({**same, "key": 17}, {**same, "key": 18})
    corrected, _ = read({**same, "key": 17.0, "question": "Åpningstidene?"})
    assert corrected[0].key == numbered[0].key != numbered[1].key


def test_headings_are_known_in_both_languages_and_a_title_may_stand_above() -> None:
    for field, headings in HEADINGS.items():
        assert all(field_of(each) == field for each in headings), field
    assert field_of("  SPØRSMÅL: ") == "question"
    assert field_of("Merknad") is None
    rows = [["Henvendelser 2025"], [], ["Dato", "Kl.", "Spørsmål", "Merknad"], ["1.1.2025", "", "x", ""]]
    assert heading_row(rows, {}) == 2
    assert heading_row([["a", "b"], ["c", "d"]], {}) is None
    assert heading_row([["a", "b"], ["c", "d"]], {"D": "question"}) == 1
    assert columns_of(rows[2], {"Merknad": "answer", "Kl.": "-"}) == ["date", None, "question", "answer"]


@pytest.mark.parametrize(
    ("given", "headings", "why"),
    [
        (["Emne"], [], "write COLUMN=FIELD"),
        (["Emne=topik"], [], "there is no field 'topik'; did you mean 'topic'?"),
        (["Enme=topic"], ["Emne", "Dato"], "there is no column 'Enme'; did you mean 'Emne'?"),
        ([], ["Dato", "Date"], "would both be date: leave one out with --map 'Date=-'"),
    ],
)
def test_a_column_that_makes_no_sense_is_refused(given: list[str], headings: list[str], why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("?", r"\?")):
        columns_of(headings, read_map(given))

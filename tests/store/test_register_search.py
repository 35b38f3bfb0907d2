"""Searching the register: the same on SQLite and PostgreSQL, whatever is typed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from importlib import import_module

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from hotline_ivr.config.entry_kinds import EntryOutcome
from hotline_ivr.routing.entries import Entry, EntryText
from hotline_ivr.store import register_list
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.moving import all_tables, copy
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.register_list import EntryFilter
from hotline_ivr.store.register_privacy import (
    Ids,
    OfCalls,
    OfNumbers,
    OlderThan,
    erase_entries,
    personal_entries,
)
from tests.store.register_entries import MINUTE, NOON, an_entry

SHOP = {
    "deadline": an_entry("Når er fristen for søknad om utsatt eksamen?", "Den 15. april."),
    "english": an_entry("When do applications open?", "The exam office opens in January.", minutes=1),
    "tagged": an_entry("Hva koster det?", "900 kroner", "eksamen", minutes=2),
    "answered": an_entry("Hvor er kontoret?", "Ved siden av eksamenskontoret", minutes=3),
    "newer": an_entry("Hvor er kontoret?", "Ved siden av eksamenskontoret", minutes=4),
    "number": an_entry("Ring 22 85 12 34 om 1e5 kroner", "", minutes=5),
}
NAMES = {entry.id: name for name, entry in SHOP.items()}


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    await upgrade(database_url)
    opened = open_store(database_url)
    for entry in SHOP.values():
        await DatabaseRegister(opened).add(entry)
    yield opened
    await opened.close()


async def found(store: Store, query: str, **wanted: object) -> list[str]:
    entries = await DatabaseRegister(store).search(query, EntryFilter(**wanted), 0)  # type: ignore[arg-type]
    return [NAMES.get(each.entry.id, each.entry.id) for each in entries]


FOUND = [
    # As one types: from the second letter on.
    ("fr", ["deadline"]),
    ("frist", ["deadline"]),
    # Question before tag before answer, of equal ones the newest first.
    ("eksamen", ["deadline", "tagged", "newer", "answered"]),
    # Every word has to be there, wherever.
    ("eksamen frist", ["deadline"]),
    ("eksamen frist kroner", []),
    # Endings of both languages.
    ("fristene", ["deadline"]),
    ("søknader", ["deadline"]),
    ("application", ["english"]),
    ("exams", ["english"]),
    # Capitals, accents and strokes do not matter.
    ("SOKNAD", ["deadline"]),
    ("Søknad", ["deadline"]),
    ("nar", ["deadline"]),
    # Numbers are words.
    ("22 85", ["number"]),
    ("1e5", ["number"]),
    ("15", ["deadline"]),
    # Nothing to look for finds nothing.
    ("", []),
    ("!?*", []),
    ("zzz", []),
]

HOSTILE = [
    '"',
    "'",
    "frist'; DROP TABLE register_entry; --",
    'frist" OR question:*',
    "NEAR(frist eksamen)",
    "frist AND NOT (",
    "frist:* & !x | <->",
    "^frist",
    "-frist",
    "question : frist",
    "\x00frist\x00",
    "\\",
    "%_",
    "\ud800frist",
    "\U0001d523\U0001d52f\U0001d526\U0001d530\U0001d531",
    "نص عربي",
    "x" * 100_000,
    "frist " * 10_000,
]


async def test_what_is_found_and_in_which_order(store: Store) -> None:
    assert [(query, await found(store, query)) for query, _ in FOUND] == FOUND


async def test_hostile_text_is_looked_for_and_nothing_else(store: Store) -> None:
    for query in HOSTILE:
        assert set(await found(store, query)) <= {"deadline"}, query[:40]
    assert await found(store, "frist") == ["deadline"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.text())
async def test_no_text_is_an_error(store: Store, query: str) -> None:
    await found(store, query)


async def test_a_search_can_be_narrowed_and_paged(store: Store) -> None:
    assert await found(store, "eksamen", since=NOON + MINUTE, until=NOON + 3 * MINUTE) == ["tagged"]
    assert await found(store, "eksamen", tag="eksamen") == ["tagged"]
    assert await found(store, "eksamen", outcome=EntryOutcome.OTHER) == []
    pages = [
        [
            NAMES[each.entry.id]
            for each in await DatabaseRegister(store).search("eksamen", EntryFilter(limit=2), skip)
        ]
        for skip in (0, 2, 4)
    ]
    assert pages == [["deadline", "tagged"], ["newer", "answered"], []]


async def test_after_a_change_the_old_words_find_nothing(store: Store) -> None:
    entry = SHOP["deadline"]
    changed = replace(entry, text=EntryText("Hvem er rektor?", "", ("styre",)))
    assert isinstance(await DatabaseRegister(store).change(changed, 1), Entry)
    assert await found(store, "frist") == []
    assert await found(store, "april") == []
    assert await found(store, "rektor") == ["deadline"]
    assert await found(store, "styret") == ["deadline"]


async def test_erasing_leaves_a_row_to_count_and_no_word_anywhere(store: Store, database_url: str) -> None:
    entry = replace(SHOP["deadline"], call="main-1.0", topic="exams", number="+4790012345")
    await DatabaseRegister(store).change(entry, 1)
    about = await store.read(lambda on: personal_entries(on, OfCalls(["main-1.0"])))
    assert [(each.id, each.version) for each in about] == [(entry.id, 1), (entry.id, 2)]
    assert await store.write(lambda on: erase_entries(on, OfCalls(["main-1.0"]), NOON, "admin")) == 1
    assert await store.write(lambda on: erase_entries(on, OfCalls(["main-1.0"]), NOON, "admin")) == 0
    assert await found(store, "frist") == []
    story = await DatabaseRegister(store).story(entry.id)
    assert story is not None
    (left,) = story.versions
    assert (left.topic, left.outcome, left.number, left.text) == ("exams", entry.outcome, "", EntryText())
    assert (left.erased_at, left.changed_by, left.changed_via) == (NOON, "admin", "privacy")
    assert await store.read(lambda on: personal_entries(on, OfCalls(["main-1.0"]))) == []
    words = await words_of_the_index(database_url)
    assert "kontor" in words
    assert {"soknad", "frist", "fristen", "april", "utsatt"}.isdisjoint(words)


async def test_what_was_given_by_a_button_is_found_and_forgotten_like_what_was_typed(
    store: Store, database_url: str
) -> None:
    given = an_entry(
        "Postponed?", prepared="deadline", variant="short", prepared_text="By the 22nd of August."
    )
    register = DatabaseRegister(store)
    await register.add(given)
    assert await found(store, "22nd august") == [given.id]
    story = await register.story(given.id)
    assert story is not None
    assert story.entry.prepared_text == "By the 22nd of August."
    other = replace(given, variant="long", prepared_text="Before the autumn term.")
    assert isinstance(await register.change(other, 1), Entry)
    assert (await found(store, "august"), await found(store, "autumn")) == ([], [given.id])
    await store.write(lambda on: erase_entries(on, Ids([given.id]), NOON, "admin"))
    assert await found(store, "autumn") == []
    assert {"autumn", "august"}.isdisjoint(await words_of_the_index(database_url))
    story = await register.story(given.id)
    assert story is not None
    assert [each.prepared_text for each in story.versions] == [""]


async def test_of_entries_of_before_it_is_known_that_nobody_knows_what_was_given(store: Store) -> None:
    """Rows as they were before the words were kept, brought up to date."""
    register = DatabaseRegister(store)
    given, plain, gone = an_entry(prepared="deadline"), an_entry(), an_entry(prepared="deadline")
    for each in (given, plain, gone):
        await register.add(each)
    await store.write(lambda on: erase_entries(on, Ids([gone.id]), NOON, "admin"))
    await store.write(lambda on: on.execute(text("ALTER TABLE register_entry DROP COLUMN prepared_text")))
    script = import_module("hotline_ivr.store.migrations.versions.0018_what_was_given")

    def upgraded(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            script.upgrade()

    await store.write(upgraded)
    stories = [await register.story(each.id) for each in (given, plain, gone)]
    assert [story and story.entry.prepared_text for story in stories] == [None, "", ""]
    assert await found(store, "frist") == ["deadline"]


async def words_of_the_index(url: str) -> set[str]:
    """Every word that the index has."""
    opened = open_store(url)
    try:
        if url.startswith("sqlite"):
            await opened.write(
                lambda on: on.execute(
                    text("CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5vocab(register_search, row)")
                )
            )
            rows = await opened.read(lambda on: on.execute(text("SELECT term FROM words")).scalars().all())
        else:
            words = "SELECT word FROM ts_stat('SELECT words FROM register_search')"
            rows = await opened.read(lambda on: on.execute(text(words)).scalars().all())
    finally:
        await opened.close()
    return set(rows)


async def test_entries_are_erased_by_number_and_by_age(store: Store) -> None:
    own = an_entry("Utsatt svar", number="+4790012345", minutes=10)
    await DatabaseRegister(store).add(own)
    assert await store.write(lambda on: erase_entries(on, OfNumbers(["+4790012345"]), NOON, "admin")) == 1
    assert own.id not in await found(store, "utsatt")
    assert await store.write(lambda on: erase_entries(on, OlderThan(NOON + 2 * MINUTE), NOON, "purge")) == 2
    assert await found(store, "eksamen") == ["tagged", "newer", "answered"]


async def test_the_index_moves_with_the_record(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    given = an_entry("Postponed?", prepared="deadline", prepared_text="By the 22nd of August.")
    await DatabaseRegister(store).add(given)
    url = f"sqlite:///{tmp_path_factory.mktemp('moved') / 'hotline.db'}"
    await upgrade(url)
    target = open_store(url)
    try:
        for table in all_tables():
            await copy(store, target, table, lambda _: None)
            await copy(store, target, table, lambda _: None)
        assert await found(target, "eksamen") == ["deadline", "tagged", "newer", "answered"]
        assert await found(target, "august") == [given.id]
    finally:
        await target.close()


async def test_where_more_fit_than_are_put_in_order_they_are_those_of_the_newest_days(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = DatabaseRegister(store)
    days = 1440
    for number in range(5):
        await book.add(an_entry("Hvor er parkeringen?", minutes=number * days, id=f"day{number}"))
    await book.add(an_entry("Parkering, parkering, parkering", minutes=-days, id="best"))
    assert (await found(store, "parkering"))[0] == "best"
    monkeypatch.setattr(register_list, "MOST_FOUND", 3)
    assert await found(store, "parkering") == ["day4", "day3", "day2"]
    # The bound is of those that are wanted, not of all that fit.
    assert await found(store, "parkering", until=NOON + MINUTE) == ["best", "day0"]
    assert await found(store, "parkering", limit=1) == ["day4"]


def number_anew(connection: Connection) -> None:
    script = import_module("hotline_ivr.store.migrations.versions.0016_search_by_day")
    with Operations.context(MigrationContext.configure(connection)):
        script.upgrade()


async def test_an_index_of_before_is_numbered_anew(store: Store, database_url: str) -> None:
    await DatabaseRegister(store).add(an_entry("Hvor er parkeringen?", minutes=1_440, id="later"))
    for statement in (
        # PostgreSQL's trigger takes the old numbers out by itself.
        *(["DELETE FROM register_search"] if database_url.startswith("sqlite") else []),
        "UPDATE register_entry SET doc = (doc & 140737488355327) + 7",
    ):
        await store.write(lambda on, statement=statement: on.exec_driver_sql(statement))  # type: ignore[misc]
    await store.write(number_anew)
    for query, names in FOUND:
        assert await found(store, query) == names
    docs = await store.read(lambda on: on.execute(text("SELECT id, doc, at FROM register_entry")).all())
    assert all(doc >> 47 == at // 86_400_000_000 for _, doc, at in docs)
    assert await found(store, "parkering") == ["later"]

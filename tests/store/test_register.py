"""Entries of the register in both databases: versions, two people at once, lists, follow-ups."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.routing.entries import Entry, EntryText, FollowUp, changes
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.register import ChangedMeanwhile, add_imported, known_keys
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.register_list import EntryFilter
from hotline_ivr.store.register_requests import KnownRequest, RequestKey
from hotline_ivr.store.register_stream import PAGE, place_of, stream_entries
from tests.store.register_entries import MINUTE, NOON, an_entry

DUE = FollowUp(date(2026, 11, 25), "anna", "send the form")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    await upgrade(database_url)
    opened = open_store(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def register(store: Store) -> DatabaseRegister:
    return DatabaseRegister(store)


async def ids(register: DatabaseRegister, **wanted: object) -> list[str]:
    return [each.entry.id for each in await register.find(EntryFilter(**wanted))]  # type: ignore[arg-type]


async def test_an_entry_comes_back_as_it_was_written(register: DatabaseRegister) -> None:
    entry = an_entry(
        "Line one\nLine two ' \" ; -- <b>",
        "Yes \\ %_ =1+1",
        "exam",
        "søknad",
        call="main-1.0",
        way=Way.CALL,
        number="+4790012345",
        language="nb",
        operator="anna",
        topic="exams",
        topic_words="Studies / Exams",
        prepared="postponed",
        variant="short",
        heard_of="radio",
        follow_up=DUE,
        erased_at=None,
    )
    await register.add(entry)
    story = await register.story(entry.id)
    assert story is not None
    assert (story.entry, story.versions, story.caller) == (entry, (entry,), "")
    assert await register.story("nobody") is None


async def test_every_version_is_kept_and_only_the_latest_is_listed(register: DatabaseRegister) -> None:
    first = an_entry("How much is it?")
    await register.add(first)
    second = replace(
        first,
        text=EntryText("How much is the fee?", "900", ()),
        follow_up=DUE,
        changed_by="bjorn",
        changed_at=NOON + 5 * MINUTE,
    )
    written = await register.change(second, 1)
    assert isinstance(written, Entry)
    assert written.version == 2
    third = await register.change(
        replace(written, follow_up=replace(DUE, done_at=NOON, done_by="anna"), changed_by="anna"), 2
    )
    assert isinstance(third, Entry)
    story = await register.story(first.id)
    assert story is not None
    assert [(each.version, each.changed_by) for each in story.versions] == [
        (1, "anna"),
        (2, "bjorn"),
        (3, "anna"),
    ]
    told = [(each.field, each.before, each.after) for each in changes(*story.versions[:2])]
    assert told[:2] == [
        ("question", "How much is it?", "How much is the fee?"),
        ("answer", "", "900"),
    ]
    assert ("follow_up.owner", None, "anna") in told
    assert [each.field for each in changes(*story.versions[1:])] == ["follow_up.done_at", "follow_up.done_by"]
    assert [each.entry for each in await register.find(EntryFilter())] == [third]


async def test_of_two_who_change_the_same_version_one_is_told_what_the_other_wrote(
    register: DatabaseRegister,
) -> None:
    entry = an_entry()
    await register.add(entry)
    both = await asyncio.gather(
        *(
            register.change(replace(entry, changed_by=name, text=EntryText(f"by {name}", "", ())), 1)
            for name in ("anna", "bjorn", "chandra")
        )
    )
    (written,) = [each for each in both if isinstance(each, Entry)]
    refused = [each for each in both if isinstance(each, ChangedMeanwhile)]
    assert [each.now for each in refused] == [written, written]
    assert await register.change(an_entry(), 1) is None


async def test_of_requests_of_one_key_at_the_same_time_one_makes_an_entry(
    register: DatabaseRegister,
) -> None:
    key = RequestKey("console", "entry-1")
    entries = [an_entry() for _ in range(4)]
    answers = await asyncio.gather(*(register.add(each, key) for each in entries))
    (made,) = await ids(register)
    known = [each for each in answers if each is not None]
    assert {each.entry_id for each in known} == {made}
    assert (len(known), known[0].noted) == (3, False)
    await register.noted(key)
    assert await register.requested(key) == KnownRequest(made, noted=True)
    assert await register.requested(RequestKey("other", "entry-1")) is None
    # The next one to come after some days lets go of it.
    later = an_entry(created_at=NOON + timedelta(days=8))
    assert await register.add(later, RequestKey("console", "entry-2")) is None
    assert await register.requested(key) is None


async def test_lists_go_from_the_newest_back_page_by_page(register: DatabaseRegister) -> None:
    made = [an_entry(minutes=minute) for minute in (0, 1, 1, 2)]
    for each in made:
        await register.add(each)
    newest = [each.id for each in reversed(made)]
    assert await ids(register) == newest
    first = await register.find(EntryFilter(limit=2))
    place = (first[-1].entry.at, first[-1].entry.id)
    assert [each.entry.id for each in first] + await ids(register, after=place) == newest
    assert await ids(register, since=NOON + MINUTE, until=NOON + 2 * MINUTE) == newest[1:3]


async def test_every_filter_chooses(register: DatabaseRegister) -> None:
    special = an_entry(
        "Q",
        "",
        "a_b%",
        call="main-7.0",
        way=Way.CALL,
        line="other",
        operator="bjorn",
        topic="exams",
        outcome=EntryOutcome.REFERRED,
        heard_of="radio",
        prepared="postponed",
        follow_up=DUE,
    )
    done = an_entry("Q", "", "axbc", follow_up=replace(DUE, done_at=NOON, done_by="anna"))
    for each in (special, done, an_entry()):
        await register.add(each)
    for wanted in (
        {"line": "other"},
        {"call": "main-7.0"},
        {"way": Way.CALL},
        {"operator": "bjorn"},
        {"topics": ("studies", "exams")},
        {"outcome": EntryOutcome.REFERRED},
        {"heard_of": "radio"},
        {"prepared": "postponed"},
        {"tag": "a_b%"},
        {"todo": "open"},
        {"due": DUE.due},
    ):
        assert await ids(register, **wanted) == [special.id], wanted
    assert await ids(register, todo="done") == [done.id]
    assert await ids(register, due=DUE.due - timedelta(days=1)) == []
    assert await ids(register, owner="anna", todo="open") == [special.id]
    assert len(await ids(register, topics=("nothing",))) == 0


async def test_what_is_due_first_stands_first(register: DatabaseRegister) -> None:
    made = [an_entry(follow_up=replace(DUE, due=date(2026, 11, day))) for day in (27, 25, 25, 26)]
    await register.add(an_entry(follow_up=replace(DUE, done_at=NOON)))
    for each in made:
        await register.add(each)
    first = await register.follow_ups(EntryFilter(limit=3), None)
    assert [each.entry.id for each in first] == [made[1].id, made[2].id, made[3].id]
    last = first[-1].entry
    assert last.follow_up is not None
    rest = await register.follow_ups(EntryFilter(), (last.follow_up.due, last.id))
    assert [each.entry.id for each in rest] == [made[0].id]


async def test_rows_of_a_spreadsheet_are_entries_once_also_when_they_come_twice(store: Store) -> None:
    rows = [(f"key{number}", an_entry()) for number in range(3)]
    assert await store.write(lambda on: add_imported(on, rows[:2], NOON)) == 2
    again = [(key, an_entry()) for key, _ in rows]
    assert await store.write(lambda on: add_imported(on, again, NOON)) == 1
    assert await store.read(lambda on: known_keys(on, ["key2", "key9"])) == {"key2"}
    assert len(await DatabaseRegister(store).find(EntryFilter())) == 3


async def test_a_stream_has_every_entry_once_in_order_and_goes_on_where_it_was_left(store: Store) -> None:
    made = [an_entry(minutes=number // 2) for number in range(PAGE + 3)]
    rows = [(f"key{number}", entry) for number, entry in enumerate(made)]
    await store.write(lambda on: add_imported(on, rows, NOON))
    streamed = [entry async for entry in stream_entries(store)]
    assert streamed == made
    rest = [entry async for entry in stream_entries(store, after=place_of(made[-3]))]
    assert rest == made[-2:]
    changed = replace(made[0], changed_at=NOON + 900 * MINUTE)
    await DatabaseRegister(store).change(changed, 1)
    by_change = [
        (entry.id, entry.version)
        async for entry in stream_entries(store, by="changed_at", after=place_of(made[-1], "changed_at"))
    ]
    assert by_change == [(made[0].id, 2)]
    assert [entry.id async for entry in stream_entries(store, until=NOON + MINUTE, line="info")] == [
        made[0].id,
        made[1].id,
    ]
    assert [entry async for entry in stream_entries(store, line="elsewhere")] == []

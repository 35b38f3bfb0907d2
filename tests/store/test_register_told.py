"""What web hooks are told of entries: with the entry or not at all, and texts only to who may have them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hotline_ivr.errors import StoreError
from hotline_ivr.routing.entries import Entry, EntryText, FollowUp
from hotline_ivr.store import register_book
from hotline_ivr.store.engine import Store
from hotline_ivr.store.register import ChangedMeanwhile, add_imported
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.register_list import EntryFilter
from tests.store.register_entries import MINUTE, an_entry
from tests.store.test_webhooks import all_of, hook, opened

SAVED = frozenset({"entry-saved"})
TODO = FollowUp(date(2026, 11, 25), "anna", "ring Mrs Hansen")


async def bodies(store: Store, name: str) -> list[dict[str, Any]]:
    found = [json.loads(each.body) for each in await all_of(store) if each.hook == name]
    return sorted(found, key=lambda body: int(body["version"]))


def changed(entry: Entry) -> Entry:
    return replace(entry, text=EntryText("And now?"), changed_at=entry.changed_at + MINUTE)


@pytest.mark.postgres
async def test_an_entry_is_told_when_it_is_saved_and_when_it_is_changed(database_url: str) -> None:
    store, woken = await opened(database_url, hook(events=SAVED), hook("calls")), list[int]()
    register = DatabaseRegister(store, "main", spooled=lambda: woken.append(1))
    entry = an_entry("Mrs Hansen asks", "Yes", "hansen", number="+4798765432", follow_up=TODO)
    await register.add(entry)
    assert isinstance(await register.change(changed(entry), 1), Entry)
    # Who was slower changes nothing, and tells nothing.
    assert isinstance(await register.change(changed(entry), 1), ChangedMeanwhile)
    first, second = await bodies(store, "crm")
    assert (first["event"], first["subject"], first["version"]) == ("entry-saved", entry.id, 1)
    assert (first["data"]["entry"]["version"], second["data"]["entry"]["version"]) == (1, 2)
    assert "ansen" not in json.dumps(first)
    assert "98765432" not in json.dumps(first)
    assert first["data"]["entry"]["follow_up"]["due"] == "2026-11-25"
    assert woken == [1, 1]
    assert await bodies(store, "calls") == []
    await store.close()


@pytest.mark.postgres
async def test_texts_and_numbers_are_told_where_numbers_are(database_url: str) -> None:
    store = await opened(database_url, hook(events=SAVED, numbers=True))
    await DatabaseRegister(store).add(
        an_entry("<b>Mrs Hansen</b>", "Yes", "hansen", number="+4798765432", follow_up=TODO)
    )
    (told,) = await bodies(store, "crm")
    entry = told["data"]["entry"]
    assert (entry["question"], entry["answer"], entry["tags"]) == ("<b>Mrs Hansen</b>", "Yes", ["hansen"])
    assert (entry["number"], entry["follow_up"]["note"]) == ("+4798765432", "ring Mrs Hansen")
    await store.close()


@pytest.mark.postgres
async def test_an_entry_and_what_is_told_of_it_are_kept_both_or_neither(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opened(database_url, hook(events=SAVED))

    def fails(*_: object) -> int:
        raise StoreError("the disk is full")

    monkeypatch.setattr(register_book, "spool", fails)
    with pytest.raises(StoreError):
        await DatabaseRegister(store).add(an_entry())
    assert await DatabaseRegister(store).find(EntryFilter()) == []
    await store.close()


async def test_an_import_tells_nobody(database_url: str) -> None:
    store = await opened(database_url, hook(events=SAVED))
    entry = an_entry()
    assert await store.write(lambda on: add_imported(on, [("key", entry)], entry.at)) == 1
    assert await all_of(store) == []
    await store.close()

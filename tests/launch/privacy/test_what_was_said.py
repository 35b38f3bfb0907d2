"""Entries of the register, recordings and messages of web hooks: kept for so long, shown, and erased."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text

from hotline_ivr.launch.privacy.erasing import erase
from hotline_ivr.launch.privacy.exporting import as_text, held_about, write_out
from hotline_ivr.launch.privacy.place import privacy_place
from hotline_ivr.launch.privacy.purging import purge
from hotline_ivr.launch.recording_parts import KeptRecordings
from hotline_ivr.routing.entries import EntryText
from hotline_ivr.routing.number_forms import NumberForms
from hotline_ivr.routing.recordings import Recording
from hotline_ivr.routing.webhooks import Subscription
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.register_privacy import index_holders
from hotline_ivr.store.register_tables import register_entry
from hotline_ivr.store.tables import call, recording
from hotline_ivr.store.webhook_spool import subscribe
from hotline_ivr.store.webhook_tables import webhook_delivery, webhook_subject
from tests.calls.asterisk_files import a_call
from tests.launch.place import Place
from tests.launch.privacy.persons import CALLED_AT, OTHER, PERSON, a_node, by
from tests.store.register_entries import an_entry

CRM = Subscription(
    "crm",
    frozenset({"call-ended", "entry-saved"}),
    frozenset(),
    numbers=True,
    give_up_after=timedelta(days=3),
)


async def filled(folder: Path, url: str, keep: Mapping[str, int] | None = None) -> Place:
    """A call of the person and one of somebody else, each recorded, with an entry, and told by a web hook."""
    node = a_node(folder, url, keep)
    await upgrade(url)
    store = open_store(url)
    await store.write(lambda on: subscribe(on, "main", [CRM]))
    node.write(a_call("answered_caller_hangs_up", 1), by(a_call("answered_caller_hangs_up", 2, 100), OTHER))
    await node.keep()
    ids = await store.read(lambda on: list(on.execute(select(call.c.id, call.c.caller)).all()))
    kept, register = KeptRecordings(node.settings, store), DatabaseRegister(store)
    node.settings.recordings_dir.mkdir(parents=True)
    node.settings.plain_recordings_dir.mkdir()
    for ident, caller in ids:
        (node.settings.recordings_dir / f"{ident}.1.age").write_bytes(b"sealed")
        # Not encrypted yet, so it has no row.
        (node.settings.plain_recordings_dir / f"{ident}.2.done").write_bytes(b"\0" * 32)
        await kept.rows.add([Recording("main", ident, 1, CALLED_AT, 1, 6, "ab", True, None, "")])
        said = "Hansen, ring 98 76 54 32" if caller == PERSON else f"Olsen asks for {PERSON}'s brother"
        entry = an_entry(said, call=ident, line="demo", at=CALLED_AT, changed_at=CALLED_AT)
        await register.add(entry)
        changed = replace(entry, text=EntryText("again", "Hansen" if caller == PERSON else "Olsen"))
        await register.change(changed, 1)
    await register.add(an_entry("by mail from Hansen", number=PERSON, at=CALLED_AT, changed_at=CALLED_AT))
    await store.close()
    return node


def files(node: Place) -> list[str]:
    return sorted(path.name for path in node.settings.recordings_dir.rglob("*") if path.is_file())


def rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    tables = (call, register_entry, webhook_delivery, webhook_subject, recording)
    return {
        each.name: [dict(row._mapping) for row in connection.execute(select(each)).all()] for each in tables
    }


async def state(node: Place) -> dict[str, list[dict[str, Any]]]:
    store = open_store(node.settings.database)
    found = await store.read(rows)
    await store.close()
    return found


async def index_of(store: Store) -> int:
    return await store.read(lambda on: on.scalar(text("SELECT count(*) FROM register_search")) or 0)


@pytest.mark.postgres
async def test_one_person_goes_from_entries_recordings_and_web_hooks(
    tmp_path: Path, database_url: str
) -> None:
    node = await filled(tmp_path, database_url)
    store = open_store(database_url)
    assert await store.read(lambda on: index_holders(on, NumberForms(PERSON))) == []
    async with privacy_place(node.settings, by="tester") as place:
        done = await erase(place, PERSON)
    assert (done.calls, done.entries, done.files, done.proof.places) == (1, 2, 2, ())
    assert len(files(node)) == 2
    found = await state(node)
    (theirs,) = [row["id"] for row in found["call"] if row["caller"] != OTHER]
    assert not any(theirs in name for name in files(node))
    said = json.dumps(found["register_entry"], default=str)
    assert "Hansen" not in said
    assert "Olsen" in said
    bodies = "".join(row["body"] for row in found["webhook_delivery"])
    assert len(found["webhook_delivery"]) == 7, "what is on its way is told, without the person"
    assert "Hansen" not in bodies
    assert "98765432" not in bodies
    assert OTHER in bodies
    assert {row["digest"] == "" for row in found["webhook_subject"]} == {True, False}
    if (database := tmp_path / "hotline.db").exists():
        assert b"ansen" not in database.read_bytes()
    assert await store.read(lambda on: on.scalar(select(func.count()).select_from(call))) == 2
    await store.close()


@pytest.mark.postgres
async def test_receivers_are_told_once_by_ids_alone_that_a_person_is_erased(
    tmp_path: Path, database_url: str
) -> None:
    node = await filled(tmp_path, database_url)
    store = open_store(database_url)
    wanted = replace(CRM, events=frozenset({"person-erased"}))
    elsewhere = replace(wanted, hook="elsewhere", lines=frozenset({"other"}))
    await store.write(lambda on: subscribe(on, "main", [CRM, elsewhere, replace(wanted, hook="archive")]))
    for _ in range(2):
        async with privacy_place(node.settings, by="tester") as place:
            await erase(place, PERSON)
    found = await state(node)
    told = [row for row in found["webhook_delivery"] if row["event"] == "person-erased"]
    (theirs,) = [row["id"] for row in found["call"] if row["caller"] != OTHER]
    entries = {row["id"] for row in found["register_entry"] if row["erased_at"] is not None}
    assert len(entries) == 2
    assert {row["hook"] for row in told} == {"archive"}
    assert {row["subject"] for row in told} == {theirs, *entries}
    assert {row["version"] for row in told} == {1}
    bodies = {row["subject"]: json.loads(row["body"]) for row in told}
    assert bodies[theirs]["data"] == {"erased": {"kind": "call", "id": theirs, "line": "demo"}}
    assert {each["data"]["erased"]["kind"] for each in bodies.values()} == {"call", "entry"}
    assert "98765432" not in "".join(row["body"] for row in told)
    await store.close()


@pytest.mark.postgres
async def test_the_index_is_searched_for_a_number_between_words(tmp_path: Path, database_url: str) -> None:
    node = a_node(tmp_path, database_url)
    await node.keep()
    store = open_store(database_url)
    await DatabaseRegister(store).add(an_entry("ring 98 76 54 32, please"))
    assert len(await store.read(lambda on: index_holders(on, NumberForms(PERSON)))) == 1
    async with privacy_place(node.settings, by="tester") as place:
        assert (await erase(place, PERSON)).proof.places == ()
    assert await store.read(lambda on: index_holders(on, NumberForms(PERSON))) == []
    assert await index_of(store) == 1
    await store.close()


async def test_a_person_is_shown_entries_recordings_and_what_was_told(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    async with privacy_place(node.settings, by="tester") as place:
        held = await held_about(place, PERSON)
    assert sorted(each["version"] for each in held.data["entries"]) == [1, 1, 2]
    assert {json.loads(each["body"])["event"] for each in held.data["told"]} == {"call-ended", "entry-saved"}
    assert len(held.data["recording"]) == 1
    shown = as_text(held.data)
    assert "Hansen, ring 98 76 54 32" in shown
    # Somebody else's entry names the person: told where, not what.
    assert "Olsen" not in shown
    assert any("register_entry.question" in each for each in held.data["elsewhere"])
    written = write_out(held, tmp_path / "out")
    assert [path.suffix for path in written] == [".json", ".txt", ".age"]


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["recordings", "entries", "webhooks", "calls"])
async def test_what_was_kept_long_enough_goes(tmp_path: Path, database_url: str, kind: str) -> None:
    node = await filled(tmp_path, database_url, {kind: 20, **({"logs": 20} if kind == "calls" else {})})
    store = open_store(database_url)
    await store.write(lambda on: on.execute(webhook_delivery.update().values(state="sent")))
    await store.write(lambda on: on.execute(webhook_delivery.update().values(created_at=CALLED_AT)))
    before = await state(node)

    async def purged(moment: datetime, *, dry_run: bool = False) -> int:
        async with privacy_place(node.settings, by="tester", now=moment) as place:
            return {each.name: each.count for each in await purge(place, dry_run=dry_run)}[kind]

    assert await purged(CALLED_AT + timedelta(days=19)) == 0
    later = CALLED_AT + timedelta(days=21)
    counts = {"recordings": 2, "entries": 3, "webhooks": 7, "calls": 2}
    assert await purged(later, dry_run=True) == counts[kind]
    assert await state(node) == before
    assert await purged(later) == counts[kind]
    assert await purged(later) == 0
    after = await state(node)
    if kind in {"recordings", "calls"}:
        assert not [name for name in files(node) if name.endswith(".age")]
    if kind == "calls":
        assert (files(node), after["recording"], after["call"]) == ([], [], [])
        assert {row["event"] for row in after["webhook_delivery"]} == {"entry-saved"}
    if kind == "entries":
        assert {row["question"] for row in after["register_entry"]} == {""}
        assert len(after["register_entry"]) == 3
        assert "Hansen" not in "".join(row["body"] for row in after["webhook_delivery"])
    if kind == "webhooks":
        assert after["webhook_delivery"] == []
    await store.close()


async def test_recordings_go_by_the_shorter_of_two_times(tmp_path: Path) -> None:
    """90 days is what `recordings.keep_days` says here."""
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}", {"recordings": 300})
    async with privacy_place(node.settings, by="tester", now=CALLED_AT + timedelta(days=91)) as place:
        assert {each.name: each.count for each in await purge(place)}["recordings"] == 2


@pytest.mark.postgres
async def test_numbers_of_entries_and_of_what_was_told_go_with_the_numbers(
    tmp_path: Path, database_url: str
) -> None:
    node = await filled(tmp_path, database_url, {"numbers": 5})
    store = open_store(database_url)
    done = webhook_delivery.update().values(state="failed", created_at=CALLED_AT)
    await store.write(lambda on: on.execute(done))
    async with privacy_place(node.settings, by="tester", now=CALLED_AT + timedelta(days=6)) as place:
        await purge(place)
    await store.close()
    after = await state(node)
    assert after["webhook_delivery"] == []
    assert [row["number"][:1] for row in after["register_entry"] if row["number"]] == ["~"]


@pytest.mark.postgres
async def test_what_still_waits_for_a_receiver_loses_the_numbers_with_the_numbers(
    tmp_path: Path, database_url: str
) -> None:
    node = await filled(tmp_path, database_url, {"numbers": 5})
    store = open_store(database_url)
    await store.write(lambda on: on.execute(webhook_delivery.update().values(created_at=CALLED_AT)))
    async with privacy_place(node.settings, by="tester", now=CALLED_AT + timedelta(days=6)) as place:
        await purge(place)
    await store.close()
    told = (await state(node))["webhook_delivery"]
    assert (len(told), {row["state"] for row in told}) == (7, {"waiting"})
    bodies = "".join(row["body"] for row in told)
    for gone in (PERSON[3:], OTHER[3:], "Hansen", "Olsen"):
        assert gone not in bodies
    assert (
        len(
            {
                json.loads(row["body"])["data"]["call"]["caller"]
                for row in told
                if row["event"] == "call-ended"
            }
        )
        == 2
    )

"""One person out of everything, and the proof; what is counted stays as it was."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import insert, select, text

from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.errors import ArgumentError
from hotline_ivr.launch.balancing import prove, span_of_day
from hotline_ivr.launch.privacy.erasing import Erased, erase
from hotline_ivr.launch.privacy.place import privacy_place
from hotline_ivr.launch.refolding import refold_record
from hotline_ivr.routing.pseudonym import is_pseudonym
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.server_space import tidy
from hotline_ivr.store.tables import call, promise, promise_act, promise_call
from tests.calls.asterisk_files import a_call, cel_line
from tests.launch.place import DAY, ZONE, Place
from tests.launch.privacy.persons import CALLED_AT, OTHER, PERSON, a_node, by, every_call, of_counts
from tests.postgres import PostgresServer


@pytest.fixture
async def node(tmp_path: Path, database_url: str) -> Place:
    """Every kind of call by the person, and one by somebody else."""
    place = a_node(tmp_path, database_url)
    place.write(*every_call(), by(a_call("answered_caller_hangs_up", 900, 9_000), OTHER))
    await place.keep()
    return place


async def rows(settings: Settings) -> list[dict[str, Any]]:
    store = open_store(settings.database)
    try:
        found = await store.read(lambda on: on.execute(select(call).order_by(call.c.id)).all())
        return [dict(row._mapping) for row in found]
    finally:
        await store.close()


async def erased(settings: Settings, number: str = PERSON) -> Erased:
    async with privacy_place(settings, by="tester") as place:
        return await erase(place, number)


def bytes_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.postgres
async def test_nothing_of_the_number_is_left_and_everything_is_counted_as_before(node: Place) -> None:
    before = await rows(node.settings)
    balance = await prove(node.settings, span_of_day(DAY, ZONE))
    assert sum(row["caller"] == PERSON for row in before) > 20
    done = await erased(node.settings, "98 76 54 32")
    assert done.proof.places == ()
    assert done.calls == sum(row["caller"] == PERSON or row["outside_number"] == PERSON for row in before)
    assert done.lines > 20
    for path, data in bytes_of(node.settings.state_dir).items():
        assert b"98765432" not in data, path
    after = await rows(node.settings)
    assert [of_counts(row) for row in after] == [of_counts(row) for row in before]
    own = [row for row, old in zip(after, before, strict=True) if old["caller"] == PERSON]
    assert len({row["caller"] for row in own}) == 1
    assert is_pseudonym(own[0]["caller"])
    assert [row["caller"] for row in after].count(OTHER) == 1
    again = await prove(node.settings, span_of_day(DAY, ZONE))
    assert (again.arrivals, again.lines, again.differences) == (
        balance.arrivals,
        balance.lines,
        balance.differences,
    )


@pytest.mark.postgres
async def test_folding_again_and_reading_on_brings_nothing_back(node: Place) -> None:
    await erased(node.settings)
    before = await rows(node.settings)
    done = await refold_record(node.settings, (None, None), dry_run=False, progress=lambda *_: None)
    assert done.changed == 0
    assert await rows(node.settings) == before
    # The tail reads on where it stood, in files that were changed behind it, from their first bytes on.
    node.files.write(by(a_call("closed_heard_in_full", 901, 9_100), OTHER))
    await node.keep()
    after = await rows(node.settings)
    assert len(after) == len(before) + 1
    store = open_store(node.settings.database)
    lost = await store.read(lambda on: on.execute(text("SELECT reason FROM rejected_line")).all())
    await store.close()
    assert lost == []


@pytest.mark.postgres
async def test_promises_notes_and_what_others_wrote_go_too(node: Place) -> None:
    store = open_store(node.settings.database)
    values = {"node": "main", "line": "demo", "queue": "main", "state": "open", "owner": "", "closed_by": ""}
    entry = {"id": "main-1.1", "person": PERSON, "opened_at": CALLED_AT, "last_at": CALLED_AT, "calls": 1}
    entry |= {"tries": 0, "reasons": "voicemail", "note": "Mrs Hansen's knee", "number": PERSON, **values}
    other = entry | {"id": "main-2.1", "person": OTHER, "note": "or ring 987 65 432", "number": ""}
    fact = {"node": "main", "call_id": "main-1.1", "person": PERSON, "at": CALLED_AT, "outcome": "voicemail"}
    act = {"node": "main", "person": PERSON, "at": CALLED_AT, "kind": "tried", "by": "x", "operator": ""}
    await store.write(lambda on: on.execute(insert(promise).values([entry, other])))
    await store.write(lambda on: on.execute(insert(promise_call).values(**fact, line="demo", queue="main")))
    await store.write(lambda on: on.execute(insert(promise_act).values(**act, note="no answer")))
    written = [
        {"action": f"promise.{action}", "subject": subject, "details": {"note": note, "operator": "anna"}}
        | {"at": CALLED_AT.isoformat(), "by": "x", "via": "rest", "request_id": ""}
        for action, subject, note in (
            ("tried", "main-1.1", "Mrs Hansen's knee"),
            ("done", "main-2.1", "Mr Berg's back"),
        )
    ]
    node.settings.audit_file.write_text("".join(f"{json.dumps(each)}\n" for each in written))
    done = await erased(node.settings)
    assert (done.promises, done.proof.places) == (1, ())
    noted = {each.subject: dict(each.details) for each in AuditTrail(node.settings.audit_file).entries()}
    assert noted["main-1.1"] == {"operator": "anna"}
    assert noted["main-2.1"] == {"operator": "anna", "note": "Mr Berg's back"}
    found = await store.read(lambda on: on.execute(select(promise).order_by(promise.c.id)).all())
    await store.close()
    assert (found[0].state, found[0].note, found[0].closed_by) == ("dropped", "", "privacy")
    assert is_pseudonym(found[0].person)
    assert (found[1].state, found[1].person) == ("open", OTHER)
    assert "or ring ~" in found[1].note


@pytest.mark.postgres
async def test_a_number_that_was_sent_with_the_prefix_of_its_country_goes_too(
    tmp_path: Path, database_url: str
) -> None:
    """In Russia a call comes as 8 495 ..., and a note may have blanks and dashes of every kind in it."""
    place = a_node(tmp_path, database_url)
    config = place.settings.config / "hotline.yaml"
    config.write_text(config.read_text().replace("country: NO", "country: RU"))
    assert "country: RU" in config.read_text()
    place.write(by(a_call("answered_caller_hangs_up", 1, 100), "84951234567"), a_call("called_back", 2, 200))
    await place.keep()
    store = open_store(place.settings.database)
    owed: dict[str, Any] = {
        "node": "main",
        "line": "demo",
        "queue": "main",
        "state": "open",
        "owner": "",
        "closed_by": "",
    }
    owed |= {"id": "main-9.1", "person": OTHER, "opened_at": CALLED_AT, "last_at": CALLED_AT, "calls": 1}
    note = "or +7 495\u202f123\u201345\u201367, or 8 (495) 123-45-67"
    owed |= {"tries": 0, "reasons": "voicemail", "note": note, "number": ""}
    await store.write(lambda on: on.execute(insert(promise).values(**owed)))
    done = await erased(place.settings, "+7 495 123-45-67")
    kept = await store.read(lambda on: on.scalar(select(promise.c.note).where(promise.c.person == OTHER)))
    await store.close()
    assert (done.calls, done.proof.places) == (1, ())
    first, second = await rows(place.settings)
    assert is_pseudonym(first["caller"])
    assert second["caller"] == PERSON
    assert kept is not None
    assert "123" not in kept
    for path, data in bytes_of(place.settings.state_dir).items():
        assert b"4951234567" not in data, path


async def test_a_number_in_a_call_now_is_refused(node: Place) -> None:
    events = a_call("answered_caller_hangs_up", 950, 9_500).events
    node.files.add(b"".join(map(cel_line, events[: len(events) // 2])))
    await node.keep()
    with pytest.raises(ArgumentError, match="in a call now"):
        await erased(node.settings)
    with pytest.raises(ArgumentError, match="not a telephone number"):
        await erased(node.settings, "abc")


async def test_archives_names_of_files_and_the_trail_are_searched_and_named(node: Place) -> None:
    settings = node.settings
    old = settings.cel_file.with_name("hotline.json.1.gz")
    with gzip.open(old, "wb") as file:
        file.write(settings.cel_file.read_bytes())
    (settings.log_dir / "messages.log").write_text("[x] WARNING: no route to sip:+4798765432@there\n")
    settings.audit_file.write_text(json.dumps({"subject": PERSON, "at": "2026-01-01T00:00:00+00:00"}) + "\n")
    stray = settings.voicemail_dir / "desk" / "from-98765432.wav"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"RIFF")
    (settings.config / "known.yaml").write_text(
        "known_callers: {vip: {name: VIP, priority: 5m, numbers: ['+47 98 76 54 32']}}\n"
    )
    done = await erased(settings)
    assert sorted(done.proof.places) == sorted(
        (f"{stray.parent}: the name of a file", next(p for p in done.proof.places if "known.yaml" in p))
    )
    assert b"98765432" not in gzip.decompress(old.read_bytes())
    (entry,) = [each for each in AuditTrail(settings.audit_file).entries() if each.action == "privacy.erase"]
    assert is_pseudonym(entry.subject)
    stray.unlink()
    (settings.config / "known.yaml").unlink()
    assert (await erased(settings)).proof.places == ()


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: data[:40] + b"x" * 90])
async def test_a_damaged_archive_is_named_and_holds_up_nothing_else(
    node: Place, damage: Callable[[bytes], bytes]
) -> None:
    settings = node.settings
    broken, whole = (settings.cel_file.with_name(f"hotline.json.{each}.gz") for each in (2, 1))
    data = gzip.compress(settings.cel_file.read_bytes())
    broken.write_bytes(damage(data))
    whole.write_bytes(data)
    done = await erased(settings)
    assert not done.proof.holds
    (told,) = done.proof.unread
    assert str(broken) in told
    assert done.proof.places == ()
    assert b"98765432" not in gzip.decompress(whole.read_bytes())
    assert broken.read_bytes() == damage(data)
    broken.unlink()
    assert (await erased(settings)).proof.holds


@pytest.mark.postgres
async def test_the_files_of_a_database_server_do_not_hold_the_number(
    tmp_path: Path, postgres: PostgresServer, server_url: str
) -> None:
    """Rows as they were, indexes, what it noted of columns. Its write-ahead log does, and that is told."""
    place = a_node(tmp_path, server_url)
    place.write(*every_call(), by(a_call("answered_caller_hangs_up", 900, 9_000), OTHER))
    await place.keep()
    (own,) = await told_by_the_server(server_url, "ANALYZE", "CHECKPOINT", OWN_FOLDER)
    assert holders_of(postgres.tables / own, b"98765432") != []
    done = await erased(place.settings)
    assert done.proof.holds
    assert any("write-ahead log" in each for each in done.proof.unseen)
    await told_by_the_server(server_url, "CHECKPOINT")
    assert holders_of(postgres.tables / own, b"98765432") == []
    assert len(await rows(place.settings)) == len(every_call()) + 1


@pytest.mark.postgres
async def test_tables_that_are_too_big_to_be_written_anew_are_named(tmp_path: Path, server_url: str) -> None:
    place = a_node(tmp_path, server_url)
    place.write(*every_call())
    await place.keep()
    assert await tidy(server_url) == ()
    assert "call" in await tidy(server_url, most=0)


@pytest.fixture
def server_url(postgres: PostgresServer) -> str:
    return postgres.new_database()


OWN_FOLDER = "SELECT oid::text FROM pg_database WHERE datname = current_database()"


async def told_by_the_server(url: str, *statements: str) -> list[str]:
    """What the last one brings."""
    connection = await asyncpg.connect(url)
    found = [await connection.fetch(each) for each in statements]
    await connection.close()
    return [row[0] for row in found[-1]]


def holders_of(folder: Path, what: bytes) -> list[Path]:
    return [path for path, data in bytes_of(folder).items() if what in data]


async def test_free_pages_of_an_old_file_are_cleaned(node: Place) -> None:
    """A file of before deleted rows were overwritten."""
    import sqlite3

    if "sqlite" not in node.settings.database:
        return
    path = node.settings.database.removeprefix("sqlite:///")
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA secure_delete=OFF")
    raw.execute("CREATE TABLE old (what TEXT)")
    raw.executemany("INSERT INTO old VALUES (?)", [(f"ring {PERSON}",)] * 500)
    raw.commit()
    raw.execute("DROP TABLE old")
    raw.commit()
    raw.close()
    assert (await erased(node.settings)).proof.places == ()
    assert b"98765432" not in Path(path).read_bytes()

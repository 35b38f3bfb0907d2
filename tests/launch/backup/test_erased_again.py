"""Whoever was erased after a backup was made stays so when it is put back, whatever is killed."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import String, insert, select

from hotline_ivr.control.erasures_file import Erasure, ErasuresFile
from hotline_ivr.control.number_key import pseudonyms
from hotline_ivr.errors import ConfigError, SetupError
from hotline_ivr.launch.backup.restoring import refuse_half_restored
from hotline_ivr.launch.privacy.logs import redact_old
from hotline_ivr.launch.privacy.place import privacy_place
from hotline_ivr.launch.privacy.repeating import erase_again
from hotline_ivr.routing.pseudonym import is_pseudonym
from hotline_ivr.store import schema, tables
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.redacting import redact_calls
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.register_tables import register_entry
from hotline_ivr.store.told_numbers import NUMBERS
from tests.calls.asterisk_files import a_call, cel_line
from tests.launch.backup.test_backup import backed_up, filled, restored, run_and_kill
from tests.launch.place import Place
from tests.launch.privacy.persons import CALLED_AT, OTHER, PERSON, by
from tests.launch.privacy.test_erasing import bytes_of, erased, rows
from tests.store.register_entries import an_entry

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
THIRD = "+4791234567"


def holders(node: Place, number: str) -> list[Path]:
    """Files of the node that have it, but for what lies aside."""
    found = bytes_of(node.settings.state_dir)
    database = Path(node.settings.database.removeprefix("sqlite:///"))
    found[database] = database.read_bytes()
    return [path for path, data in found.items() if number[3:].encode() in data]


async def test_who_was_in_a_call_when_the_backup_was_made_and_all_after_them(tmp_path: Path) -> None:
    """The backup holds a call that is not over, and a person who is being rung; nothing runs at a restore."""
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    talking = by(a_call("answered_caller_hangs_up", 950, 9_500), THIRD)
    node.files.add(b"".join(map(cel_line, talking.events[: len(talking.events) // 2])))
    await node.keep()
    store = open_store(node.settings.database)
    attempt = {"node": "main", "promise_node": "main", "promise_id": "main-1.1", "number": 1, "id": "a"}
    attempt |= {"person": PERSON, "queue": "main", "file": f"Channel: {PERSON}", "claimed_at": CALLED_AT}
    attempt |= {"until": CALLED_AT, "state": "written", "result": "", "call_id": ""}
    await store.write(lambda on: on.execute(insert(tables.callback_attempt).values(attempt)))
    made = await backed_up(node.settings, tmp_path / "backups", now=LONG_AGO)
    await store.write(lambda on: on.execute(tables.callback_attempt.delete()))
    await store.close()
    # The call goes on to its end, and all three ask to be forgotten.
    node.files.add(b"".join(map(cel_line, talking.events[len(talking.events) // 2 :])))
    await node.keep()
    for number in (PERSON, OTHER, THIRD):
        await erased(node.settings, number)
    # Another machine's logs, so that the backup's own are put in place: there the call never ended.
    for path in (node.files.cel, node.files.queue_log):
        path.unlink()
    done = await restored(node.settings, made.path)
    assert done.again.persons == 2
    assert done.again.places == ()
    assert not done.logs_stayed
    for number in (PERSON, THIRD):
        assert holders(node, number) == []
    assert any(not row["finished"] and is_pseudonym(row["caller"]) for row in await rows(node.settings))


async def test_who_stands_in_the_register_or_in_unread_lines_alone_is_found(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    store = open_store(node.settings.database)
    await DatabaseRegister(store).add(an_entry("came by", number=OTHER, at=CALLED_AT, changed_at=CALLED_AT))
    await store.close()
    # Written by Asterisk, and not read yet when the backup is made; with a message that the caller left.
    late = by(a_call("closed_heard_in_full", 901, 9_100), THIRD)
    node.files.write(late)
    said = node.settings.voicemail_dir / "desk" / f"{late.id}.wav"
    said.write_bytes(b"RIFF voice")
    made = await backed_up(node.settings, tmp_path / "backups", now=LONG_AGO)
    await node.keep()
    for number in (OTHER, THIRD):
        await erased(node.settings, number)
    assert not said.exists()
    for path in (node.files.cel, node.files.queue_log):
        path.unlink()
    done = await restored(node.settings, made.path)
    assert (done.again.persons, done.again.places) == (2, ())
    assert not said.exists(), "the message of a call that only the logs tell of"
    assert holders(node, OTHER) + holders(node, THIRD) == []
    store = open_store(node.settings.database)
    numbers = await store.read(lambda on: list(on.scalars(select(register_entry.c.number))))
    await store.close()
    assert [each for each in numbers if each] == []


@pytest.mark.timeout(300)
async def test_a_kill_before_they_are_erased_again_leaves_the_restore_half_done(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    made = await backed_up(node.settings, tmp_path / "backups", now=LONG_AGO)
    await erased(node.settings)
    for steps in (1, 2, 3):
        code = await run_and_kill(node.settings, ["restore", str(made.path)], steps, at="erasing")
        assert code == -signal.SIGKILL
        with pytest.raises(SetupError, match="half-way"):
            refuse_half_restored(node.settings)
    assert await run_and_kill(node.settings, ["restore", str(made.path)], 10_000, at="erasing") == 0
    refuse_half_restored(node.settings)
    assert PERSON not in {row["caller"] for row in await rows(node.settings)}
    assert holders(node, PERSON) == []


async def test_a_configuration_that_is_refused_leaves_the_restore_half_done(tmp_path: Path) -> None:
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    made = await backed_up(node.settings, tmp_path / "backups", now=LONG_AGO)
    await erased(node.settings)
    (node.settings.config / "spoilt.yaml").write_text("lines: [")
    with pytest.raises(ConfigError):
        await restored(node.settings, made.path)
    with pytest.raises(SetupError, match="half-way"):
        refuse_half_restored(node.settings)
    (node.settings.config / "spoilt.yaml").unlink()
    assert (await restored(node.settings, made.path)).again.persons == 1
    refuse_half_restored(node.settings)
    assert PERSON not in {row["caller"] for row in await rows(node.settings)}


async def test_who_was_erased_twice_with_a_call_in_between_is_erased_again(tmp_path: Path) -> None:
    """The backup's own list has the first wish, and the record the call after it."""
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    same = pseudonyms(node.settings.number_key_file).same(PERSON)
    ErasuresFile(node.settings.erasures_file).note(Erasure(LONG_AGO - timedelta(days=9), same, "x"))
    made = await backed_up(node.settings, tmp_path / "backups", now=LONG_AGO)
    await erased(node.settings)
    assert (await restored(node.settings, made.path)).again.persons == 1
    later = datetime.now(UTC) + timedelta(days=1)
    assert (await erase_again(node.settings, by="tester", since=later)).persons == 0


def test_every_column_that_has_a_number_is_looked_through() -> None:
    """One of tomorrow is found by its name."""
    names = {"caller", "person", "number", "outside_number"}
    found = {
        (table.name, column.name)
        for table in schema.metadata.sorted_tables
        for column in table.c
        if column.name in names and isinstance(column.type, String) and table.name != "call"
    }
    found |= {("call", "caller"), ("call", "outside_number")}
    assert {(table.name, name) for table, name in NUMBERS} == found


async def test_whose_number_was_replaced_before_the_backup_is_found_by_the_pseudonym(tmp_path: Path) -> None:
    """The messages of their calls are still there, and come back with it."""
    node = await filled(tmp_path, f"sqlite:///{tmp_path / 'hotline.db'}")
    late = by(a_call("closed_heard_in_full", 901, 9_100), THIRD)
    node.files.write(late)
    await node.keep()
    said = node.settings.voicemail_dir / "desk" / f"{late.id}.wav"
    said.write_bytes(b"RIFF voice")
    async with privacy_place(node.settings, by="tester") as place:
        redactor = place.everybody()
        await redact_old(place, redactor, "numbers", datetime.now(UTC), dry_run=False)
        await place.store.write(lambda on: redact_calls(on, "main", [late.id], redactor))
    made = await backed_up(node.settings, tmp_path / "backups", now=LONG_AGO)
    await erased(node.settings, THIRD)
    assert not said.exists()
    done = await restored(node.settings, made.path)
    assert (done.again.persons, said.exists()) == (1, False)
    assert (await erase_again(node.settings, by="tester", since=LONG_AGO)).persons == 0

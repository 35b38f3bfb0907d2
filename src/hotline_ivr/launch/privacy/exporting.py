"""Everything that is held about one number, for the person who asks: as data and as text."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, and_, or_, select

from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.control.blocks_file import BlocksFile
from hotline_ivr.control.voicemail_files import VoicemailFiles
from hotline_ivr.files import replace
from hotline_ivr.launch.privacy.entries import entries_of
from hotline_ivr.launch.privacy.place import PrivacyPlace
from hotline_ivr.launch.recording_parts import KeptRecordings
from hotline_ivr.routing.caller import clean_text
from hotline_ivr.routing.number_forms import NumberForms
from hotline_ivr.routing.redaction import Redactor
from hotline_ivr.routing.timeline import timeline
from hotline_ivr.store import tables
from hotline_ivr.store.columns import from_micros
from hotline_ivr.store.queries import call_story
from hotline_ivr.store.redacting import calls_of, holders, spellings
from hotline_ivr.store.register_rows import ENTRY_COLUMNS
from hotline_ivr.store.register_tables import register_entry
from hotline_ivr.store.webhook_privacy import told_of
from hotline_ivr.store.webhook_tables import webhook_delivery

SCHEMA = "hotline/person/1"
# The largest text of a line that is shown.
_WIDEST = 300
_OF_CALLS = (tables.call, tables.leg, tables.voicemail_message, tables.recording)
_OF_PERSONS = (tables.promise, tables.promise_call, tables.promise_act, tables.callback_attempt)


@dataclass(frozen=True, slots=True)
class Held:
    """What is held: `data` is JSON, `sounds` are recordings of the person's voice on this machine."""

    data: dict[str, Any]
    sounds: tuple[Path, ...]


async def held_about(place: PrivacyPlace, number: str) -> Held:
    """All of it. Raises ArgumentError for what is no number, StoreError and OSError.

    It stands in the trail, by pseudonym, before anything is given away.
    """
    redactor = place.person(number)
    same = place.pseudonyms.same(redactor.person or "")
    entry = AuditEntry(place.now, place.by, "command", "privacy.export", same, {})
    await asyncio.to_thread(AuditTrail(place.settings.audit_file).note, entry)
    found = await place.store.read(lambda on: _from_database(on, redactor))
    files = VoicemailFiles(place.settings.voicemail_dir)
    ids = {row["id"] for row in found["call"]}
    sounds = [
        files.path(each.box, each.call_id)
        for each in await asyncio.to_thread(files.scan)
        if each.call_id in ids
    ]
    sounds += await _conversations(place, ids)
    blocks = await asyncio.to_thread(_blocks, place, redactor)
    data = {
        "schema": SCHEMA,
        "number": redactor.person,
        "made_at": place.now.isoformat(),
        "node": place.node,
        **found,
        "blocked": blocks,
        "recordings": [path.name for path in sounds],
    }
    return Held(data, tuple(sounds))


async def _conversations(place: PrivacyPlace, calls: set[str]) -> list[Path]:
    """Recordings of these calls, encrypted as they are kept: who has the key can open them."""
    kept = KeptRecordings(place.settings, place.store)
    paths = [await asyncio.to_thread(kept.files.path, each.id) for each in await kept.of_calls(calls)]
    return [path for path in paths if path is not None]


def _from_database(connection: Connection, redactor: Redactor) -> dict[str, Any]:
    person, forms = redactor.person, redactor.forms
    if person is None or forms is None:
        raise AssertionError("a redactor of a person has both")
    written = spellings(connection, redactor)
    calls = calls_of(connection, written)
    found: dict[str, Any] = defaultdict(list)
    for table in _OF_CALLS:
        name = "id" if table is tables.call else "call_id"
        for node, ident in calls:
            its = and_(table.c.node == node, table.c[name] == ident)
            found[table.name] += _rows(connection, table, its)
    for table in _OF_PERSONS:
        its = table.c.person == person
        if "number" in table.c and table is not tables.callback_attempt:
            its = or_(its, table.c.number == person)
        found[table.name] += _rows(connection, table, its)
    found["events"] = {ident: _events(connection, ident) for _, ident in calls}
    found |= _written_about(connection, written, calls)
    known = {table.name for table in (*_OF_CALLS, *_OF_PERSONS)} | {"call_event"}
    shown = {(register_entry.name, each["id"]) for each in found["entries"]}
    shown |= {(webhook_delivery.name, each["subject"]) for each in found["told"]}
    found["elsewhere"] = [
        each.place
        for each, row, _, _ in holders(connection, forms)
        if each.table not in known and (each.table, _subject(row)) not in shown
    ]
    return {**{table.name: [] for table in (*_OF_CALLS, *_OF_PERSONS)}, **found}


def _written_about(
    connection: Connection, written: list[str], calls: list[tuple[str, str]]
) -> dict[str, list[dict[str, Any]]]:
    """Entries of the register in all their versions, and what web hooks were told."""
    ids = [ident for _, ident in calls]
    entries = entries_of(connection, written, ids)
    order = (register_entry.c.id, register_entry.c.version)
    versions = []
    for each in entries:
        wanted = select(*ENTRY_COLUMNS).where(register_entry.c.id == each).order_by(*order)
        versions += [_as_data(row) for row in connection.execute(wanted)]
    told = told_of(connection, "call-ended", ids) + told_of(connection, "entry-saved", entries)
    return {"entries": versions, "told": [_as_data(row) for row in told]}


def _subject(row: Any) -> str | None:
    """What a row that may have been shown is about."""
    found: str | None = getattr(row, "subject", None) or getattr(row, "id", None)
    return found


def _as_data(row: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row._mapping.items()}  # noqa: SLF001


def _rows(connection: Connection, table: Table, its: Any) -> list[dict[str, Any]]:
    return [_as_data(row) for row in connection.execute(select(table).where(its)).all()]


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case bytes():
            return value.decode("utf-8", "replace")
        case _:
            return value


def _events(connection: Connection, ident: str) -> list[dict[str, str]]:
    story = call_story(connection, ident)
    if story is None:
        return []
    return [
        {"at": from_micros(moment.at).isoformat(), "what": moment.text}
        for moment in timeline(story.events, story.queue_events)
    ]


def _blocks(place: PrivacyPlace, redactor: Redactor) -> list[dict[str, str]]:
    return [
        {"callers": each.block.callers, "since": each.block.since.isoformat(), "reason": each.block.reason}
        for each in BlocksFile(place.settings.blocks_file).all()
        if _names(redactor.forms, each.block.callers)
    ]


def _names(forms: NumberForms | None, text: str) -> bool:
    return forms is not None and bool(forms.find_in_text(text.encode()))


def as_text(data: dict[str, Any]) -> str:
    """The same for a reader. Control characters of whoever called are taken out."""
    lines = [f"What is held about {data['number']} on {data['made_at'][:10]}", ""]
    for row in data["call"]:
        lines.append(f"Call {row['id']}")
        lines += [f"  {name}: {_shown(value)}" for name, value in row.items() if value not in {None, ""}]
        lines += [f"    {each['at']}  {_shown(each['what'])}" for each in data["events"].get(row["id"], [])]
        lines.append("")
    titles = {
        "leg": "Telephones that were part of the calls",
        "voicemail_message": "Spoken messages",
        "recording": "Recordings of conversations",
        "entries": "Entries of the register, version by version",
        "told": "Told to other programs",
        "promise": "Calls back that were promised",
        "promise_call": "Calls of these promises",
        "promise_act": "What was done about them",
        "callback_attempt": "Attempts to call back",
        "blocked": "Blocked",
    }
    for name, title in titles.items():
        for row in data[name]:
            told = "; ".join(
                f"{key}: {_shown(value)}" for key, value in row.items() if value not in {None, ""}
            )
            lines.append(f"{title}: {told}")
    lines += [f"Also named in: {each}" for each in data["elsewhere"]]
    lines += [f"A recording of the voice: {each}" for each in data["recordings"]]
    if not data["call"] and not data["promise"] and not data["entries"]:
        lines.append("No call, no promise and no entry.")
    return "\n".join([*lines, ""])


def _shown(value: Any) -> str:
    return clean_text(str(value), _WIDEST)


def write_out(held: Held, folder: Path) -> list[Path]:
    """Data, text and recordings into a folder, readable by its owner alone. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = [folder / "data.json", folder / "data.txt"]
    replace(written[0], json.dumps(held.data, indent=1, ensure_ascii=False) + "\n", mode=0o600)
    replace(written[1], as_text(held.data), mode=0o600)
    for sound in held.sounds:
        target = folder / sound.name
        shutil.copyfile(sound, target)
        target.chmod(0o600)
        written.append(target)
    return written

"""Entries of the register, and what web hooks were told: those that are old, and those of one person."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from hotline_ivr.launch.privacy.place import PrivacyPlace
from hotline_ivr.routing.redaction import Redactor
from hotline_ivr.routing.sheet_keys import keyed_anew
from hotline_ivr.routing.webhooks import call_without_person, entry_without_person
from hotline_ivr.store.register_batches import key_anew
from hotline_ivr.store.register_lock import lock_entries
from hotline_ivr.store.register_privacy import (
    Ids,
    OfCalls,
    OfNumbers,
    OlderThan,
    count_entries,
    entry_ids,
    erase_entries,
    old_numbers,
    redact_numbers,
    tidy_index,
)
from hotline_ivr.store.webhook_privacy import count_told, forget_told, redact_told, spool_erased, still_told

# Entries in one transaction.
PAGE = 200


async def purge_entries(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    """Entries of what was asked before, on all nodes: the register is one."""
    if dry_run:
        return await place.store.read(lambda on: count_entries(on, OlderThan(before)))
    count, secret = 0, place.pseudonyms.key
    while gone := await place.store.write(partial(_erase_page, before=before, at=place.now, secret=secret)):
        count += gone
    # Also after a kill that came before it.
    await place.store.write(tidy_index)
    return count


def _erase_page(connection: Connection, before: datetime, at: datetime, secret: bytes) -> int:
    ids = entry_ids(connection, OlderThan(before, PAGE))
    if ids:
        key_anew(connection, partial(keyed_anew, secret))
    # Before the web hooks' rows: a change takes the two in this order.
    lock_entries(connection, ids)
    redact_told(connection, "entry-saved", ids, entry_without_person)
    return erase_entries(connection, Ids(ids), at, "retention") if ids else 0


async def purge_entry_numbers(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    """Numbers of entries' own; how many of them."""
    if dry_run:
        return len(await place.store.read(lambda on: old_numbers(on, before)))
    return await place.store.write(lambda on: redact_numbers(on, before, place.everybody().number))


async def purge_told(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    """Bodies of web hooks that are done."""
    if dry_run:
        return await place.store.read(lambda on: count_told(on, place.node, before))
    return await place.store.write(lambda on: forget_told(on, place.node, before))


async def redact_waiting(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    """Numbers, names and texts out of what is older and still waits for a receiver; how many bodies."""
    if dry_run:
        return 0
    return await place.store.write(partial(_redact_waiting, place=place, before=before))


def _redact_waiting(connection: Connection, *, place: PrivacyPlace, before: datetime) -> int:
    everybody = place.everybody()

    def change(data: dict[str, Any]) -> dict[str, Any]:
        caller = data["call"]["caller"]
        # A masked one tells nothing.
        return call_without_person(data, everybody.number(caller) if caller[-6:].isdigit() else caller)

    calls, entries = (
        still_told(connection, place.node, event, before) for event in ("call-ended", "entry-saved")
    )
    count = redact_told(connection, "call-ended", calls, change)
    return count + redact_told(connection, "entry-saved", entries, entry_without_person)


def erase_person(
    connection: Connection, redactor: Redactor, written: list[str], calls: list[tuple[str, str]], at: datetime
) -> int:
    """Take a person's entries, and what web hooks were told of their calls and entries; how many entries.

    Receivers are told, since they hold copies. In one transaction: an entry that is erased no longer tells
    whose it was.
    """
    ids = [ident for _, ident in calls]
    # Keys of rows of spreadsheets stay: none of them may be one that can be guessed.
    key_anew(connection, partial(keyed_anew, redactor.pseudonyms.key))
    entries = entries_of(connection, written, ids)
    # Before the web hooks' rows: a change takes the two in this order.
    lock_entries(connection, entries)
    redact_told(connection, "entry-saved", entries, entry_without_person)

    def change(data: dict[str, Any]) -> dict[str, Any]:
        number = redactor.person or ""
        return call_without_person(data, redactor.number(number))

    redact_told(connection, "call-ended", ids, change)
    spool_erased(connection, ids, entries, at)
    return erase_entries(connection, Ids(entries), at, "privacy")


def entries_of(connection: Connection, written: list[str], calls: list[str]) -> list[str]:
    """Ids of a person's entries, by number or by call; those that an erasure has got to as well."""
    found = dict.fromkeys(entry_ids(connection, OfNumbers(written), erased_too=True))
    found |= dict.fromkeys(entry_ids(connection, OfCalls(calls), erased_too=True))
    return list(found)

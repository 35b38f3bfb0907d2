"""The kinds of data that are kept for so many days, each with how it is taken away.

A kind is a field of config/privacy.py and an entry in KINDS. Its `purge` takes away what is older than a
moment, page by page, so that it can be killed and done again, and says how much that was; with `dry_run` it
only counts. Its `erase` does what the search over all tables cannot: files of one person.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from hotline_ivr.control.alert_spool import forget_past
from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.control.voicemail_files import VoicemailFiles
from hotline_ivr.launch.plan_history import PlanHistory
from hotline_ivr.launch.privacy.conversations import delete_of_calls, erase_recordings, purge_recordings
from hotline_ivr.launch.privacy.entries import purge_entries, purge_entry_numbers, purge_told, redact_waiting
from hotline_ivr.launch.privacy.logs import forget_logs, older_than, redact_old
from hotline_ivr.launch.privacy.place import PrivacyPlace
from hotline_ivr.routing.messages import kept_long_enough
from hotline_ivr.store.messages import DatabaseMessages
from hotline_ivr.store.purges import (
    count_calls,
    forget_calls,
    forget_promises,
    old_calls,
    old_persons,
    old_promises,
    old_without_row,
    whole_calls,
)
from hotline_ivr.store.redacting import redact_calls, redact_person
from hotline_ivr.store.rejected_lines import count_rejected, forget_rejected, redact_rejected

Purging = Callable[[PrivacyPlace, datetime, bool], Awaitable[int]]
Erasing = Callable[[PrivacyPlace, list[tuple[str, str]]], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` is that in the configuration; `what` is counted, for people."""

    name: str
    what: str
    purge: Purging
    #: Given the person's calls (node, id): deletes what of them lies in files, and says how much.
    erase: Erasing | None = None
    #: Whether rows of nodes that are gone are taken away too (store/retired.py).
    of_retired: bool = False
    #: Whether what goes lay in rows of the database: then the file of SQLite is written anew.
    in_rows: bool = True


async def _numbers(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    count = await _calls(place, before, dry_run, digits=False)
    persons = await place.store.read(lambda on: old_persons(on, place.node, before))
    for person in persons if not dry_run else ():
        await place.store.write(partial(redact_person, person=person, redactor=place.everybody()))
    if not place.retired:
        # The register is one for all nodes.
        count += await purge_entry_numbers(place, before, dry_run)
    count += await redact_waiting(place, before, dry_run)
    return count + len(persons) + await purge_told(place, before, dry_run)


async def _keys(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    count = await _calls(place, before, dry_run, digits=True)
    return count + await purge_told(place, before, dry_run)


async def _calls(place: PrivacyPlace, before: datetime, dry_run: bool, *, digits: bool) -> int:
    """The files first: what is read of them from now on has no number, and the database is done after it."""
    redactor, gone = place.everybody(digits=digits), bool(place.retired)
    if not gone:
        await redact_old(place, redactor, "keys" if digits else "numbers", before, dry_run=dry_run)
    if not dry_run:
        old = older_than(before)
        await place.store.write(partial(redact_rejected, node=place.node, old=old, change=redactor.events))
    count, after = 0, None
    find = partial(old_calls, node=place.node, span=(None, before), digits=digits, open_too=gone)
    while page := await place.store.read(partial(find, after=after)):
        ids = [ident for _, ident in page]
        if dry_run:
            count += len(ids)
        else:
            count += await place.store.write(
                partial(redact_calls, node=place.node, ids=ids, redactor=redactor, open_too=gone)
            )
        after = page[-1]
    return count


async def _whole_calls(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    gone = bool(place.retired)
    count = await _calls_without_row(place, before, dry_run)
    if dry_run:
        return count + await place.store.read(lambda on: count_calls(on, place.node, before, open_too=gone))
    while page := await place.store.read(lambda on: whole_calls(on, place.node, before, open_too=gone)):
        if not gone:
            # The files first: what a kill leaves of them is found by its call.
            await delete_of_calls(place, page, "retention")
        count += await place.store.write(partial(forget_calls, node=place.node, ids=page))
    return count


async def _calls_without_row(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    count, after = 0, ""
    while True:
        old, last = await place.store.read(
            partial(old_without_row, node=place.node, before=before, after=after)
        )
        count += len(old)
        if old and not dry_run:
            await place.store.write(partial(forget_calls, node=place.node, ids=old))
        if last is None:
            return count
        after = last


async def _promises(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    if dry_run:
        return len(await place.store.read(lambda on: old_promises(on, place.node, before)))
    return await place.store.write(lambda on: forget_promises(on, place.node, before))


async def _voicemail(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    files = VoicemailFiles(place.settings.voicemail_dir)
    found = await asyncio.to_thread(files.scan)
    own = {name for name, box in place.plan.voicemails.items() if box.keep_days is not None}
    old = [each for each in found if each.box not in own and each.at < before]
    old += kept_long_enough(place.plan, found, place.now)
    if not dry_run and old:
        # Noted first: a file that is left by a kill in between goes the next time.
        messages = DatabaseMessages(place.store, place.node)
        await messages.removed([each.call_id for each in old], place.now)
        for each in old:
            await asyncio.to_thread(files.remove, each)
    return len(old)


async def _erase_voicemail(place: PrivacyPlace, calls: list[tuple[str, str]]) -> int:
    own = {ident for node, ident in calls if node == place.node}
    files = VoicemailFiles(place.settings.voicemail_dir)
    found = [each for each in await asyncio.to_thread(files.scan) if each.call_id in own]
    await DatabaseMessages(place.store, place.node).removed([each.call_id for each in found], place.now)
    for each in found:
        await asyncio.to_thread(files.remove, each)
    return len(found)


async def _audit(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    trail = AuditTrail(place.settings.audit_file)
    return await asyncio.to_thread(trail.forget, before, dry_run=dry_run)


async def _logs(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    old = older_than(before)
    if dry_run:
        count = await place.store.read(lambda on: count_rejected(on, place.node, old))
    else:
        count = await place.store.write(lambda on: forget_rejected(on, place.node, old))
    return count if place.retired else count + await forget_logs(place, before, dry_run=dry_run)


async def _history(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    entries = list(PlanHistory(place.settings.history_dir).entries())[2:]
    old = [each for each in entries if each.taken_at < before]
    for each in old if not dry_run else ():
        await asyncio.to_thread(shutil.rmtree, each.folder)
    return len(old)


async def _alerts(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    return await asyncio.to_thread(forget_past, place.settings.alerts_dir, before, dry_run=dry_run)


KINDS: tuple[Kind, ...] = (
    Kind("numbers", "calls and persons without a number", _numbers, of_retired=True),
    Kind("keys", "calls without entered digits", _keys, of_retired=True),
    Kind("voicemail", "spoken messages", _voicemail, _erase_voicemail, in_rows=False),
    Kind("recordings", "recordings of conversations", purge_recordings, erase_recordings, in_rows=False),
    Kind("entries", "entries of the register without texts", purge_entries),
    Kind("webhooks", "messages of web hooks", purge_told, of_retired=True),
    Kind("promises", "closed promises", _promises, of_retired=True),
    Kind("logs", "log files and lines that were none", _logs, of_retired=True),
    Kind("calls", "whole calls", _whole_calls, of_retired=True),
    Kind("audit", "entries of the trail", _audit, in_rows=False),
    Kind("history", "configurations", _history, in_rows=False),
    Kind("alerts", "alerts", _alerts, in_rows=False),
)

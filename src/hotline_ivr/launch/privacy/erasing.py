"""One person erased: out of the logs, the database and the state folder, and the proof of it.

The order matters. Logs go first: whatever the record reads of them from then on has no number any more.
Then what lies in files by the ids of the person's calls, then the database, then the small files. Each step
finds what it has to do by looking, so an erasure that was killed is simply made again.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.control.blocks_file import BlocksFile
from hotline_ivr.control.erasures_file import Erasure, ErasuresFile
from hotline_ivr.errors import ArgumentError
from hotline_ivr.files import locked, replace
from hotline_ivr.launch.backup.leftovers import clear_left_behind
from hotline_ivr.launch.locking import only_one
from hotline_ivr.launch.plan_history import PlanHistory
from hotline_ivr.launch.privacy.entries import erase_person
from hotline_ivr.launch.privacy.kinds import KINDS
from hotline_ivr.launch.privacy.logs import redact_person as redact_logs
from hotline_ivr.launch.privacy.place import PrivacyPlace
from hotline_ivr.launch.privacy.proof import Proof, prove
from hotline_ivr.routing.number_forms import NumberForms
from hotline_ivr.routing.redaction import Redactor
from hotline_ivr.store.redacting import (
    PAGE,
    calls_of,
    clear_notes,
    cut_off,
    drop_promises,
    promises_of,
    redact_calls,
    redact_everywhere,
    redact_person,
    spellings,
    under_way,
)
from hotline_ivr.store.register_privacy import tidy_index

log = structlog.get_logger()

# What the record had read and not yet written when the database was gone through is there in the next round.
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done, and the proof."""

    calls: int
    lines: int
    files: int
    promises: int
    #: Entries of the register that lost their texts.
    entries: int
    #: Other nodes that had calls of the person: their files are on their machines.
    nodes: tuple[str, ...]
    proof: Proof


async def erase(place: PrivacyPlace, number: str, *, stopped: bool = False) -> Erased:
    """Erase it and prove it.

    `stopped` says that neither the service nor Asterisk runs: whatever the record calls under way is what
    was so when a backup was made, and goes with the rest.

    Raises ArgumentError for what is no number or is in a call now, SetupError while a purge or another
    erasure runs, StoreError and OSError; then it can be done again.
    """
    redactor = place.person(number)
    person, forms = redactor.person, redactor.forms
    if person is None or forms is None:
        raise AssertionError("a redactor of a person has both")
    with only_one(place.settings.privacy_lock, "A purge or an erasure"):
        busy = [] if stopped else await place.store.read(lambda on: under_way(on, redactor))
        if busy:
            raise ArgumentError(
                f"the number is in a call now, or is being rung ({', '.join(busy[:3])}):"
                " erase it when the call is over"
            )
        await asyncio.to_thread(clear_left_behind, place.settings)
        await asyncio.to_thread(_note, place, redactor)
        lines = await redact_logs(place, redactor)
        if stopped:
            await place.store.write(lambda on: cut_off(on, redactor, place.now))
        work = partial(_database, place, redactor, person, forms, open_too=stopped)
        calls, files, nodes, promises, entries = await work()
        files += await asyncio.to_thread(_small_files, place, redactor, stopped=stopped)
        proof = await prove(place, forms)
        for _ in range(ROUNDS - 1):
            if not any(each.startswith("database,") for each in proof.places):
                break
            await asyncio.sleep(place.settings.record_poll * 2)
            more, gone, _, _, again = await work()
            calls, files, entries = calls + more, files + gone, entries + again
            proof = await prove(place, forms)
    log.info("a person was erased", calls=calls, left=len(proof.places))
    return Erased(calls, lines, files, promises, entries, nodes, proof)


def _note(place: PrivacyPlace, redactor: Redactor) -> None:
    """By pseudonym: the trail must not tell the number that it says is gone."""
    same = place.pseudonyms.same(redactor.person or "")
    ErasuresFile(place.settings.erasures_file).note(Erasure(place.now, same, place.by))
    entry = AuditEntry(place.now, place.by, "command", "privacy.erase", same, {})
    AuditTrail(place.settings.audit_file).note(entry)


async def _database(
    place: PrivacyPlace, redactor: Redactor, person: str, forms: NumberForms, *, open_too: bool
) -> tuple[int, int, tuple[str, ...], int, int]:
    """Calls, files, other nodes, promises, entries."""
    written = await place.store.read(lambda on: spellings(on, redactor))
    found = await place.store.read(lambda on: calls_of(on, written))
    files = 0
    for kind in KINDS:
        if kind.erase is not None:
            files += await kind.erase(place, found)
    count = 0
    for node in sorted({node for node, _ in found}):
        ids = [ident for at, ident in found if at == node]
        for start in range(0, len(ids), PAGE):
            some = ids[start : start + PAGE]
            change = partial(redact_calls, node=node, ids=some, redactor=redactor, open_too=open_too)
            count += await place.store.write(change)
    about = {*(ident for _, ident in found), *await place.store.read(lambda on: promises_of(on, written))}
    files += await asyncio.to_thread(AuditTrail(place.settings.audit_file).forget_notes, about)
    promises = await place.store.write(lambda on: drop_promises(on, place.node, person, place.now))
    entries = await place.store.write(lambda on: erase_person(on, redactor, written, found, place.now))
    await place.store.write(lambda on: clear_notes(on, person))
    await place.store.write(lambda on: redact_person(on, person, redactor))
    await place.store.write(lambda on: redact_everywhere(on, forms, redactor))
    await place.store.write(tidy_index)
    others = tuple(sorted({node for node, _ in found} - {place.node}))
    return count, files, others, promises, entries


def _small_files(place: PrivacyPlace, redactor: Redactor, *, stopped: bool) -> int:
    settings, forms = place.settings, redactor.forms
    if forms is None:
        raise AssertionError("a redactor of a person has forms")
    BlocksFile(settings.blocks_file).forget(lambda callers: bool(forms.find_in_text(callers.encode())))
    changed = 0
    spool = settings.asterisk_dir / "spool"
    done = spool / "outgoing_done"
    for path in (settings.audit_file, settings.pin_guard_file):
        with locked(path.with_name(f".{path.name}.lock")):
            changed += rewrite(path, redactor)
    for path in (*sorted((settings.alerts_dir / "past").glob("*.json")), *sorted(done.glob("*.call"))):
        changed += rewrite(path, redactor)
    for path in sorted((spool / "outgoing").glob("*.call")) if stopped else ():
        if forms.find_in_text(path.read_bytes()):
            path.unlink()
            changed += 1
    entries = list(PlanHistory(settings.history_dir).entries())
    for entry in entries[1:]:
        if _holds(entry.folder.iterdir(), forms):
            # What `hotline undo` could go back to would name the person again.
            shutil.rmtree(entry.folder)
            changed += 1
    return changed


def _holds(files: Iterable[Path], forms: NumberForms) -> bool:
    return any(path.is_file() and forms.find_in_text(path.read_bytes()) for path in files)


def rewrite(path: Path, redactor: Redactor) -> bool:
    """A small file without the person, whole or not at all; whether it has changed. Raises OSError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return False
    new = redactor.text(data)
    if new == data:
        return False
    mode = path.stat().st_mode & 0o777
    replace(path, new.decode("utf-8", "surrogateescape"), mode=mode)
    path.chmod(mode)
    return True

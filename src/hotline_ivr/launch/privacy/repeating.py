"""After a restore: who was erased since the backup is erased again.

The list of erasures knows persons by pseudonym only. So every number that the restored state tells is tried,
and those whose pseudonym is on the list go. Asterisk's logs are read into the record first, as the service
would: what a person left in files is found by the ids of their calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from hotline_ivr.asterisk.spool_log import open_logs
from hotline_ivr.asterisk.spool_redaction import logs_of, redact_file
from hotline_ivr.calls.calls_in_hand import Limits
from hotline_ivr.calls.record_keeper import RecordKeeper
from hotline_ivr.control.erasures_file import ErasuresFile
from hotline_ivr.control.number_key import pseudonyms
from hotline_ivr.launch.backup.parts import ASIDE
from hotline_ivr.launch.locking import only_one
from hotline_ivr.launch.privacy.erasing import erase
from hotline_ivr.launch.privacy.kinds import KINDS
from hotline_ivr.launch.privacy.logs import other_logs, spools
from hotline_ivr.launch.privacy.place import PrivacyPlace, privacy_place
from hotline_ivr.routing.owed import read_number
from hotline_ivr.routing.pseudonym import Pseudonyms, is_pseudonym
from hotline_ivr.routing.redaction import numbers_in_text, numbers_told
from hotline_ivr.settings import Settings
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.register_privacy import OfCalls, erase_entries, tidy_index
from hotline_ivr.store.told_numbers import calls_of_pseudonym, told_numbers


@dataclass(frozen=True, slots=True)
class ErasedAgain:
    """How many persons were, and where a number of theirs still stands (Proof.places)."""

    persons: int = 0
    places: tuple[str, ...] = ()


async def erase_again(settings: Settings, *, by: str, since: datetime) -> ErasedAgain:
    """Erase them; neither the service nor Asterisk may run.

    Who was erased before `since`, when the backup was made (aware), is not in it, and may have called again.
    Raises ConfigError, SetupError, StoreError and OSError; then it can be done again.
    """
    asides = sorted(settings.state_dir.glob(f"{ASIDE}*"))
    _merge(settings, asides)
    wanted = {each.person for each in ErasuresFile(settings.erasures_file).all() if each.at > since}
    if not wanted:
        return ErasedAgain()
    async with privacy_place(settings, by=by) as place:
        keys = [place.pseudonyms]
        keys += [pseudonyms(key) for each in asides if (key := each / settings.number_key_file.name).exists()]
        await _read_on(place)
        numbers = await place.store.read(told_numbers)
        numbers |= await asyncio.to_thread(_in_files, place)
        places: list[str] = []
        persons = await asyncio.to_thread(_persons, numbers, place.country, keys, wanted)
        for person in persons:
            done = await erase(place, person, stopped=True)
            places += done.proof.places
        more = await _of_pseudonyms(place, wanted)
    return ErasedAgain(len(persons) + more, tuple(dict.fromkeys(places)))


async def _of_pseudonyms(place: PrivacyPlace, wanted: set[str]) -> int:
    """Of persons whose numbers were replaced before the backup: their files, and entries about their calls.

    How many of them had any.
    """
    count = 0
    with only_one(place.settings.privacy_lock, "A purge or an erasure"):
        for same in sorted(wanted):
            found = await place.store.read(partial(calls_of_pseudonym, same=same))
            gone = sum([await kind.erase(place, found) for kind in KINDS if kind.erase is not None and found])
            whose = OfCalls([ident for _, ident in found])
            gone += await place.store.write(partial(erase_entries, whose=whose, at=place.now, by="privacy"))
            count += gone > 0
        await place.store.write(tidy_index)
    return count


def _merge(settings: Settings, asides: Iterable[Path]) -> None:
    """The list of before a restore may be the longer one; that of a backup may name a person's first wish."""
    kept = ErasuresFile(settings.erasures_file)
    known = {(each.at, each.person) for each in kept.all()}
    for aside in asides:
        for each in ErasuresFile(aside / settings.erasures_file.name).all():
            if (each.at, each.person) not in known:
                known.add((each.at, each.person))
                kept.note(each)


async def _read_on(place: PrivacyPlace) -> None:
    """All that Asterisk's logs have into the record."""
    settings = place.settings
    keeper = RecordKeeper(
        place.node,
        DatabaseLedger(place.store, place.node),
        partial(open_logs, settings.cel_file, settings.queue_log_file),
        limits=Limits(refresh=0, calls=settings.record_calls_held),
    )
    try:
        # A look that ends a rotated file leaves its successor to the next.
        still, before = 0, None
        while still < 2:
            await keeper.catch_up()
            now = {source: mark.position for source, mark in keeper.marks.items()}
            still, before = (still + 1 if now == before else 0), now
    finally:
        keeper.close()


def _in_files(place: PrivacyPlace) -> set[str]:
    """Numbers of Asterisk's logs, also in lines that are no record, and of the small files."""
    found = set[str]()

    def look(line: bytes) -> bytes:
        found.update(numbers_told(line))
        return line

    def look_at_text(line: bytes) -> bytes:
        found.update(numbers_in_text(line.decode("utf-8", "replace")))
        return line

    for log in spools(place).values():
        for path in logs_of(log):
            redact_file(path, look)
    for log in other_logs(place):
        for path in logs_of(log):
            redact_file(path, look_at_text)
    for path in (place.settings.audit_file, place.settings.blocks_file):
        if path.exists():
            found.update(numbers_in_text(path.read_text(encoding="utf-8", errors="replace")))
    return found


def _persons(
    numbers: Iterable[str], country: str | None, keys: list[Pseudonyms], wanted: set[str]
) -> list[str]:
    """Numbers in E.164 of those who were erased and are told again."""
    persons = {read_number(each, country) for each in numbers if each and not is_pseudonym(each)}
    return sorted(
        each for each in persons if each[:1] == "+" and any(key.same(each) in wanted for key in keys)
    )

"""What was kept long enough, taken away: by the service each night, or by hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from time import monotonic

import structlog

from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.launch.backup.leftovers import clear_left_behind
from hotline_ivr.launch.locking import only_one
from hotline_ivr.launch.privacy.kinds import KINDS
from hotline_ivr.launch.privacy.place import PrivacyPlace
from hotline_ivr.routing.purge_days import purge_night
from hotline_ivr.routing.shifts import shift_zone
from hotline_ivr.routing.wall import zone_of
from hotline_ivr.store.compacting import vacuum
from hotline_ivr.store.purges import begin_purge, end_purge, last_purges
from hotline_ivr.store.retired import retired_nodes

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PurgedKind:
    """`days` None: it is kept until somebody deletes it, and nothing was looked at."""

    name: str
    what: str
    days: int | None
    count: int


def day_of(place: PrivacyPlace) -> str:
    """The night that this purge is of, on the organisation's clock."""
    zone = zone_of(shift_zone(place.plan))
    return purge_night(place.now, place.settings.purge_time or time(), zone).isoformat()


async def purge(place: PrivacyPlace, *, dry_run: bool = False, once: bool = False) -> list[PurgedKind]:
    """Take away what is older than each kind is kept; nothing with `once` where today's is done.

    Raises SetupError while another purge or an erasure runs, StoreError and OSError; then it can be done
    again.
    """
    with only_one(place.settings.privacy_lock, "A purge or an erasure"):
        day = day_of(place)
        newest = await place.store.read(lambda on: last_purges(on, place.node, 1))
        if once and newest and newest[0].day >= day and newest[0].done_at is not None:
            return []
        if not dry_run:
            await asyncio.to_thread(clear_left_behind, place.settings)
            await place.store.write(lambda on: begin_purge(on, place.node, day, place.now))
        gone = await place.store.read(lambda on: retired_nodes(on, place.settings.node, place.now))
        found = [await _purge_kind(place, name, gone, dry_run=dry_run) for name in KINDS_BY_NAME]
        if not dry_run:
            # What a purge took away that was stopped is in no report, and may still lie in the file.
            stopped = bool(newest) and newest[0].done_at is None
            report = {each.name: each.count for each in found if each.days is not None}
            rows = any(report.get(each.name) for each in KINDS if each.in_rows)
            await _finish(place, day, report, rewrite=stopped or rows)
        return found


KINDS_BY_NAME = {each.name: each for each in KINDS}


async def _purge_kind(place: PrivacyPlace, name: str, gone: list[str], *, dry_run: bool) -> PurgedKind:
    kind, days = KINDS_BY_NAME[name], getattr(place.plan.privacy.keep, name)
    if days is None:
        return PurgedKind(name, kind.what, None, 0)
    before = place.now - timedelta(days=days)
    count = await kind.purge(place, before, dry_run)
    for node in gone if kind.of_retired else ():
        count += await kind.purge(replace(place, retired=node), before, dry_run)
    return PurgedKind(name, kind.what, days, count)


async def _finish(place: PrivacyPlace, day: str, report: dict[str, int], *, rewrite: bool) -> None:
    if any(report.values()):
        details = {name: str(count) for name, count in report.items() if count}
        entry = AuditEntry(place.now, place.by, "retention", "privacy.purge", day, details)
        AuditTrail(place.settings.audit_file).note(entry)
    if rewrite and place.database_file is not None:
        # Where rows moved between pages, SQLite leaves what they were, also when it overwrites what
        # is deleted.
        begun = monotonic()
        await asyncio.to_thread(vacuum, place.database_file)
        log.info("the database has been written anew", seconds=round(monotonic() - begun, 1))
    now: datetime = place.now
    await place.store.write(lambda on: end_purge(on, place.node, day, now, report))
    log.info("what was kept long enough is gone", day=day, **report)

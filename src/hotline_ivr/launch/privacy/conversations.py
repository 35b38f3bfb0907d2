"""Recordings of conversations: those that are old, and those of one person's calls."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from hotline_ivr.launch.privacy.place import PrivacyPlace
from hotline_ivr.launch.recording_parts import KeptRecordings
from hotline_ivr.routing.recordings import PartId


async def purge_recordings(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    """Those that began before, or are older than recordings are kept anyway: the shorter of the two holds."""
    kept = KeptRecordings(place.settings, place.store)
    own = place.now - timedelta(days=place.plan.recordings.keep_days)
    old = await kept.before(max(before, own))
    return len(old) if dry_run else await kept.delete(old, "retention", place.now)


async def delete_of_calls(place: PrivacyPlace, ids: list[str], by: str) -> int:
    """Delete recordings of these calls of this node; how many. Raises StoreError and OSError.

    Also those of which there is no row yet, and those that nobody has encrypted yet.
    """
    kept = KeptRecordings(place.settings, place.store)
    known = await kept.of_calls(ids)
    count = await kept.delete(known, by, place.now)
    wanted = set(ids)
    unknown = [part for part in await asyncio.to_thread(_parts, kept) if part.call_id in wanted]
    for part in unknown:
        await asyncio.to_thread(kept.files.remove, part)
    return count + len(unknown)


async def erase_recordings(place: PrivacyPlace, calls: list[tuple[str, str]]) -> int:
    """Those of one person's calls."""
    return await delete_of_calls(place, [ident for node, ident in calls if node == place.node], "privacy")


def _parts(kept: KeptRecordings) -> set[PartId]:
    return {each.id for each in kept.files.kept()} | {part.id for part in kept.files.plain()}

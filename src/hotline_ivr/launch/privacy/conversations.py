"""Recordings of conversations: those that are old, and those of one person's calls."""

from __future__ import annotations

from datetime import datetime, timedelta

from hotline_ivr.launch.privacy.place import PrivacyPlace
from hotline_ivr.launch.recording_parts import KeptRecordings


async def purge_recordings(place: PrivacyPlace, before: datetime, dry_run: bool) -> int:
    """Those that began before, or are older than recordings are kept anyway: the shorter of the two holds."""
    kept = KeptRecordings(place.settings, place.store)
    own = place.now - timedelta(days=place.plan.recordings.keep_days)
    old = await kept.before(max(before, own))
    return len(old) if dry_run else await kept.delete(old, "retention", place.now)


async def delete_of_calls(place: PrivacyPlace, ids: list[str], by: str) -> int:
    """Delete recordings of these calls of this node; how many. Raises StoreError and OSError.

    Also those of which there is no row yet, that nobody has encrypted yet, or that are being written.
    """
    return await KeptRecordings(place.settings, place.store).delete_calls(ids, by, place.now)


async def erase_recordings(place: PrivacyPlace, calls: list[tuple[str, str]]) -> int:
    """Those of one person's calls."""
    return await delete_of_calls(place, [ident for node, ident in calls if node == place.node], "privacy")

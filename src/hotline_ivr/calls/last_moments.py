"""Phones that rang in vain while Asterisk went down.

An Asterisk that is told to stop hangs up what rings before it goes, and tells of it as of phones that nobody
took up (app_queue, AgentRingNoAnswer). Nobody is to blame for those.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hotline_ivr.routing.presence import Presence, by_set_clock

LAST_MOMENTS: Final = timedelta(seconds=3)
"""What Asterisk tells of while it stops is no older than this when the link is lost."""


class LastMoments:
    """Where those stood whose phones rang in vain last. Moments are aware, UTC."""

    def __init__(self) -> None:
        self._stood: dict[str, tuple[Presence, datetime]] = {}

    def rang_in_vain(self, operator: str, stood: Presence | None, at: datetime) -> None:
        if stood is not None:
            self._stood[operator] = stood, at

    def clock_set(self, ahead: timedelta) -> None:
        """The clock is so much further ahead."""
        self._stood = {
            operator: (by_set_clock(stood, ahead), at + ahead)
            for operator, (stood, at) in self._stood.items()
        }

    def excused(self, lost_at: datetime) -> dict[str, Presence]:
        """Where operators stood whom a link that was lost then excuses; told once."""
        recent = {
            operator: stood for operator, (stood, at) in self._stood.items() if lost_at - at <= LAST_MOMENTS
        }
        self._stood.clear()
        return recent

"""Who was asked before a caller was handed over: they come in from a call of the operator's own.

What happened in that call before belongs to it, so nothing tells here that they entered a bridge. But they
leave it here, and somebody of this call comes in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from hotline_ivr.routing.cel import CallEvent
from hotline_ivr.routing.fold_legs import bridge_of

LINK = "Local/_attended@transfer-"
"""The pair by which Asterisk links two conversations of which it can make no single one."""


class Asked:
    """Channels by the bridge that they are in already."""

    __slots__ = ("_there",)

    def __init__(self) -> None:
        self._there: dict[str, list[CallEvent]] = {}

    def look(self, events: Sequence[CallEvent]) -> None:
        """A caller is handed over: look through all that is known of the call."""
        entered: set[str] = set()
        found: defaultdict[str, list[CallEvent]] = defaultdict(list)
        for each in events:
            if each.kind == "BRIDGE_ENTER":
                entered.add(each.channel)
            elif each.kind == "BRIDGE_EXIT" and each.channel not in entered:
                found[bridge_of(each.extra)].append(each)
        self._there = dict(found)

    def come_in(self, bridge: str) -> list[CallEvent]:
        """Somebody of the call is in that bridge: an event of each channel that was there before, once."""
        return self._there.pop(bridge, [])

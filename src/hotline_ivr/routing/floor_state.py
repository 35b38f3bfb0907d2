"""How it is in the queues, as somebody supposes who asks what would happen to a call."""

from __future__ import annotations

from enum import StrEnum


class FloorState(StrEnum):
    STAFFED = "staffed"
    ALL_PAUSED = "all-paused"
    EMPTY = "empty"
    FULL = "full"

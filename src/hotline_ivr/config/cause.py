"""What a carrier is told instead of a message, where no call is to come about."""

from __future__ import annotations

from typing import Literal

Refusal = Literal["busy", "rejected", "congestion", "unobtainable"]

CAUSES: dict[Refusal, int] = {"busy": 17, "rejected": 21, "congestion": 34, "unobtainable": 1}
"""Causes of ITU-T Q.850, which Asterisk turns into SIP 486, 403, 503 and 404."""

"""Who counts in a queue as if the call had come earlier: a head start, in seconds."""

from __future__ import annotations

from pydantic import Field

from hotline_ivr.config.base import Model
from hotline_ivr.config.phone import PhoneNumber
from hotline_ivr.config.types import Duration, Name

MOST_HEAD_START_S = 3600
"""Bounds what anybody may lose by others: who has waited so long is overtaken by nobody who comes now."""


class KnownCallers(Model):
    """Callers whom the hotline knows by their numbers, and how they are preferred."""

    name: Name = Field(description="Who they are, for people.", examples=["Emergency services"])
    numbers: tuple[PhoneNumber, ...] = Field(
        min_length=1, max_length=10_000, description="Their telephone numbers."
    )
    priority: Duration = Field(
        ge=1,
        le=MOST_HEAD_START_S,
        description="Head start in every queue: they count as if they had called so much earlier.",
        examples=["5m"],
    )

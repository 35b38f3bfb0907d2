"""What is owed to callers whom nobody could help."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hotline_ivr.config.base import Model
from hotline_ivr.config.types import Duration

_DAY = 86_400


class Promises(Model):
    """The list of those who are owed a call back."""

    short_abandon: Annotated[Duration, Field(ge=0, le=600)] = Field(
        5, description="Who hung up after no longer a wait than this is owed nothing.", examples=["5s"]
    )
    expires: Annotated[Duration, Field(ge=3600, le=90 * _DAY)] = Field(
        7 * _DAY,
        description="After this time without a call of the person an open promise expires.",
        examples=["168h"],
    )

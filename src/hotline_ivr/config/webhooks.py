"""Web hooks of the record: other programs that are told when a call has ended or an entry was saved."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hotline_ivr.config.base import Model
from hotline_ivr.config.mailing import HookAddress, SecretPlace
from hotline_ivr.config.types import Duration, Identifier, YesNo

HookEvent = Literal["call-ended", "entry-saved", "person-erased"]
"""What may be told: a call is over, or more is known of one that was; an entry of the register was saved; of
either, that the person was erased."""


class EventHook(Model):
    """A program that is told by POST; what it is told is signed, as alerts are."""

    url: HookAddress = Field(description="Where to post.")
    secret: SecretPlace = Field(
        description="Where the secret of the signature lies.", examples=["file:/run/secrets/crm"]
    )
    events: tuple[HookEvent, ...] = Field(
        ("call-ended",),
        min_length=1,
        description="`call-ended`: a call is over, or what is known of it has changed since; `entry-saved`: "
        "an entry of the register was saved; `person-erased`: whose call or entry it was has been erased.",
        examples=["[call-ended, entry-saved, person-erased]"],
    )
    lines: tuple[Identifier, ...] = Field(
        (), description="Only of these lines; left out, of all.", examples=["[admission]"]
    )
    numbers: YesNo = Field(
        False, description="Whether callers' numbers are told in full, and their names; else masked."
    )
    settle: Duration = Field(
        3,
        ge=0,
        le=300,
        description="How long is waited after a call before it is told, for what Asterisk writes of it late; "
        "what comes meanwhile is told with it.",
        examples=["3s"],
    )
    give_up_after: Duration = Field(
        259_200,
        ge=60,
        le=2_592_000,
        description="How long it is tried to deliver what was told.",
        examples=["72h"],
    )

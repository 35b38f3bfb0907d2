"""Where a caller may be sent: one place, written as one key with its value."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.refusal import choices, refusal
from hotline_ivr.config.types import Identifier, PhoneNumber, PromptId


class Destination(Model):
    """Where a caller goes: exactly one of these keys."""

    queue: Identifier | None = Field(None, description="Wait in this queue for an operator.")
    menu: Identifier | None = Field(None, description="Hear this menu.")
    collect: Identifier | None = Field(
        None, description="Be asked for these digits.", examples=["customer-number"]
    )
    message: PromptId | None = Field(
        None, description="Hear this prompt, then the call ends.", examples=["closed"]
    )
    transfer: PhoneNumber | None = Field(
        None, description="Be connected to this number outside.", examples=["+47 22 85 00 00"]
    )
    centre: Identifier | None = Field(
        None, description="Be connected to this call centre, or to who is on call there.", examples=["night"]
    )
    voicemail: Identifier | None = Field(None, description="Leave a message in this box.", examples=["main"])
    callback: Identifier | None = Field(
        None, description="Be called back by the operators of this queue.", examples=["main"]
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        named = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(named) != 1:
            known = choices(type(self).model_fields)
            what = f"names {len(named)} places ({', '.join(named)})" if named else "names no place"
            raise refusal(what, f"write exactly one of {known}")
        return self

    @property
    def kind(self) -> str:
        """The key that is written: queue, menu, collect, message, transfer, centre, voicemail or callback."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

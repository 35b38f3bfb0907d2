"""The telephones of one operator."""

from __future__ import annotations

from pydantic import Field

from hotline_ivr.config.base import Model
from hotline_ivr.config.types import Name, SipContact

MOST_DEVICES = 5


class Device(Model):
    """One of several telephones of an operator, with an account and a secret of its own."""

    name: Name = Field(description="What people call it.", examples=["Desk phone"])
    sip_contact: SipContact | None = Field(
        None, description="Fixed address, if it does not register.", examples=["sip:desk@192.0.2.7:5060"]
    )

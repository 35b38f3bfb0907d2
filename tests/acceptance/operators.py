"""Operators at their telephones."""

from __future__ import annotations

from hotline_ivr.testing.phone import Phone, Telephones
from hotline_ivr.testing.stack import HotlineStack


async def operator_of(stack: HotlineStack, telephones: Telephones, name: str) -> Phone:
    """The operator's telephone, registered."""
    account, secret = stack.accounts()[name]
    return await telephones.operator(account, secret, "127.0.0.1", stack.settings.sip_port)

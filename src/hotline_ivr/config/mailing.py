"""Addresses of mail and web hooks, and where their secrets lie: never in the YAML itself."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from hotline_ivr.config.described import Described
from hotline_ivr.config.refusal import quoted, refusal, text_of

ON_DUTY = "duty"
"""Stands in a list of recipients for whoever is on duty at that moment."""

# No display names, comments or quoted parts: an address ends up in a header.
_MAIL = r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})"
_HOOK = (
    r"https?://[A-Za-z0-9.\[\]:-]{1,255}(?:/[A-Za-z0-9._~%/@:-]{0,500})?(?:\?[A-Za-z0-9._~%/=&+:@-]{0,500})?"
)
_PLACE = r"(?:env:[A-Za-z_][A-Za-z0-9_]{0,99}|file:/[^\x00-\x1f]{1,500})"


def _mail(value: object) -> str:
    text = text_of(value, "a mail address")
    if not re.fullmatch(_MAIL, text, re.ASCII):
        raise refusal(f"{quoted(text)} is not a mail address", "write it as post@example.org")
    return text


def _recipient(value: object) -> str:
    text = text_of(value, "a mail address")
    if text == ON_DUTY:
        return text
    if not re.fullmatch(_MAIL, text, re.ASCII):
        raise refusal(
            f"{quoted(text)} is not a mail address",
            "write it as post@example.org, or `duty` for whoever is on duty",
        )
    return text


def _host(value: object) -> str:
    text = text_of(value, "the name of a mail server")
    if not re.fullmatch(_HOST, text, re.ASCII):
        raise refusal(
            f"{quoted(text)} is not the name of a server",
            "write mail.example.org; the port is a key of its own",
        )
    return text


def _hook(value: object) -> str:
    text = text_of(value, "a web address")
    if not re.fullmatch(_HOOK, text, re.ASCII):
        raise refusal(f"{quoted(text)} is not a web address", "write it as https://chat.example.org/hooks/x")
    return text


def _secret(value: object) -> str:
    text = text_of(value, "where the secret lies")
    if not re.fullmatch(_PLACE, text, re.ASCII):
        # What stands there may be the secret itself, so it is not repeated.
        raise refusal(
            "does not say where the secret lies",
            "write env:NAME for an environment variable or file:/path for a file; never the secret itself",
        )
    return text


MailAddress = Annotated[
    str,
    BeforeValidator(_mail),
    WithJsonSchema({"type": "string", "pattern": f"^{_MAIL}$"}),
    Described("mail address", "post@example.org"),
]
Recipient = Annotated[
    str,
    BeforeValidator(_recipient),
    WithJsonSchema({"type": "string", "pattern": f"^(?:{ON_DUTY}|{_MAIL})$"}),
    Described("mail address or `duty`", "post@example.org"),
]
MailHost = Annotated[
    str,
    BeforeValidator(_host),
    WithJsonSchema({"type": "string", "pattern": f"^{_HOST}$"}),
    Described("name of a server", "mail.example.org"),
]
HookAddress = Annotated[
    str,
    BeforeValidator(_hook),
    WithJsonSchema({"type": "string", "pattern": f"^{_HOOK}$"}),
    Described("web address", "https://chat.example.org/hooks/x"),
]
SecretPlace = Annotated[
    str,
    BeforeValidator(_secret),
    WithJsonSchema({"type": "string", "pattern": r"^(env:[A-Za-z_][A-Za-z0-9_]{0,99}|file:/.{1,500})$"}),
    Described("place of a secret", "env:HOTLINE_MAIL_PASSWORD"),
]

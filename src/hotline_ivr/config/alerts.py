"""Alerts: what is told by mail and web hooks, to whom, and after how long something counts as wrong."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.mailing import HookAddress, MailAddress, MailHost, Recipient, SecretPlace
from hotline_ivr.config.refusal import refusal
from hotline_ivr.config.types import Duration, Identifier, Name, YesNo

AlertKind = Literal["ghost-open", "record", "asterisk", "disk", "balance", "voicemail", "recording"]
"""What may be told: a line is open and nobody is ready; the record cannot be written; the link to Asterisk is
lost or its password is wrong; the record of a day and Asterisk's files differ; a caller has left a
message; conversations cannot be recorded, or their recordings not encrypted."""

Security = Literal["starttls", "tls", "none"]


class MailServer(Model):
    """The server that takes our mail."""

    host: MailHost = Field(description="Its name.", examples=["mail.example.org"])
    port: int = Field(587, ge=1, le=65535, description="Its port: 587 with `starttls`, 465 with `tls`.")
    security: Security = Field(
        "starttls",
        description="`starttls` and `tls` check the server's certificate; `none` is for this machine alone.",
    )
    user: Name | None = Field(None, description="User of the login.", examples=["hotline"])
    password: SecretPlace | None = Field(
        None, description="Where its password lies.", examples=["file:/run/secrets/mail"]
    )
    sender: MailAddress = Field(description="Address that mails come from.", examples=["hotline@example.org"])

    @model_validator(mode="after")
    def _login(self) -> Self:
        if (self.user is None) != (self.password is None):
            missing = "password" if self.password is None else "user"
            raise refusal(
                f"has a login without a `{missing}`", f"write `user` and `password`; add `{missing}`"
            )
        return self


class Webhook(Model):
    """Another program that is told by POST; what it is told is signed."""

    url: HookAddress = Field(description="Where to post.")
    secret: SecretPlace = Field(
        description="Where the secret of the signature lies.", examples=["env:HOTLINE_HOOK_SECRET"]
    )


class AlertRoute(Model):
    """Who is told of what."""

    kinds: tuple[AlertKind, ...] = Field(
        ("ghost-open", "record", "asterisk", "disk", "balance", "recording"),
        min_length=1,
        description="`ghost-open`: a line is open and nobody is ready; `record`: the record cannot be "
        "written; `asterisk`: the link to Asterisk is lost; `disk`: no room is left for the record; "
        "`balance`: the record of a day and Asterisk's files differ; "
        "`voicemail`: a caller has left a message; `recording`: conversations cannot be recorded for want of"
        " space, or not be encrypted. Only boxes with `notify` tell of messages.",
        examples=["[ghost-open, record]"],
    )
    mail: tuple[Recipient, ...] = Field(
        (), max_length=20, description="Who gets a mail.", examples=["[ops@example.org, duty]"]
    )
    webhooks: tuple[Identifier, ...] = Field((), description="Which web hooks are told.", examples=["[chat]"])

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.mail and not self.webhooks:
            raise refusal("tells nobody", "write `mail` or `webhooks`")
        return self


class Alerts(Model):
    """Who is told when something is wrong, and when that is."""

    mail: MailServer | None = Field(None, description="The mail server; without one no mail is sent.")
    webhooks: dict[Identifier, Webhook] = Field({}, description="Web hooks by id.")
    to: tuple[AlertRoute, ...] = Field((), max_length=20, description="Who is told of what.")
    ghost_open_after: Duration = Field(
        120,
        ge=2,
        le=7200,
        description="How long nobody may be ready for an open line before that is an alarm.",
        examples=["2m"],
    )
    ghost_open_overflow: YesNo = Field(
        True, description="Whether overflow rules with `nobody` hold while that alarm stands."
    )
    trouble_after: Duration = Field(
        120,
        ge=2,
        le=7200,
        description="How long the record may not be written, or the link be lost, before that is an alarm.",
        examples=["2m"],
    )
    give_up_after: Duration = Field(
        86_400,
        ge=60,
        le=604_800,
        description="How long it is tried to deliver an alert.",
        examples=["24h"],
    )

"""Recording of conversations: whether, with whose consent, encrypted for whom, and kept for how long."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.control import Code
from hotline_ivr.config.described import Described
from hotline_ivr.config.refusal import quoted, refusal, text_of
from hotline_ivr.config.types import Duration, PromptId, YesNo

Consent = Literal["none", "announce", "key"]

OPERATOR_TAPE_PROMPTS = ("recording-paused", "recording-on", "recording-full")
"""What operators hear after their own code; the words are in sounds/prompts.yaml."""

_KEY = r"age1[02-9ac-hj-np-z]{58}"
_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def _public_key(value: object) -> str:
    text = text_of(value, "a public key")
    if text.upper().startswith("AGE-SECRET-KEY-"):
        # It would lie beside what it opens, and in every copy of the configuration.
        raise refusal(
            "is a private key, which must never stand here",
            "make a new pair, since this one is spoilt, and write the public key: age1...",
        )
    if not re.fullmatch(_KEY, text, re.ASCII) or _checksum(text) != 1:
        raise refusal(
            f"{quoted(text[:80])} is no public key",
            "write the one that `hotline recordings keygen` or age-keygen has shown: age1...",
        )
    return text


def _checksum(key: str) -> int:
    """Bech32's (BIP 173): 1 unless a letter is mistyped."""
    human, _, data = key.rpartition("1")
    values = [*(ord(c) >> 5 for c in human), 0, *(ord(c) & 31 for c in human)]
    check = 1
    for value in [*values, *(_LETTERS.index(c) for c in data)]:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATORS):
            check ^= generator if top >> place & 1 else 0
    return check


PublicKey = Annotated[
    str,
    BeforeValidator(_public_key),
    WithJsonSchema({"type": "string", "pattern": f"^{_KEY}$"}),
    Described("public key of age", "age1..."),
]


class Recording(Model):
    """Whether the conversations of a line or a queue are recorded, and what callers are told or asked."""

    record: YesNo = Field(
        True, description="`no` records nothing here, whatever the line says; the rest is not needed then."
    )
    consent: Consent = Field(
        "key",
        description="`key`: callers are asked, and recorded only if they press 1; `announce`: they are told;"
        " `none`: they are not told. Before they join the queue.",
    )
    announcement: PromptId = Field("recording-announce", description="With `announce`, what callers hear.")
    question: PromptId = Field(
        "recording-question", description="With `key`, the question; it names the keys 1 for yes, 2 for no."
    )
    answer_within: Annotated[Duration, Field(ge=2, le=30)] = Field(
        5, description="How long the key is waited for; then it is asked once more.", examples=["5s"]
    )
    refused: PromptId = Field(
        "recording-off", description="What those hear who have refused or pressed nothing."
    )
    after_transfer: Literal["stop", "continue"] = Field(
        "stop",
        description="Whether the talk with a colleague is recorded too, to whom a caller is handed, at once "
        "or after asking.",
    )

    @property
    def asked(self) -> str:
        """The prompt that comes before; empty where there is none."""
        return {"none": "", "announce": self.announcement, "key": self.question}[self.consent]


class Recordings(Model):
    """How recordings are kept, those of all lines and queues."""

    public_keys: tuple[PublicKey, ...] = Field(
        (),
        max_length=10,
        description="For whom recordings are encrypted: each private key of one of them opens all.",
        examples=["[age1...]"],
    )
    encrypt: YesNo = Field(
        True, description="`no` keeps recordings as they are: whoever can read the disk hears them."
    )
    keep_days: int = Field(
        90, ge=1, le=3650, description="Recordings older than this are deleted at night.", examples=["30"]
    )
    disk_floor: int = Field(
        1024,
        ge=1,
        le=10_000_000,
        description="Megabytes that have to be free, else nothing more is recorded; calls go on.",
        examples=["2048"],
    )
    pause_code: Code | None = Field(
        None,
        description="Keys by which an operator in a call pauses its recording, and goes on with it.",
        examples=["'*7'"],
    )
    pause_limit: Annotated[Duration, Field(ge=5, le=3600)] = Field(
        120, description="A pause ends by itself after this.", examples=["2m"]
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if not self.encrypt and self.public_keys:
            raise refusal(
                "has `public_keys` and `encrypt: no`", "take one of them out: keys encrypt, `no` does not"
            )
        return self

"""The control number: closing, opening and recording by telephone, for people who have a PIN."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.described import Described
from hotline_ivr.config.refusal import quoted, refusal, text_of
from hotline_ivr.config.types import Duration, Identifier, LanguageCode, PhoneNumber, PromptId

_CODE = r"\*[0-9]{1,5}"

CONTROL_PROMPTS = (
    "control-pin",
    "control-wrong-pin",
    "control-locked",
    "control-close",
    "control-open",
    "control-clear",
    "control-status",
    "control-record",
    "control-end",
    "control-which-line",
    "control-line",
    "control-press",
    "control-wrong-key",
    "control-how-long",
    "control-hours",
    "control-is-open",
    "control-is-closed",
    "control-by-hand",
    "control-until",
    "control-until-cleared",
    "control-cleared",
    "control-nothing-to-clear",
    "control-not-possible",
    "control-which-prompt",
    "control-no-such-prompt",
    "control-which-language",
    "control-prompt",
    "control-after-the-tone",
    "control-keep",
    "control-moment",
    "control-kept",
    "control-refused",
    "control-silent",
    "control-too-quiet",
    "control-clipped",
    "control-too-short",
    "control-too-long",
    "control-goodbye",
)
"""Every prompt of the control number; the words are in sounds/prompts.yaml."""


def _code(value: object) -> str:
    text = text_of(value, "a code such as *80")
    if not re.fullmatch(_CODE, text, re.ASCII):
        raise refusal(f"{quoted(text)} is no code", "write a star and one to five digits, such as '*80'")
    return text


Code = Annotated[
    str,
    BeforeValidator(_code),
    WithJsonSchema({"type": "string", "pattern": f"^{_CODE}$"}),
    Described("star and digits, in quotes", "'*80'"),
]


class ControlLine(Model):
    """A line that can be closed and opened by telephone."""

    key: int | None = Field(
        None,
        ge=1,
        le=99,
        description="What is pressed for this line; without it, its place in this list.",
        examples=["1"],
    )
    prompt: PromptId | None = Field(
        None,
        description="Prompt that says the line's name; without it the line is called by its key.",
        examples=["name-admission"],
    )


class Control(Model):
    """Closing, opening, clearing, hearing and recording by telephone. Who may: `hotline pin set PERSON`."""

    numbers: tuple[PhoneNumber, ...] = Field(
        (), description="Telephone numbers that reach the menu from anywhere.", examples=["[+47 22 85 12 99]"]
    )
    code: Code | None = Field(None, description="Short code that reaches it from an operator's own phone.")
    language: LanguageCode = Field("nb", description="Language of the menu.")
    max_recording: Duration = Field(
        180,
        ge=5,
        le=180,
        description="Longest recording of a prompt; who speaks longer is told so, and nothing is kept.",
        examples=["1m"],
    )
    lines: dict[Identifier, ControlLine] = Field(
        {},
        description="Lines that can be controlled, by id; without any, all lines in the YAML's order.",
        examples=["{admission: {key: 1}}"],
    )

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if not self.numbers and self.code is None:
            raise refusal("can be reached by nobody", "give it `numbers`, a `code`, or both")
        return self

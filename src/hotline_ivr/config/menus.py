"""Menus: what callers may press and where that leads; digits they are asked for; boxes for their messages."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema, model_validator
from pydantic_core import CoreSchema
from typing_extensions import override

from hotline_ivr.config.base import Model
from hotline_ivr.config.described import Described
from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.head_starts import MOST_HEAD_START_S
from hotline_ivr.config.mailing import Recipient
from hotline_ivr.config.refusal import choices, did_you_mean, quoted, refusal, text_of
from hotline_ivr.config.types import Duration, Identifier, LanguageCode, PromptId, YesNo

Notice = Literal["mail", "webhook"]
Action = Literal["back", "repeat", "operator", "hours"]
ACTIONS: tuple[Action, ...] = ("back", "repeat", "operator", "hours")
KEYS = "0123456789*#"

# So many digits fit every account, order and telephone number; more would only be noise on the line.
MAX_DIGITS = 20
_URL = r"https?://[A-Za-z0-9.\[\]:-]{1,255}(?:/[A-Za-z0-9._~%/-]{0,500})?"


def _key(value: object) -> str:
    text = text_of(value, "a key of the telephone")
    if len(text) != 1 or text not in KEYS:
        raise refusal(f"{quoted(text)} is not a key of a telephone", 'write a digit 0-9, or "*" or "#"')
    return text


def _shape(value: object) -> str:
    text = text_of(value, "a pattern")
    if not re.fullmatch(rf"[0-9N]{{1,{MAX_DIGITS}}}", text, re.ASCII):
        raise refusal(
            f"{quoted(text)} is not a pattern of digits", "write digits, and N for any digit: 4NNNNN"
        )
    return text


def _url(value: object) -> str:
    text = text_of(value, "a web address")
    if not re.fullmatch(_URL, text, re.ASCII):
        raise refusal(f"{quoted(text)} is not a web address", "write it as https://crm.example.org/lookup")
    return text


Key = Annotated[
    str,
    BeforeValidator(_key),
    WithJsonSchema({"type": "string", "pattern": "^[0-9*#]$"}),
    Described("key", "1"),
]
Shape = Annotated[
    str,
    BeforeValidator(_shape),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": f"^[0-9N]{{1,{MAX_DIGITS}}}$"}, {"type": "integer"}]}
    ),
    Described("pattern of digits, N being any", "4NNNNN"),
]
WebAddress = Annotated[
    str,
    BeforeValidator(_url),
    WithJsonSchema({"type": "string", "pattern": f"^{_URL}$"}),
    Described("web address", "https://crm.example.org/lookup"),
]


class Choice(Destination):
    """What a key does: one place, or `back`, `repeat`, `operator` or `hours`; a language alone or with it."""

    do: Action | None = Field(
        None,
        description="`back` to the menu before, `repeat` this one, go to the `operator` (the line's queue), "
        "or tell the opening `hours` of the coming week and this menu again. `9: back` is short for "
        "`9: {do: back}`.",
    )
    priority: Duration | None = Field(
        None,
        ge=1,
        le=MOST_HEAD_START_S,
        description="Head start in the queue that the caller comes to in the end; the greatest that applies "
        "counts.",
        examples=["5m"],
    )
    language: LanguageCode | None = Field(
        None, description="Go on in this language; alone it repeats the menu in it.", examples=["en"]
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        """`9: back` for `9: {do: back}`."""
        if not isinstance(value, str):
            return value
        if value.strip() not in ACTIONS:
            hint = did_you_mean(value, ACTIONS)
            raise refusal(
                f"{quoted(value)} is nothing a key can do{hint}",
                f"write {choices(ACTIONS)}; or a place, such as {{queue: main}}",
            )
        return {"do": value.strip()}

    @model_validator(mode="after")
    @override
    def _one_place(self) -> Self:
        named = [name for name in _PLACES if getattr(self, name) is not None]
        if len(named) > 1:
            raise refusal(f"does {len(named)} things ({', '.join(named)})", "write one of them")
        if not named and self.language is None:
            known = choices(type(self).model_fields)
            raise refusal("does nothing", f"write exactly one of {known}")
        return self

    @property
    @override
    def kind(self) -> str:
        """The key that is written; `language` only where it stands alone."""
        return next((name for name in _PLACES if getattr(self, name) is not None), "language")

    @classmethod
    @override
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        written = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"enum": list(ACTIONS)}, written]}


_PLACES = tuple(name for name in Choice.model_fields if name not in {"language", "priority"})


class Menu(Model):
    """A spoken choice among keys."""

    prompt: PromptId = Field(description="Prompt that tells the choices.", examples=["menu"])
    short_prompt: PromptId | None = Field(
        None,
        description="Prompt when the choices are told again; without it `prompt`.",
        examples=["menu-short"],
    )
    keys: dict[Key, Choice] = Field(
        min_length=1,
        description="What each key does; see A choice.",
        examples=['{1: {queue: main}, 2: {message: closed}, "*": repeat}'],
    )
    timeout: Duration = Field(
        5, ge=1, le=60, description="How long a key is waited for after the prompt.", examples=["5s"]
    )
    tries: int = Field(
        3, ge=1, le=9, description="How often the choices are told before `default`.", examples=["3"]
    )
    barge_in: YesNo = Field(True, description="Whether a key may be pressed while the prompt is spoken.")
    no_input: PromptId | None = Field(
        None,
        description="Prompt before the choices are told again to who pressed nothing.",
        examples=["no-key"],
    )
    wrong_input: PromptId | None = Field(
        None,
        description="Prompt before the choices are told again after a wrong key.",
        examples=["wrong-key"],
    )
    default: Destination | None = Field(
        None,
        description="Where callers go after all tries; without it to the line's queue.",
        examples=["{queue: main}"],
    )


class Lookup(Model):
    """A question to another program: what does it know of these digits?

    It is asked by POST with the JSON `{"line", "collect", "digits", "caller"}` and answers with the JSON
    `{"answer": "gold"}`.
    """

    url: WebAddress = Field(description="Where to ask.")
    deadline: Duration = Field(
        1,
        ge=1,
        le=2,
        description="Longest wait for the answer; after it callers go to `default`.",
        examples=["1s"],
    )
    answers: dict[Identifier, Destination] = Field(
        min_length=1, description="Where each answer leads.", examples=["{gold: {queue: main}}"]
    )


class Collect(Model):
    """Digits that a caller is asked for, such as a customer number."""

    prompt: PromptId = Field(description="Prompt that asks for the digits.", examples=["customer-number"])
    min_digits: int = Field(1, ge=1, le=MAX_DIGITS, description="Fewest digits.", examples=["6"])
    max_digits: int = Field(
        MAX_DIGITS, ge=1, le=MAX_DIGITS, description="Most digits; the last ends it.", examples=["6"]
    )
    terminator: Literal["#", "*", "none"] = Field(
        "#", description="Key that ends the digits early.", examples=['"#"']
    )
    timeout: Duration = Field(
        5, ge=1, le=60, description="Longest pause between two digits.", examples=["5s"]
    )
    patterns: tuple[Shape, ...] = Field(
        (), description="The digits must look like one of these.", examples=["[4NNNNN]"]
    )
    check_digit: Literal["none", "luhn", "mod11"] = Field(
        "none", description="How the last digit is checked; not while the service is away."
    )
    tries: int = Field(
        3, ge=1, le=9, description="How often the digits are asked for before `failed`.", examples=["3"]
    )
    wrong_input: PromptId | None = Field(
        None, description="Prompt before the digits are asked for again.", examples=["wrong-key"]
    )
    lookup: Lookup | None = Field(None, description="Another program that is asked about the digits.")
    default: Destination | None = Field(
        None,
        description="Where callers go with right digits where no answer of a lookup leads elsewhere; without "
        "it to the line's queue.",
        examples=["{queue: main}"],
    )
    failed: Destination | None = Field(
        None,
        description="Where callers go after all tries; without it as `default`.",
        examples=["{queue: main}"],
    )

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        if self.min_digits > self.max_digits:
            raise refusal(
                f"min_digits is {self.min_digits}, more than max_digits, {self.max_digits}",
                "let max_digits be the larger one",
            )
        return self

    @property
    def shapes(self) -> tuple[str, ...]:
        """What accepted digits look like, N being any digit; only the check digit is not told by these."""
        if self.patterns:
            return tuple(each for each in self.patterns if self.min_digits <= len(each) <= self.max_digits)
        return tuple("N" * length for length in range(self.min_digits, self.max_digits + 1))

    def accepts(self, digits: str) -> bool:
        """Whether these are digits of the kind that was asked for."""
        if not digits.isdigit() or not self.min_digits <= len(digits) <= self.max_digits:
            return False
        if self.patterns and not any(_looks_like(digits, shape) for shape in self.patterns):
            return False
        match self.check_digit:
            case "luhn":
                return _luhn(digits)
            case "mod11":
                return _mod11(digits)
            case "none":
                return True


def _looks_like(digits: str, shape: str) -> bool:
    return len(digits) == len(shape) and all(
        want in ("N", digit) for digit, want in zip(digits, shape, strict=True)
    )


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: from the right, every second digit doubled, the digits' sum a multiple of ten."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _mod11(digits: str) -> bool:
    """Weights 2 to 7 over and over, from the digit before the last leftwards; as in Norwegian KID numbers.

    A remainder that would need the check digit 10 has none: such a number is never handed out.
    """
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(digits[:-1])))
    return (11 - total % 11) % 11 == int(digits[-1])


class VoicemailBox(Model):
    """Where callers leave a spoken message; kept as files below the state folder."""

    prompt: PromptId = Field(description="Prompt before the tone.", examples=["voicemail"])
    max_length: Duration = Field(120, ge=5, le=600, description="Longest message.", examples=["2m"])
    thanks: PromptId | None = Field(
        None,
        description="Prompt after a message that was ended by a key or by its length.",
        examples=["thanks"],
    )
    notify: tuple[Notice, ...] = Field(
        (),
        description="How new messages are told of: by `mail` with the recording, by `webhook` without it.",
        examples=["[mail]"],
    )
    mail_to: tuple[Recipient, ...] = Field(
        (),
        max_length=20,
        description="Who gets the mails, beside those whom `alerts.to` names for `voicemail`.",
        examples=["[desk@example.org]"],
    )
    attach_up_to: int = Field(
        5, ge=0, le=25, description="Largest recording (MB) that goes with a mail; 0 sends none."
    )
    keep_days: int | None = Field(
        None,
        ge=1,
        le=3650,
        description="After so many days a message is deleted, heard or not; without it none ever is.",
        examples=["90"],
    )

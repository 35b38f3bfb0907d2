"""A campaign: the first and the last moment of a line's life, and what callers hear outside of it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.dates import FullDate
from hotline_ivr.config.described import Described
from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.refusal import quoted, refusal, text_of
from hotline_ivr.config.types import PromptId

_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}"


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    text = text_of(value, "a day and time such as 2026-09-01 08:00")
    try:
        if re.fullmatch(_MOMENT, text, re.ASCII):
            return datetime.fromisoformat(text)
    except ValueError:
        pass  # such as 30 February
    raise refusal(
        f"{quoted(text)} is not a day and time",
        "write 2026-09-01 08:00, on the clock of the line's time zone",
    )


Moment = Annotated[
    datetime,
    PlainValidator(_moment),
    PlainSerializer(lambda moment: moment.isoformat(" ", "minutes")),
    WithJsonSchema({"type": "string", "pattern": f"^{_MOMENT}$"}),
    Described("day and time", "2026-09-01 08:00"),
]
"""A minute on the wall clock of the line's time zone; naive until the line is known."""


class Campaign(Model):
    """When a line begins and ends to live; in between its hours or calendar decide."""

    from_: Moment | None = Field(
        None, alias="from", description="First minute of the campaign.", examples=["2026-09-01 08:00"]
    )
    until: Moment | None = Field(
        None, description="The minute at which it is over.", examples=["2026-10-15 20:00"]
    )
    before: PromptId | None = Field(
        None, description="Closed message before it begins.", examples=["campaign-soon"]
    )
    after: PromptId | None = Field(
        None, description="Closed message when it is over.", examples=["campaign-over"]
    )
    to: Destination | None = Field(
        None,
        description="Where callers go before and after, instead of the line's `closed_to`.",
        examples=["{message: campaign-over}"],
    )
    release_reminder: FullDate | None = Field(
        None,
        description="From this day on `hotline check` reminds you to give the line's numbers back.",
        examples=["2027-03-01"],
    )

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.from_ is None and self.until is None:
            raise refusal("has neither `from` nor `until`", "write the first moment, the last, or both")
        if self.from_ and self.until and self.until <= self.from_:
            raise refusal("is over before it begins", "let `until` be after `from`")
        for prompt, end, name in ((self.before, self.from_, "from"), (self.after, self.until, "until")):
            if prompt and end is None:
                which = "before" if name == "from" else "after"
                raise refusal(f"has a message `{which}` that nobody hears", f"write `{name}`, or delete it")
        return self

"""How a carrier writes its list of calls: which column is what, and in which form."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.refusal import quoted, refusal
from hotline_ivr.config.types import Duration, Name, TimeZone, YesNo

_SOME_TIME = datetime(2026, 12, 24, 17, 55, 8, tzinfo=UTC)


class InvoiceColumns(Model):
    """The carrier's CSV: headings of the columns, and the form of their values."""

    number: Name = Field(
        description="Heading of the number: ours for calls to us, the dialled one for calls from us.",
        examples=["B-number"],
    )
    time: Name = Field(description="Heading of the time at which a call began.", examples=["Start"])
    seconds: Name | None = Field(
        None,
        description="Heading of the duration (125, 2:05 or 0:02:05); without it none are compared.",
        examples=["Duration"],
    )
    amount: Name = Field(description="Heading of the price, without VAT.", examples=["Amount"])
    time_format: Name = Field(
        "%Y-%m-%d %H:%M:%S",
        description="The form of a time, in the letters of strftime.",
        examples=["'%d.%m.%Y %H:%M:%S'"],
    )
    time_zone: TimeZone | None = Field(
        None, description="Clock of the times; without it the contract's.", examples=["UTC"]
    )
    delimiter: Literal["comma", "semicolon", "tab"] = Field(
        "comma", description="What stands between two values."
    )
    decimal: Literal["point", "comma"] = Field(
        "point", description="What stands before the decimals.", examples=["comma"]
    )
    encoding: Literal["utf-8", "latin-1"] = Field("utf-8", description="Encoding of the file.")
    tolerance: Duration = Field(
        5,
        ge=0,
        le=3600,
        description="Times that differ by no more than this may be of one call: two clocks never agree.",
        examples=["5s"],
    )

    month_begins: int = Field(
        1,
        ge=1,
        le=28,
        description="Day of the month on which the time that an invoice bills begins.",
        examples=["15"],
    )
    files: Name | None = Field(
        None,
        description="Where its lists are put: a folder, or a pattern of names with * and ?, as seen from the "
        "configuration's folder. New ones are compared by night; without it only by command.",
        examples=["../invoices/telecom/*.csv"],
    )
    fees: YesNo = Field(
        True,
        description="Whether rows with an amount and no number are fees, compared with the contract's.",
    )

    @model_validator(mode="after")
    def _a_form_of_time(self) -> Self:
        try:
            written = _SOME_TIME.strftime(self.time_format)
            back = datetime.strptime(written, self.time_format).replace(tzinfo=UTC)
        except (ValueError, re.error):
            # A directive that comes twice is an error of the pattern that strptime makes of it.
            back = None
        if back is None or back.replace(second=_SOME_TIME.second) != _SOME_TIME:
            raise refusal(
                f"{quoted(self.time_format)} is not the form of a day and time",
                "write such as %Y-%m-%d %H:%M:%S or %d.%m.%Y %H:%M",
            )
        return self

"""How long what is known of persons is kept, in days.

A kind of data is a field here and an entry in launch/privacy/kinds.py.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from hotline_ivr.config.base import Model
from hotline_ivr.config.refusal import refusal

MOST_DAYS = 36_500
FEWEST_HISTORY = 1


def _days(what: str, *, least: int = 1) -> int | None:
    found: int | None = Field(None, ge=least, le=MOST_DAYS, description=what, examples=["180"])
    return found


class Keep(Model):
    """For how many days each kind of data is kept; what is left out is kept until somebody deletes it."""

    numbers: int | None = _days(
        "Callers' numbers and names: then a pseudonym takes their place, and what is counted stays."
    )
    keys: int | None = _days(
        "Digits that callers entered when they were asked for some, such as customer numbers."
    )
    calls: int | None = _days("Whole calls. Reports and the balance do not reach further back.")
    promises: int | None = _days(
        "Promises to call back that are closed, with their notes and attempts.", least=14
    )
    voicemail: int | None = _days("Spoken messages of boxes that have no `keep_days` of their own.")
    recordings: int | None = _days(
        "Recordings of conversations; `recordings.keep_days` holds where it is shorter."
    )
    entries: int | None = _days(
        "What was said in entries of the register: texts, tags, numbers, follow-ups and former versions. "
        "Line, topic and outcome stay, to be counted."
    )
    webhooks: int | None = _days("What web hooks were told, once it has arrived or was given up.")
    audit: int | None = _days("The trail of who did and saw what.")
    logs: int | None = _days("Rotated logs of Asterisk that are in the record.", least=2)
    history: int | None = _days("Earlier configurations, but for the newest two.")
    alerts: int | None = _days("Alerts that have been told.")

    @model_validator(mode="after")
    def _logs_go_before_calls(self) -> Self:
        """A log that tells of calls which are no longer in the record would break the balance."""
        if self.calls is not None and (self.logs is None or self.logs > self.calls):
            raise refusal(
                "keeps logs longer than the calls in them", "write `logs` with no more days than `calls`"
            )
        return self


class Privacy(Model):
    """What becomes of what is known of persons."""

    keep: Keep = Field(
        Keep(), description="Days by kind of data.", examples=["{numbers: 180, promises: 90, logs: 60}"]
    )

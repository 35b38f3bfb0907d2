"""The plan: what the admin's YAML says, checked and immutable.

Every model forbids unknown keys, so a misspelt one is an error and not a silence. Descriptions here become
docs/configuration.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hotline_ivr.config.types import Duration, Identifier, LanguageCode, PhoneNumber, TimeZone, WeeklyHours

Strategy = Literal["leastrecent", "fewestcalls", "random", "rrmemory", "ringall", "linear"]


class Model(BaseModel):
    """Base of everything in the YAML."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Organisation(Model):
    """Who runs the hotline."""

    name: str = Field(
        min_length=1, max_length=120, description="The organisation's name, as operators say it."
    )
    country: str = Field(
        "NO",
        pattern=r"^[A-Z]{2}$",
        description="Two-letter country; numbers without + are read as this country's.",
    )


class Line(Model):
    """A hotline: its numbers, its hours, what callers hear, and where they go."""

    name: str = Field(min_length=1, max_length=120, description="Name shown to people.")
    numbers: tuple[PhoneNumber, ...] = Field(
        min_length=1, description="Telephone numbers that reach this line."
    )
    time_zone: TimeZone = Field(description="IANA time zone of the hours, such as Europe/Oslo.")
    language: LanguageCode = Field("nb", description="Language of the prompts: nb or en.")
    hours: WeeklyHours = Field(description="`always`, or weekly opening hours.")
    greeting: str = Field("greeting", description="Prompt played when the line is open.")
    closed_message: str = Field("closed", description="Prompt played when the line is closed.")
    queue: Identifier = Field(description="Queue in which callers wait for an operator.")
    max_wait: Duration = Field(
        300, ge=5, le=7200, description="Longest wait in the queue, then the sorry message."
    )
    sorry_message: str = Field(
        "sorry", description="Prompt when no operator could be reached (waited too long, full, nobody there)."
    )


class Queue(Model):
    """Where callers wait, and the operators who serve them."""

    operators: tuple[Identifier, ...] = Field(
        min_length=1, description="Operators who take calls from this queue."
    )
    strategy: Strategy = Field("leastrecent", description="Who is rung first among the free operators.")
    ring_time: Duration = Field(
        15, ge=3, le=120, description="How long one operator's phone rings before the next is tried."
    )
    max_waiting: int = Field(0, ge=0, le=10_000, description="Most callers that may wait; 0 is no limit.")
    wrap_up: Duration = Field(0, ge=0, le=3600, description="Time an operator is left alone after a call.")
    join_when_empty: bool = Field(
        False, description="Whether callers may wait when no operator's phone is reachable."
    )


class Operator(Model):
    """A person who answers. Account and secret of the phone are generated on first start."""

    name: str = Field(min_length=1, max_length=120, description="The operator's own name.")
    sip_contact: str | None = Field(
        None,
        pattern=r"^sip:[A-Za-z0-9_.-]+@[A-Za-z0-9.:\[\]-]+$",
        description="Fixed address of a phone that does not register, such as sip:desk@192.0.2.7:5060.",
    )


class Trunk(Model):
    """A carrier that delivers calls."""

    hosts: tuple[str, ...] = Field(
        min_length=1, description="IP addresses or networks from which this carrier sends calls."
    )
    codecs: tuple[Literal["alaw", "ulaw", "g722", "opus"], ...] = Field(
        ("alaw", "ulaw"), min_length=1, description="Codecs in order of preference."
    )


class Plan(Model):
    """The whole configuration. `version` names its content: equal plans have equal versions."""

    organisation: Organisation = Field(description="Who runs the hotline.")
    lines: dict[Identifier, Line] = Field(min_length=1, description="Lines by id.")
    queues: dict[Identifier, Queue] = Field(min_length=1, description="Queues by id.")
    operators: dict[Identifier, Operator] = Field(min_length=1, description="Operators by id.")
    trunks: dict[Identifier, Trunk] = Field(min_length=1, description="Carriers by id.")
    version: str = Field("", description="Set by the reader: a short hash of the content.", exclude=True)
    source: Path | None = Field(None, description="Set by the reader: where it was read.", exclude=True)

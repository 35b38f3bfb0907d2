"""Which entries somebody wants to see."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from hotline_ivr.config.entry_kinds import EntryOutcome, Way
from hotline_ivr.web.api.numbers import Numbers
from hotline_ivr.web.api.route import Given
from hotline_ivr.web.api.values import CURSOR, ID, Cursor, Moment

MOST_ENTRIES = 500
MOST_HITS = 100

_LANGUAGE = "Language of words such as those of topics."
_SAME = ("since", "until", "line", "call", "operator", "outcome", "way", "heard_of", "prepared", "owner")


class WordsQuery(Given):
    """In which language."""

    language: Literal["nb", "en"] = Field("nb", description=_LANGUAGE)


class ChosenQuery(Numbers):
    """How it is shown."""

    language: Literal["nb", "en"] = Field("nb", description=_LANGUAGE)


class _Chosen(ChosenQuery):
    since: Moment | None = Field(None, description="Asked at this moment or later.")
    until: Moment | None = Field(None, description="Asked before this moment.")
    line: str | None = Field(None, pattern=ID, description="Of this line.", examples=["admission"])
    call: str | None = Field(None, pattern=r"^[A-Za-z0-9._-]{1,64}$", description="About this call.")
    operator: str | None = Field(None, pattern=ID, description="Answered by this operator.")
    topic: str | None = Field(None, pattern=ID, description="Of this topic, or of one below it.")
    outcome: EntryOutcome | None = Field(None, description="With this outcome.")
    way: Way | None = Field(None, description="That came so.")
    heard_of: str | None = Field(None, pattern=ID, description="By this advertising channel.")
    prepared: str | None = Field(None, pattern=ID, description="With this prepared answer.")
    tag: str | None = Field(None, max_length=40, description="With this tag; needs role control.")
    follow_up: Literal["open", "done"] | None = Field(None, description="With a follow-up that stands so.")
    owner: str | None = Field(
        None, pattern=r"^$|" + ID, description="Whose follow-up is this operator's; empty: nobody's."
    )
    cursor: Cursor | None = Field(None, description=CURSOR)

    def chosen(self) -> dict[str, Any]:
        """As EntryFilter calls it, but for the topics."""
        same = {name: getattr(self, name) for name in _SAME}
        tag = None if self.tag is None else self.tag.casefold()
        return {**same, "tag": tag, "todo": self.follow_up}


class EntriesQuery(_Chosen):
    """Which entries."""

    limit: int = Field(50, ge=1, le=MOST_ENTRIES, description="At most so many on a page.")


class SearchQuery(_Chosen):
    """What to look for, and where."""

    q: str = Field(description="Words that must all be there; each finds longer ones that begin with it.")
    limit: int = Field(20, ge=1, le=MOST_HITS, description="At most so many on a page.")


class FollowUpsQuery(ChosenQuery):
    """Which follow-ups."""

    owner: str | None = Field(
        None, pattern=r"^$|" + ID, description="Of this operator; empty: of nobody yet.", examples=["anna"]
    )
    line: str | None = Field(None, pattern=ID, description="Of this line.")
    until: date | None = Field(None, description="Due by this day; today unless told otherwise.")
    all: bool = Field(False, description="Whenever they are due.")
    limit: int = Field(50, ge=1, le=MOST_ENTRIES, description="At most so many on a page.")
    cursor: Cursor | None = Field(None, description=CURSOR)

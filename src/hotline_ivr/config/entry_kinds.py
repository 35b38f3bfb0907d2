"""What kinds of entries of the register there are; alone, since the command line needs no more of them."""

from __future__ import annotations

from enum import StrEnum


class EntryOutcome(StrEnum):
    """What became of a question. The list is closed, so that years can be compared; its words are yours."""

    ANSWERED = "answered"
    REFERRED = "referred"
    HANDED_ON = "handed-on"
    TO_FOLLOW_UP = "to-follow-up"
    NO_ANSWER_FOUND = "no-answer-found"
    NOT_FOR_US = "not-for-us"
    BROKEN_OFF = "broken-off"
    OTHER = "other"


class Way(StrEnum):
    """How a question came."""

    CALL = "call"
    VISIT = "visit"
    EMAIL = "email"
    LETTER = "letter"
    CHAT = "chat"
    OTHER = "other"

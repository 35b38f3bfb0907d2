"""Texts and tags of a spreadsheet: all that stands in a cell, and whether an entry has room for it."""

from __future__ import annotations

from hotline_ivr.routing.entry_rules import LONGEST_TAG, MOST_TAGS, clean_lines, clean_tags


def whole(text: str) -> str:
    """A text without what is invisible, however long it is."""
    # Composed, a character may become three.
    return clean_lines(text, 3 * len(text))


def too_long(text: str, limit: int) -> str | None:
    """What is wrong with a text that an entry has no room for; None where it has."""
    return None if len(text) <= limit else f"has {len(text):,} characters, and {limit:,} are kept"


def cut(text: str, limit: int) -> str:
    """As much of a text as an entry has room for."""
    return text[:limit].rstrip()


def all_tags(text: str) -> tuple[tuple[str, ...], str | None]:
    """The tags that an entry has room for, and what is wrong if there are more, or longer ones."""
    # A list in a cell may be parted by either.
    parted = text.replace(";", ",")
    found = clean_tags([parted], 3 * len(parted))
    trouble = None
    if len(found) > MOST_TAGS:
        trouble = f"holds {len(found)} tags, and {MOST_TAGS} are kept"
    elif any(len(tag) > LONGEST_TAG for tag in found):
        trouble = f"holds a tag of more than {LONGEST_TAG} characters"
    return clean_tags([parted])[:MOST_TAGS], trouble

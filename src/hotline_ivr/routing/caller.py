"""Who called, from what the network said: hostile text made harmless.

The dialplan filters the number before anything else sees it and sends the untouched originals as base64, so
that no character of theirs can break a line of the event log.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata

from hotline_ivr.routing.call_record import CallerKind
from hotline_ivr.routing.pseudonym import SAME, is_pseudonym

# A name longer than this helps nobody and fills the screen.
MAX_NAME = 80
MAX_NUMBER = 32
VISIBLE = 3
"""Last digits that stay visible where nothing else is set."""
# Bound of what is decoded at all; SIP stacks pass several KiB in a display name.
_MAX_ENCODED = 16_384
# Digits of ids, times and sizes are no number: it begins with + or 00, and nothing belongs to it.
_INTERNATIONAL = re.compile(r"(?<![\w.+-])(?:\+|00)[1-9][0-9]{6,14}(?![\w])", re.ASCII)

# What carriers and SIP stacks put in the place of a withheld number (RFC 3323 section 4.1 says "anonymous").
WITHHELD = frozenset({"", "anonymous", "restricted", "unavailable", "unknown", "private", "withheld"})

# Categories of Unicode that are no part of a name: control characters and separators of lines become blanks;
# format characters (among them all bidirectional marks), surrogates, private and unassigned ones vanish.
_BLANKS = frozenset({"Cc", "Zl", "Zp"})
_INVISIBLE = frozenset({"Cf", "Cs", "Co", "Cn"})


def clean_text(text: str, limit: int) -> str:
    """`text` as something that can be shown: one line, nothing invisible, at most `limit` characters."""
    if text.isascii() and " " not in text and text.isprintable():
        return text[:limit]
    # A few characters may be dropped, so look at more than are kept; not at all of 8 KiB.
    text = unicodedata.normalize("NFC", text[: limit * 8])
    if not text.isprintable():
        text = "".join(map(_shown, text))
    return " ".join(text.split())[:limit].rstrip()


def clean_name(encoded: str) -> str:
    """The caller's name from base64; empty if there is none or it cannot be read."""
    return clean_text(_decode(encoded) or "", MAX_NAME)


def clean_number(filtered: str, encoded: str) -> tuple[str, CallerKind]:
    """The caller's number and what it is worth, from the filtered number and the base64 of the original."""
    number = clean_text(filtered, MAX_NUMBER)
    original = _decode(encoded)
    if original is None:
        return number, CallerKind.INVALID
    if original.strip().lower() in WITHHELD:
        return "", CallerKind.WITHHELD
    return number, CallerKind.OK if original == number else CallerKind.INVALID


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in _BLANKS:
        return " "
    return "" if category in _INVISIBLE else character


def mask(number: str, visible: int = VISIBLE) -> str:
    """A telephone number of which the last digits still tell calls apart: +47 •••• 432.

    The one place where a caller's number becomes text for somebody who may not see it. What stands in the
    place of an erased one tells nothing, and is shown as far as it tells persons apart.
    """
    if is_pseudonym(number):
        return number[:SAME]
    if len(number) < 8:
        return "••••" if number else ""
    front = number[:3] if number.startswith("+") else ""
    return f"{front} •••• {number[len(number) - visible :]}".strip()


def mask_numbers(text: str, visible: int = VISIBLE) -> str:
    """Any text with its numbers in international form masked: what goes into a log."""
    if "+" not in text and "00" not in text:
        return text
    return _INTERNATIONAL.sub(lambda match: mask(match[0], visible), text)


def _decode(encoded: str) -> str | None:
    if len(encoded) > _MAX_ENCODED:
        encoded = encoded[:_MAX_ENCODED]
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None

"""How persons are named in the trail: by pseudonym, so that no number stays there."""

from __future__ import annotations

import re
from pathlib import Path

from hotline_ivr.control.number_key import pseudonyms
from hotline_ivr.routing.owed import read_number

_PERSON = re.compile(r"\+?[0-9]{5,15}", re.ASCII)
"""Not `withheld`, nor the beginning of many numbers, such as +47820*."""


def named_in_trail(key: Path, caller: str, country: str | None) -> str:
    """What stands there for a caller; what is no one person's number stays. Raises SetupError."""
    if not _PERSON.fullmatch(caller):
        return caller
    return pseudonyms(key).same(read_number(caller, country))

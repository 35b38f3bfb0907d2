"""By what a row of a spreadsheet is known again: its number there, or its day, line and question.

Not by what else stands in it, which may be corrected, or mapped to a field only later; and not by how a
program writes a cell, so that a CSV is known again by the XLSX that it came from. Keys are hashes under the
installation's number key (control/number_key.py) and stay when an entry is erased, so that it does not come
back with the same file: without that key nobody finds out by guessing what stood in a row.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from datetime import date

_MADE = "k1"
_OLD = "k0"
"""Keys of rows that were imported when keys were plain hashes of all cells: those hashes, hashed again."""


def base_of_number(secret: bytes, line: str, number: str) -> str:
    """The key of a row that has a number of its own in the sheet, such as that of a case."""
    return _keyed(secret, _MADE, "number", line, number)


def base_of(secret: bytes, line: str, day: date, question: str, topic: str) -> str:
    """The key of a row without a number; `day` is that of the line's clock on which it was asked.

    Rows of the same key are told apart by a number behind it. A topic counts where there is no question.
    """
    about = " ".join(unicodedata.normalize("NFKC", question).casefold().split())
    return _keyed(secret, _MADE, "row", line, day.isoformat(), about or f"topic {topic}")


def numbered(base: str, number: int) -> str:
    """The key of one of the rows that have this one."""
    return f"{base}-{number}"


def base_and_number(key: str) -> tuple[str, int]:
    """What `numbered` has made it of."""
    base, _, number = key.rpartition("-")
    return base, int(number)


def is_old(key: str) -> bool:
    """Whether it is of a row that was imported when keys were hashes of all cells."""
    return not key.startswith(f"{_MADE}-")


def keyed_anew(secret: bytes, key: str) -> str:
    """What stands for a key in the database: itself, or, if it is a plain hash, one that tells nothing."""
    if key.startswith((f"{_MADE}-", f"{_OLD}-")):
        return key
    return _keyed(secret, _OLD, key)


def _keyed(secret: bytes, kind: str, *parts: str) -> str:
    # Beside pseudonyms of numbers, which are made with the same secret, of other beginnings.
    said = "\x1f".join(("register-import", kind, *parts)).encode("utf-8", "surrogatepass")
    return f"{kind}-{hmac.digest(secret, said, hashlib.sha256).hex()[:40]}"

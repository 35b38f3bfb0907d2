"""The key of pseudonyms, in the state folder: whoever has it can try whether a number was among the callers.

So it is readable by its owner alone, goes into backups as secrets do, and a node without it makes a new
one: then who called before and after are no longer known to be the same.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from hotline_ivr.errors import SetupError
from hotline_ivr.files import locked, replace
from hotline_ivr.routing.pseudonym import Pseudonyms

_BYTES = 32


def pseudonyms(path: Path) -> Pseudonyms:
    """Those of this node; the key is made where there is none. Raises SetupError if it cannot be used."""
    try:
        with locked(path.with_name(f".{path.name}.lock")):
            if not path.exists():
                replace(path, secrets.token_hex(_BYTES) + "\n", mode=0o600)
            return Pseudonyms(bytes.fromhex(path.read_text(encoding="ascii").strip()))
    except OSError as error:
        raise SetupError(f"{path}: the key of pseudonyms cannot be used ({error.strerror})") from None
    except ValueError:
        raise SetupError(
            f"{path}: holds no key. Restore it from a backup, or delete it for a new one."
        ) from None

"""`python -m hotline_ivr.setup [asterisk|sounds]`: make this machine ready; without a word, all of it."""

from __future__ import annotations

import sys

from hotline_ivr.errors import HotlineError
from hotline_ivr.settings import Settings
from hotline_ivr.setup.machine import ready_asterisk, ready_sounds

PARTS = {"asterisk": ready_asterisk, "sounds": ready_sounds}


def main(words: list[str]) -> int:
    """Exit code 0 when ready, 1 when this machine lacks something, 2 when the command is wrong."""
    if unknown := [word for word in words if word not in PARTS]:
        print(f"unknown part {unknown[0]!r}; write any of {', '.join(PARTS)}", file=sys.stderr)  # noqa: T201
        return 2
    try:
        settings = Settings.from_environment()
        for word in words or PARTS:
            print(PARTS[word](settings))  # noqa: T201
    except HotlineError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Asterisk's two logs, written as a node writes them: each line at its time. A process of its own.

    python -m bench.spool_feed FOLDER CALLS RATE START

The first call arrives at START (seconds since 1970); lines of the same millisecond are written at once.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bench.record import lines_of

FILES = {"cel": "hotline.json", "queue_log": "queue_log"}
_TICK = 0.001


def main() -> None:
    folder, calls, rate, start = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    lines = lines_of(calls, rate, start)
    files = {name: (folder / file).open("ab", buffering=0) for name, file in FILES.items()}
    place = 0
    while place < len(lines):
        now = time.time()
        due: dict[str, bytearray] = {}
        while place < len(lines) and lines[place][0] <= now:
            due.setdefault(lines[place][1], bytearray()).extend(lines[place][2])
            place += 1
        for name, data in due.items():
            files[name].write(data)
        time.sleep(_TICK)


if __name__ == "__main__":
    main()

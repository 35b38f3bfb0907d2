"""R14 at full size: a hundred thousand calls of every kind, each in the record as the phones saw it.

The calls, the comparison and what makes it fail are those of tests/acceptance/test_ten_thousand.py; this runs
it longer. It takes more than an hour, so it is measured only when it is asked for.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_CHECKOUT = Path(__file__).parents[1]
_TEST = "tests/acceptance/test_ten_thousand.py"
_FIGURES = re.compile(r"^R14 .*?; within .*?$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What was measured."""

    calls: int
    # Whether every call was in the record once, with an outcome that the SIP side saw.
    true: bool
    # The figures in words, or the end of what was printed where there are none.
    told: str


def measure(calls: int = 100_000) -> Accuracy:
    """Make so many calls, about 30 a second."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:randomly", _TEST],
        cwd=_CHECKOUT,
        env=os.environ | {"HOTLINE_TEST_CALLS": str(calls)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    figures = _FIGURES.search(done.stdout)
    failed = "" if done.returncode == 0 else done.stdout[-3000:]
    return Accuracy(calls, done.returncode == 0, "\n".join(filter(None, [figures and figures[0], failed])))


def table(found: Accuracy) -> list[str]:
    """As printed."""
    verdict = "each in the record once, as the phones saw it" if found.true else "FAILED"
    return [
        f"accuracy: {found.calls} calls, {verdict} (target: durations within 20 ms for 99.9 %)",
        found.told,
    ]

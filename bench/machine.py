"""What a figure belongs to: machine, versions, commit."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

from hotline_ivr.errors import SetupError
from hotline_ivr.settings import Settings
from hotline_ivr.setup.asterisk_program import find_asterisk

CHECKOUT = Path(__file__).parent.parent


def describe() -> dict[str, str]:
    """One word for each thing that a figure depends on."""
    return {
        "machine": f"{os.cpu_count()} cores, {_cpu_model()}, Linux {platform.release()}",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "asterisk": _asterisk(),
        "sipp": _first_match(r"SIPp (v[\w.-]+)", ["sipp", "-v"]),
        "python": ", ".join(
            [platform.python_version(), *(f"{name} {version(name)}" for name in ("panoramisk", "SQLAlchemy"))]
        ),
        "sqlite": sqlite3.sqlite_version,
        "commit": _commit(),
    }


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    found = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", info, re.MULTILINE)
    return found[1] if found else platform.machine()


def _asterisk() -> str:
    try:
        return find_asterisk(Settings.from_environment()).version
    except SetupError:
        return "none yet; it is made first"


def _commit() -> str:
    commit = _output(["git", "-C", str(CHECKOUT), "rev-parse", "--short=12", "HEAD"]).strip()
    changed = _output(["git", "-C", str(CHECKOUT), "status", "--porcelain", "--untracked-files=no"]).strip()
    return (commit or "unknown") + (" with uncommitted changes" if changed else "")


def _first_match(pattern: str, command: list[str]) -> str:
    found = re.search(pattern, _output(command))
    return found[1] if found else "unknown"


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return ""
    return done.stdout + done.stderr

"""R1 at size: the service is killed beside a crowd that talks and waits, and its supervisor starts it again.

Nobody may be dropped by it, every call has one row in the record, and the floor is to be right three seconds
after the restart.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.resync import picture_of
from hotline_ivr.asterisk.secrets import ensure_secrets
from hotline_ivr.errors import HotlineError
from hotline_ivr.launch.local_client import LocalClient
from hotline_ivr.launch.locking import holder
from hotline_ivr.settings import Settings
from hotline_ivr.testing.stack import HotlineStack

GOAL_S = 3.0
"""From the restart to the right floor, with 1,000 who talk and 200 who wait."""

_WITHIN_S = 60.0
_LOOK_EVERY_S = 0.05
_CALLS = re.compile(r"^(\d+) active calls?$", re.MULTILINE)

Seen = tuple[Mapping[str, str], int]
"""What each operator's phone does, and how many callers wait."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Calls, and seconds since the kill."""

    calls: int
    dropped: int
    open_rows: int
    """Calls of the record that go on, after the restart."""
    doubled: int
    alive_s: float
    right_s: float


def measure(node: HotlineStack) -> Figures:
    """Kill the service of a node that `hotline up` runs. Raises RuntimeError where it does not come back."""
    settings = node.settings
    before = _calls(node)
    pid = holder(settings.state_dir / "service.lock")
    if pid is None:
        raise RuntimeError("no service runs")
    os.kill(pid, signal.SIGKILL)
    killed = time.monotonic()
    while holder(settings.state_dir / "service.lock") in {None, pid} or not _alive(node):
        _check(killed, "the service to come back")
    alive = time.monotonic() - killed
    while _ours(settings) != _asterisks(settings):
        _check(killed, "the floor to be right")
    right = time.monotonic() - killed
    rows = Counter(row["caller"] for row in node.calls() if not row["finished"])
    return Figures(
        before,
        max(0, before - _calls(node)),
        len(rows),
        sum(count - 1 for count in rows.values()),
        alive,
        right,
    )


def _check(since: float, what: str) -> None:
    if time.monotonic() - since > _WITHIN_S:
        raise RuntimeError(f"waited {_WITHIN_S:g} s for {what}")
    time.sleep(_LOOK_EVERY_S)


def _alive(node: HotlineStack) -> bool:
    return node.get("/healthz")[0] == 200


def _calls(node: HotlineStack) -> int:
    """Channels of callers and operators that are up; Asterisk counts them as calls."""
    found = _CALLS.search(node.console("core show channels count"))
    return int(found[1]) if found else 0


def _asterisks(settings: Settings) -> Seen:
    secret = ensure_secrets(settings.secrets_file, ()).ami
    _, floor = asyncio.run(picture_of(settings, secret))
    return {name: str(state) for name, state in floor.operators().items()}, len(floor.waiting)


def _ours(settings: Settings) -> Seen | None:
    try:
        told = LocalClient(settings).get("/status")
    except HotlineError:
        return None
    phones = {each["id"]: each["phone"] for each in told["operators"] if each["phone"]}
    return phones, sum(each["waiting"] for each in told["queues"])


def table(found: Figures) -> Sequence[str]:
    counted = f"{found.dropped} dropped, {found.open_rows} in the record once, {found.doubled} doubled"
    later = found.right_s - found.alive_s
    return [
        f"R1  service killed beside {found.calls} calls: {counted} (target 0 dropped, 0 doubled)",
        f"    alive again after {found.alive_s:.1f} s; floor right {later:.1f} s later (target {GOAL_S:g})",
    ]

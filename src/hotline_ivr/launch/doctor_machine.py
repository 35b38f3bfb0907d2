"""The doctor's looks at the machine: its name, clock, disk and ports."""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from pathlib import Path

from hotline_ivr.errors import SetupError
from hotline_ivr.launch.finding import Finding
from hotline_ivr.launch.locking import holder
from hotline_ivr.launch.ports import check_ports
from hotline_ivr.settings import Settings

# Below this (bytes) a busy day of call events may fill the disk.
LEAST_FREE = 500 * 1024 * 1024
# A name that resolves slower than this (seconds) makes every INVITE slow: Asterisk looks its own name up.
SLOW_NAME = 0.5
# A year before this one means that the clock was never set.
LEAST_YEAR = 2026
# A clock may lag so far (seconds) behind what was written last: a file server has a clock of its own.
CLOCK_TOLERANCE = 60.0


async def own_name() -> Finding:
    name = socket.gethostname()
    started = time.monotonic()
    try:
        async with asyncio.timeout(10):
            await asyncio.get_running_loop().getaddrinfo(name, None)
    except (OSError, TimeoutError) as error:
        seen = f"{name} does not resolve ({error})"
        return Finding(
            "own name",
            ok=False,
            seen=seen,
            remedy=f"add `127.0.1.1 {name}` to /etc/hosts: every call waits for it",
        )
    taken = time.monotonic() - started
    remedy = "" if taken < SLOW_NAME else f"add `127.0.1.1 {name}` to /etc/hosts: every call waits this long"
    return Finding(
        "own name", ok=taken < SLOW_NAME, seen=f"{name} resolves in {taken * 1000:.0f} ms", remedy=remedy
    )


async def clock(settings: Settings) -> Finding:
    """Never set, or set back: then what is written now would lie before what has been."""
    now = time.time()
    newest = _newest(settings.cel_file, settings.queue_log_file, settings.audit_file)
    seen = time.strftime("%F %TZ", time.gmtime(now))
    if time.gmtime(now).tm_year < LEAST_YEAR:
        return Finding("clock", ok=False, seen=seen, remedy="set the clock, then run NTP")
    if newest > now + CLOCK_TOLERANCE:
        seen += (
            f", but the state folder has been written to at {time.strftime('%F %TZ', time.gmtime(newest))}"
        )
        return Finding("clock", ok=False, seen=seen, remedy="the clock was set back: set it, then run NTP")
    return Finding("clock", ok=True, seen=seen)


def _newest(*paths: Path) -> float:
    return max((path.stat().st_mtime for path in paths if path.exists()), default=0.0)


async def disk(settings: Settings) -> Finding:
    folder = next(path for path in (settings.state_dir, *settings.state_dir.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    ok = free >= LEAST_FREE
    remedy = "" if ok else "free some space, or move HOTLINE_STATE"
    return Finding("disk", ok=ok, seen=f"{free // 2**20} MiB free at {folder}", remedy=remedy)


async def ports(settings: Settings, *, asterisk: bool, service: bool) -> Finding:
    """Those of what does not run: whether it could."""
    try:
        await asyncio.to_thread(check_ports, settings, asterisk=asterisk, service=service)
    except SetupError as error:
        *taken, remedy = str(error).splitlines()
        return Finding("ports", ok=False, seen="; ".join(taken), remedy=remedy)
    of_whom = " and ".join(["Asterisk"] * asterisk + ["the service"] * service)
    return Finding("ports", ok=True, seen=f"those of {of_whom} are free")


async def is_serving(settings: Settings) -> bool:
    """Whether the service of this state folder runs."""
    return await asyncio.to_thread(holder, settings.state_dir / "service.lock") is not None

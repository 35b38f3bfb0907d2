"""The Asterisk of a state folder as a child process, also one that an earlier supervisor left running."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

from hotline_ivr.launch.control import AsteriskControl
from hotline_ivr.launch.supervisor import Child
from hotline_ivr.settings import Settings

# How often (seconds) a process that is not our child is looked at.
_POLL = 0.5
# Asterisk hangs up its calls and lets them write their last events; it waits 15 s for them itself.
STOP_TIMEOUT = 20.0


def asterisk_child(settings: Settings, control: AsteriskControl) -> Child:
    return Child("asterisk", control.start_command(), STOP_TIMEOUT, settings.log_dir / "console.log")


async def stop_leftover(settings: Settings, control: AsteriskControl) -> bool:
    """End an Asterisk of this state folder whose supervisor was killed. True if there was one.

    Its calls end with it: whoever starts the hotline anew has seen it dead. Its files are read on by the
    service, so the record of those calls is whole.
    """
    if not await control.running():
        return False
    pid = _pid(settings.run_dir / "asterisk.pid")
    await control.command("core stop now")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_TIMEOUT):
            while pid is not None and _alive(pid):
                await asyncio.sleep(_POLL)
    if pid is not None and _alive(pid):
        os.kill(pid, signal.SIGKILL)
    return True


def _pid(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

"""A verb of the command line run beside the service, so that its work takes nothing from calls."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection


async def run_apart(*words: str, longest: float, good: Collection[int] = (0,)) -> str:
    """Have a process do it; what went wrong, empty if nothing did.

    It goes by the same environment as this one, ends within `longest` seconds, and may say `good` exit codes.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "hotline_ivr",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(longest):
            _, said = await process.communicate()
    except TimeoutError:
        return f"it took longer than {longest:.0f} s"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode in good:
        return ""
    lines = said.decode(errors="replace").strip().splitlines() or ["it said nothing"]
    return f"exit code {process.returncode}: {lines[-1][:300]}"

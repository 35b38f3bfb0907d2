"""A verb of the command line run beside the service, so that its work takes nothing from calls."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection

from hotline_ivr.errors import StoreError


async def run_apart(*words: str, longest: float, good: Collection[int] = (0,)) -> str:
    """Have a process do it; what went wrong, empty if nothing did.

    It goes by the same environment as this one, ends within `longest` seconds, and may say `good` exit codes.
    """
    _, why = await _run(words, longest, good, asyncio.subprocess.DEVNULL)
    return why


async def ask_apart(*words: str, longest: float) -> bytes:
    """Have a process do it; what it prints. Raises StoreError with what went wrong."""
    said, why = await _run(words, longest, (0,), asyncio.subprocess.PIPE)
    if why:
        raise StoreError(why)
    return said


async def _run(
    words: Collection[str], longest: float, good: Collection[int], output: int
) -> tuple[bytes, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "hotline_ivr",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(longest):
            answer, said = await process.communicate()
    except TimeoutError:
        return b"", f"it took longer than {longest:.0f} s"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode in good:
        return answer or b"", ""
    lines = said.decode(errors="replace").strip().splitlines() or ["it said nothing"]
    return b"", f"exit code {process.returncode}: {lines[-1][:300]}"

"""A telephone in a process of its own, which a test can kill: `ACCOUNT SECRET PORT`.

It registers, says so in a line of its output, and rings for ever where it is rung.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from hotline_ivr.testing.phone import Telephones

REGISTERED = b"registered\n"


async def start(account: str, secret: str, port: int) -> asyncio.subprocess.Process:
    """The telephone, once it is registered. Raises RuntimeError if it does not come to that."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__)),
        account,
        secret,
        str(port),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        # What the SIP stack prints comes before.
        while (said := await process.stdout.readline()) != REGISTERED:
            if not said:
                raise RuntimeError(f"the telephone of {account} ended: {await process.wait()}")
    return process


async def _be_there(account: str, secret: str, port: int) -> None:
    async with Telephones() as telephones:
        await telephones.operator(account, secret, "127.0.0.1", port)
        sys.stdout.write(REGISTERED.decode())
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_be_there(sys.argv[1], sys.argv[2], int(sys.argv[3])))

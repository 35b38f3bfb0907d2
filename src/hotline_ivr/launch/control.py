"""Talking to our own Asterisk through its control socket, as its owner on the same machine.

The manager account of the service has no right to reload anything; the socket in the state folder is for the
one who runs Asterisk.
"""

from __future__ import annotations

import asyncio
import subprocess

from hotline_ivr.errors import AsteriskUnreachable
from hotline_ivr.settings import Settings
from hotline_ivr.setup.asterisk_program import AsteriskProgram

# A command of the control socket answers at once or not at all (seconds).
COMMAND_TIMEOUT = 10.0


class AsteriskControl:
    """Commands to the Asterisk of this state folder."""

    def __init__(self, settings: Settings, program: AsteriskProgram) -> None:
        self._command = (*program.command, "-C", str(settings.etc_dir / "asterisk.conf"))

    def start_command(self) -> tuple[str, ...]:
        """Run in the foreground; warnings and errors go to standard error."""
        return (*self._command, "-f")

    async def command(self, text: str) -> str:
        """What Asterisk says to a console command. Raises AsteriskUnreachable if it does not run."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            "-rx",
            text,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AsteriskUnreachable(
                f"Asterisk did not answer `{text}` within {COMMAND_TIMEOUT:g} s"
            ) from None
        said = output.decode(errors="replace")
        if process.returncode != 0 or "Unable to connect to remote asterisk" in said:
            raise AsteriskUnreachable("Asterisk is not running in this state folder")
        return said

    async def running(self) -> bool:
        """Whether the Asterisk of this state folder is up and fully booted."""
        try:
            return "Asterisk has fully booted" in await self.command("core waitfullybooted")
        except AsteriskUnreachable:
            return False

"""Making a running Asterisk load rendered files that have changed, and saying so when it has.

The service renders; whoever runs Asterisk loads. What is loaded is written to `loaded` beside the files: the
service waits for it before it sends a caller to a queue that is new.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import structlog

from hotline_ivr.errors import AsteriskUnreachable
from hotline_ivr.files import replace

log = structlog.get_logger()

# How often (seconds) the folder is looked at; a look is a dozen calls of stat.
POLL = 0.5

# What each file's change needs. Files that are not here are read by Asterisk only when it starts.
RELOADS: Mapping[str, str] = {
    "pjsip.conf": "module reload res_pjsip.so",
    "queues.conf": "queue reload parameters all",
    "queuerules.conf": "queue reload rules",
    "features.conf": "module reload features",
    "extensions.conf": "dialplan reload",
    "manager.conf": "manager reload",
    "musiconhold.conf": "moh reload",
    "musiconhold-queues.conf": "moh reload",
    "logger.conf": "logger reload",
    "cel.conf": "module reload cel",
    "cel_custom.conf": "module reload cel_custom.so",
    "rtp.conf": "module reload res_rtp_asterisk.so",
}

LOADED = "loaded"


def fingerprint(folder: Path) -> str:
    """A digest of every rendered file in the folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.conf")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


class Control(Protocol):
    """Commands to the Asterisk that reads the folder; see AsteriskControl."""

    async def running(self) -> bool: ...

    async def command(self, text: str) -> str: ...


class Reloader:
    """Watches the rendered files of one Asterisk."""

    def __init__(self, folder: Path, control: Control) -> None:
        self._folder = folder
        self._control = control
        self._loaded: dict[str, bytes] = {}

    async def run(self) -> None:
        """Note what Asterisk starts with, then load what changes, until cancelled."""
        self._loaded = self._read()
        while not await self._control.running():
            await asyncio.sleep(POLL)
        self._note()
        while True:
            await asyncio.sleep(POLL)
            current = self._read()
            changed = [name for name, text in current.items() if self._loaded.get(name) != text]
            if changed and await self._load(changed):
                self._loaded = current
                self._note()

    async def _load(self, changed: list[str]) -> bool:
        try:
            for name in changed:
                if name in RELOADS:
                    await self._control.command(RELOADS[name])
                else:
                    log.warning("this file is read only when Asterisk starts: restart to use it", file=name)
        except AsteriskUnreachable as error:
            log.warning("Asterisk could not be told of changed files yet", reason=str(error))
            return False
        log.info("Asterisk has loaded changed files", files=changed)
        return True

    def _read(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self._folder.glob("*.conf")}

    def _note(self) -> None:
        replace(self._folder / LOADED, fingerprint(self._folder) + "\n")


async def wait_until_loaded(folder: Path, timeout_s: float) -> bool:
    """Whether Asterisk came to have loaded the rendered files as they are now, within so many seconds."""
    wanted = fingerprint(folder)
    try:
        async with asyncio.timeout(timeout_s):
            while _loaded(folder) != wanted:
                await asyncio.sleep(POLL / 5)
    except TimeoutError:
        return False
    return True


def _loaded(folder: Path) -> str:
    try:
        return (folder / LOADED).read_text(encoding="utf-8").strip()
    except OSError:
        return ""

"""The local door: the REST interface on a unix socket in the state folder, for the command line."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import structlog
from aiohttp import web

from hotline_ivr.sockets import socket_address
from hotline_ivr.web.api.openapi import PREFIX
from hotline_ivr.web.guard import guard

log = structlog.get_logger()

# Connections that wait to be taken: a few people at terminals.
_BACKLOG = 64

ENDS_S = 2.0
"""So long (seconds) a service that stops waits for requests under way, then as long for those that it has
cancelled. Whoever sends half of one must not hold it up until it is killed."""


class LocalDoor:
    """Serves `api`, made with a LocalGate, at `path`."""

    def __init__(self, path: Path, api: web.Application) -> None:
        self._path = path
        app = web.Application(middlewares=[guard])
        app.add_subapp(PREFIX, api)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=ENDS_S)

    async def open(self) -> None:
        """Begin to serve. Without the door everything else goes on, so that failing is told in the log."""
        try:
            door = await asyncio.to_thread(_listening, self._path)
        except OSError as error:
            log.error(  # noqa: TRY400 - the message says it all
                "the door for the command line cannot be opened; REST goes on",
                path=str(self._path),
                reason=str(error),
            )
            return
        await self._runner.setup()
        await web.SockSite(self._runner, door, backlog=_BACKLOG).start()

    async def close(self) -> None:
        """Stop serving, and take the socket away."""
        await self._runner.cleanup()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def _listening(path: Path) -> socket.socket:
    """A socket at `path` that only its owner may open.

    It gets its rights before anybody can connect, and takes the place of one that a service left behind which
    was killed: only one service runs in a state folder.
    """
    made = path.with_name(f".{path.name}.new")
    made.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        with socket_address(made) as address:
            door.bind(address)
        made.chmod(0o600)
        made.replace(path)
        door.listen(_BACKLOG)
    except OSError:
        door.close()
        raise
    return door

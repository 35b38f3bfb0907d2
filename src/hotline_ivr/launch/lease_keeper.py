"""This service's lease of its node: had before anything is done in the node's name, and renewed after.

The lock of the state folder keeps out a second service of the same folder. The lease keeps out what that
lock cannot see: another folder or machine with the same database and the same HOTLINE_NODE, as when somebody
copies a compose file.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection, make_url

from hotline_ivr.errors import SetupError, StoreError
from hotline_ivr.files import replace
from hotline_ivr.settings import Settings
from hotline_ivr.store.attempts import left_elsewhere
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.leases import FencedStore, Lease, give_back, lease_of, renew, take

log = structlog.get_logger()

# Seconds between renewals; and for how long another's must stand still until it is taken: five times that.
RENEW_EVERY = 3.0
TAKEN_AFTER = 15.0
# How often (seconds) another's is looked at meanwhile.
LOOK_EVERY = 0.5
# How long (seconds) a start waits for the database to say whose the node is: callers come first.
ASKED_FOR = 2.0


class LeaseKeeper:
    """One process's lease. `pace` and `patience` are RENEW_EVERY and TAKEN_AFTER."""

    def __init__(
        self,
        settings: Settings,
        *,
        pace: float = RENEW_EVERY,
        patience: float = TAKEN_AFTER,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._pace, self._patience, self._clock = settings, pace, patience, clock
        self._bare = open_store(settings.database)
        self._holder = secrets.token_hex(8)
        self._place = _place(settings.state_dir)
        self._held: Lease | None = None
        # Another's that has been watched already and did not move.
        self._still: Lease | None = None
        #: Why this service must end; empty while it need not.
        self.refused = ""
        #: For all that is done in the name of the node.
        self.store = FencedStore(self._bare, settings.node, self._holder)

    async def ask(self) -> None:
        """Before anything else: raise SetupError if the node is another service's, which goes on renewing.

        A database that does not answer, or has no tables yet, is no reason not to answer calls.
        """
        parsed = make_url(self._settings.database)
        if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
            return
        try:
            async with asyncio.timeout(ASKED_FOR):
                found = await self._look()
        except (StoreError, TimeoutError) as error:
            log.info("whose the node is will be known later", reason=str(error))
            return
        if found is None or found.place == self._place:
            return
        try:
            if (other := await self._renewed(found)) is not None:
                raise SetupError(self._words(other))
            self._still = found
        except StoreError as error:
            log.info("whose the node is will be known later", reason=str(error))

    async def take(self) -> None:
        """Take the lease; the tables must be there. Raises StoreError, also if it is another's."""
        while self._held is None:
            found = await self._look()
            if found is not None and found.place != self._place and not self._stood_still(found):
                log.warning("the node was another service's", other=found.text)
                if (other := await self._renewed(found)) is not None:
                    self.refused = self._words(other)
                    raise StoreError(self.refused)
                found = await self._look()
            wanted = self._wanted()
            if await self._bare.write(partial(_take_over, wanted=wanted, before=found)):
                self._held = wanted
        log.info("this service is the one of its node", node=self._settings.node)

    async def run(self, stop: asyncio.Event) -> None:
        """Renew until cancelled; `stop` is set when another has it."""
        while True:
            await asyncio.sleep(self._pace)
            if self._held is not None and not self.refused:
                await self._renew(self._held)
            if self.refused:
                log.error("this service ends", reason=self.refused)
                stop.set()
                return

    async def close(self) -> None:
        """Give it back, where the database lets us, and close the store."""
        try:
            if (held := self._held) is not None and not self.refused:
                async with asyncio.timeout(ASKED_FOR):
                    await self._bare.write(lambda connection: give_back(connection, held))
        except (StoreError, TimeoutError) as error:
            log.info("the node's lease was not given back", reason=str(error))
        finally:
            await self._bare.close()

    async def _renew(self, held: Lease) -> None:
        try:
            after = await self._bare.write(lambda connection: renew(connection, held, self._clock()))
            if after is not None:
                self._held = after
                return
            found = await self._look()
        except StoreError as error:
            # Nobody else can take it while nobody reaches the database; then it must stand still for a while.
            log.warning("the node's lease was not renewed", reason=str(error))
            return
        if found is not None:
            self.refused = self._words(found)
            return
        # Another database in its place, or an old one that was put back.
        wanted = self._wanted()
        try:
            if await self._bare.write(partial(take, wanted=wanted, before=None)):
                self._held = wanted
        except StoreError as error:
            log.warning("the node's lease was not taken again", reason=str(error))

    async def _look(self) -> Lease | None:
        return await self._bare.read(lambda connection: lease_of(connection, self._settings.node))

    async def _renewed(self, seen: Lease) -> Lease | None:
        """Whoever has it, as soon as it moves; None if it has stood still for long enough."""
        end = time.monotonic() + self._patience
        while time.monotonic() < end:
            await asyncio.sleep(LOOK_EVERY)
            found = await self._look()
            if found is None:
                return None
            if (found.holder, found.turn) != (seen.holder, seen.turn):
                return found
        return None

    def _stood_still(self, found: Lease) -> bool:
        seen = self._still
        return seen is not None and (found.holder, found.turn) == (seen.holder, seen.turn)

    def _wanted(self) -> Lease:
        now = self._clock()
        return Lease(
            node=self._settings.node,
            holder=self._holder,
            place=self._place,
            host=socket.gethostname(),
            process=os.getpid(),
            folder=str(self._settings.state_dir),
            turn=0,
            taken_at=now,
            seen_at=now,
        )

    def _words(self, other: Lease) -> str:
        return (
            f"another service is node {self._settings.node} of this database already: {other.text}."
            " Two nodes must not share a name: give this one another HOTLINE_NODE (or a database of its own),"
            " or stop the other."
        )


def _take_over(connection: Connection, wanted: Lease, before: Lease | None) -> bool:
    if not take(connection, wanted, before):
        return False
    if before is not None and before.place != wanted.place:
        left_elsewhere(connection, wanted.node)
    return True


def _place(state_dir: Path) -> str:
    """The state folder, known again by its next process, and not by a copy of the folder."""
    file = state_dir / ".place"
    try:
        ident = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        state_dir.mkdir(parents=True, exist_ok=True)
        ident = secrets.token_hex(8)
        replace(file, f"{ident}\n")
    return f"{ident}:{file.stat().st_ino}:{socket.gethostname()}"

"""Attempts at calling back, of one node, as their keeper needs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from hotline_ivr.routing.callback_wishes import Wish
from hotline_ivr.routing.callbacks import Candidate, Dialling
from hotline_ivr.store import attempts
from hotline_ivr.store.attempts import Claimed, Standing
from hotline_ivr.store.engine import Store


class DatabaseAttempts:
    """Methods raise StoreError if the database cannot be used."""

    def __init__(self, store: Store, node: str) -> None:
        self._store, self._node = store, node

    async def standing(
        self,
        country: str | None,
        now: datetime,
        wishes: Sequence[Wish],
        suits: Callable[[Candidate], bool],
    ) -> Standing:
        return await self._store.read(lambda on: attempts.standing(on, country, now, wishes, suits))

    async def claim(self, call: Dialling, file: str, until: datetime, now: datetime) -> bool:
        return await self._store.write(
            lambda on: attempts.claim(on, self._node, call, file, until=until, now=now)
        )

    async def claimed(self) -> Sequence[Claimed]:
        return await self._store.read(lambda on: attempts.claimed(on, self._node))

    async def written(self, attempt: str) -> None:
        await self._store.write(lambda on: attempts.written(on, attempt))

    async def not_dialled(self, attempt: str, now: datetime) -> None:
        await self._store.write(lambda on: attempts.not_dialled(on, attempt, now))

    async def give_up(self, now: datetime) -> Sequence[str]:
        ids = await self._store.read(lambda on: attempts.hopeless(on, now))
        if ids:
            await self._store.write(lambda on: attempts.give_up(on, ids, now))
        return ids

"""The record into another database, while no service of any node runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import make_url

from hotline_ivr.errors import ArgumentError, SetupError
from hotline_ivr.files import replace
from hotline_ivr.launch.lease_keeper import LOOK_EVERY, TAKEN_AFTER
from hotline_ivr.launch.locking import only_one
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.leases import Lease, all_leases
from hotline_ivr.store.migrate import check_schema, require_file, upgrade
from hotline_ivr.store.moving import all_tables, copy, count_of, is_empty, prune, read_further
from hotline_ivr.store.moving_proof import MovedTable, proof_of

Progress = Callable[[str, int, int], object]
Leases: TypeAlias = Mapping[str, Lease]


async def move_record(
    settings: Settings, url: str, progress: Progress, *, patience: float = TAKEN_AFTER
) -> list[MovedTable]:
    """Copy every table to the database at `url`, and compare both; what is there stays where it is.

    `progress` is told of table, rows done, and all. Raises SetupError while a service of any node runs,
    ArgumentError for a target that holds other rows, and StoreError; then the same again goes on. A node is
    no service's whose lease stands still for `patience` seconds.
    """
    if url == settings.database:
        raise ArgumentError("this is the database that the record is in already")
    require_file(settings.database)
    source, target = open_store(settings.database), open_store(url)
    begun = _Begun(settings.state_dir / "db-move.json", url)
    try:
        with only_one(settings.state_dir / "service.lock", "A service"):
            await check_schema(source)
            still = await _standing_still(source, None, patience)
            await upgrade(url)
            still_there = await _standing_still(target, None, patience)
            await _may_write(source, target, begun)
            begun.note()
            moved = await _move(source, target, progress)
            await _standing_still(source, still, 0)
            await _standing_still(target, still_there, 0)
            if all(each.same for each in moved):
                begun.forget()
            return moved
    finally:
        await source.close()
        await target.close()


async def _move(source: Store, target: Store, progress: Progress) -> list[MovedTable]:
    moved = []
    for table in all_tables():
        count = await count_of(source, table)
        # What was copied before and is gone from the source since, such as a call that was under way.
        await prune(source, target, table)
        await copy(source, target, table, partial(_told, progress, table.name, count))
        moved.append(await proof_of(source, target, table))
    return moved


async def _may_write(source: Store, target: Store, begun: _Begun) -> None:
    """Raises ArgumentError unless the target is empty, or holds what was copied to it and nothing else."""
    if await target.read(is_empty):
        return
    if not begun.is_ours():
        raise ArgumentError(
            f"{begun.shown} holds rows already, and nothing is written over: give an empty database"
        )
    if (node := await read_further(source, target)) is not None:
        raise ArgumentError(
            f"{begun.shown} has been used since the move to it was begun: a service of node {node} has read"
            " files into it. Nothing is written over: give an empty database"
        )


async def _standing_still(
    store: Store, known: Mapping[str, Lease] | None, patience: float
) -> Mapping[str, Lease]:
    """The leases of services that are dead: they stand still for `patience` seconds, or since `known`.

    Raises SetupError for one that moves: its service writes into this database.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    first = await store.read(all_leases) if known is None else known
    while True:
        for node, lease in (await store.read(all_leases)).items():
            if (lease.holder, lease.turn) != _seen(first.get(node)):
                raise SetupError(
                    f"the service of node {node} runs on this database: {lease.text}. Stop it (calls go on,"
                    " and Asterisk's files keep what happens in them), then give this command again"
                )
        if not first or loop.time() >= until:
            return first
        await asyncio.sleep(LOOK_EVERY)


def _seen(lease: Lease | None) -> tuple[str, int] | None:
    return None if lease is None else (lease.holder, lease.turn)


def _told(progress: Progress, table: str, total: int, done: int) -> None:
    progress(table, done, total)


class _Begun:
    """A note, without the password, that a move to a database was begun from here: its rows are ours."""

    def __init__(self, file: Path, url: str) -> None:
        self._file = file
        self.shown = make_url(url).render_as_string(hide_password=True)

    def is_ours(self) -> bool:
        try:
            return bool(json.loads(self._file.read_text(encoding="utf-8"))["target"] == self.shown)
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def note(self) -> None:
        replace(self._file, json.dumps({"target": self.shown}) + "\n")

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)

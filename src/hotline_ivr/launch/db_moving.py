"""The record into another database, while no service runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import make_url

from hotline_ivr.errors import ArgumentError
from hotline_ivr.files import replace
from hotline_ivr.launch.locking import only_one
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import check_schema, require_file, upgrade
from hotline_ivr.store.moving import MovedTable, all_tables, copy, count_of, is_empty, sum_of

Progress = Callable[[str, int, int], object]


async def move_record(settings: Settings, url: str, progress: Progress) -> list[MovedTable]:
    """Copy every table to the database at `url`, and compare both; what is there stays where it is.

    `progress` is told of table, rows done, and all. Raises SetupError while the service of this node runs,
    ArgumentError for a target that holds other rows, and StoreError; then the same again goes on.
    """
    if url == settings.database:
        raise ArgumentError("this is the database that the record is in already")
    require_file(settings.database)
    source, target = open_store(settings.database), open_store(url)
    begun = _Begun(settings.state_dir / "db-move.json", url)
    try:
        with only_one(settings.state_dir / "service.lock", "A service"):
            await check_schema(source)
            await upgrade(url)
            if not begun.is_ours() and not await target.read(is_empty):
                raise ArgumentError(
                    f"{begun.shown} holds rows already, and nothing is written over: give an empty database"
                )
            begun.note()
            moved = await _move(source, target, progress)
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
        await copy(source, target, table, partial(_told, progress, table.name, count))
        moved.append(MovedTable(table.name, await sum_of(source, table), await sum_of(target, table)))
    return moved


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

"""How far the record is behind is told from the beginning, also where there is no database yet."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from hotline_ivr.launch.record_parts import UNREAD_TOLD, RecordParts
from hotline_ivr.launch.rotating import rotated_logs
from hotline_ivr.launch.webhook_parts import WebhookParts
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.migrate import upgrade
from tests.calls.asterisk_files import AsteriskFiles, Noted, a_call
from tests.calls.keeping import until
from tests.plans import a_plan


async def nothing() -> None:
    """The service's lease is taken at once."""


async def test_before_rotated_files_are_deleted_unread_it_is_told(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "state", database_url=f"sqlite:///{tmp_path / 'hotline.db'}")
    settings.cel_file.parent.mkdir(parents=True)
    files = AsteriskFiles(settings.cel_file.parent)
    store = open_store(settings.database)
    observer: Any = Noted()
    hooks = WebhookParts(store, settings.node, plan=a_plan, observer=observer)
    parts = RecordParts(settings, store, observer, hooks, nothing)
    files.write(a_call("answered_caller_hangs_up"))
    await upgrade(settings.database)
    await parts.keeper.catch_up()
    # The one that was read to its end last, and all that came since.
    for number in range(UNREAD_TOLD):
        assert parts.unread() == ""
        files.cel.rename(f"{files.cel}.{number:02}")
        files.write(a_call("closed_heard_in_full", number + 1, 60 * number))
    assert parts.unread().startswith(f"{UNREAD_TOLD} rotated files of channel events are not in it yet")
    assert min(each.keep for each in rotated_logs(settings)[:2]) - 5 > UNREAD_TOLD
    await parts.keeper.catch_up()
    assert parts.unread() == ""
    parts.keeper.close()
    await store.close()


async def test_while_there_is_no_database_all_that_lies_in_the_files_is_behind(tmp_path: Path) -> None:
    # A folder is no file, so that it cannot be opened.
    database = tmp_path / "hotline.db"
    database.mkdir()
    settings = Settings(state=tmp_path / "state", database_url=f"sqlite:///{database}")
    settings.cel_file.parent.mkdir(parents=True)
    files = AsteriskFiles(settings.cel_file.parent)
    files.queue_log = settings.queue_log_file
    store = open_store(settings.database)
    observer: Any = Noted()
    hooks = WebhookParts(store, settings.node, plan=a_plan, observer=observer)
    parts = RecordParts(settings, store, observer, hooks, nothing)
    assert parts.behind() == {"cel": (0, 0.0), "queue_log": (0, 0.0)}
    files.write(a_call("answered_caller_hangs_up"))
    files.cel.rename(f"{files.cel}.1")
    files.write(a_call("closed_heard_in_full", 1, 60))
    running = asyncio.create_task(parts.run({}))
    await until(lambda: "cannot be used" in parts.trouble())
    behind = parts.behind()
    size = files.cel.stat().st_size + Path(f"{files.cel}.1").stat().st_size
    assert behind["cel"][0] == size
    assert behind["cel"][1] > 0
    assert behind["queue_log"][0] == files.queue_log.stat().st_size
    running.cancel()
    await asyncio.wait([running])
    # The database is back.
    database.rmdir()
    running = asyncio.create_task(parts.run({}))
    await until(lambda: not parts.trouble())
    assert parts.behind() == {"cel": (0, 0.0), "queue_log": (0, 0.0)}
    running.cancel()
    await asyncio.wait([running])
    await store.close()

"""A keeper in a process of its own, that kills itself at a given moment as `kill -9` would."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from hotline_ivr.asterisk.spool_log import open_logs
from hotline_ivr.calls.calls_in_hand import Limits
from hotline_ivr.calls.record_keeper import RecordKeeper
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from tests.calls.asterisk_files import NODE, AsteriskFiles
from tests.calls.lives import die_at


def keep_until_killed(url: str, folder: str, moment: int) -> None:
    """Catch up with the files; the `moment`-th thing asked of the database is the last.

    Exits with 0 if it came to the end before that.
    """
    die_at(moment)
    asyncio.run(_catch_up(url, AsteriskFiles(Path(folder))))


async def _catch_up(url: str, files: AsteriskFiles) -> None:
    store = open_store(url)
    # The smallest pieces there are, so that there are many commits.
    logs = partial(open_logs, files.cel, files.queue_log, piece_bytes=1)
    keeper = RecordKeeper(NODE, DatabaseLedger(store, NODE), logs, limits=Limits(refresh=0))
    await keeper.catch_up()
    keeper.close()
    await store.close()

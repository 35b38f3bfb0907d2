"""A node's files and its record, as the keeper makes it of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from hotline_ivr.calls.calls_in_hand import Limits
from hotline_ivr.launch.balancing import prove, span_of_day
from hotline_ivr.routing.balance_report import BalanceReport
from hotline_ivr.routing.balance_sides import Reason
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from tests.calls.asterisk_files import AsteriskFiles, Written, a_keeper, started
from tests.routing.call_tables import FOLDER, START

ZONE = ZoneInfo("Europe/Oslo")
DAY = datetime.fromtimestamp(START, ZONE).date()
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))


class Place:
    """A node's files and its record."""

    def __init__(self, folder: Path, url: str) -> None:
        self.settings = Settings(state=folder, database_url=url)
        self.settings.cel_file.parent.mkdir(parents=True)
        self.files = AsteriskFiles(self.settings.cel_file.parent)
        self.files.queue_log = self.settings.queue_log_file

    def write(self, *calls: Written) -> None:
        self.files.add_queue(started(-1))
        for call in calls:
            self.files.write(call)

    async def keep(self) -> None:
        """As the service does, until all is read."""
        await upgrade(self.settings.database)
        store = open_store(self.settings.database)
        keeper = a_keeper(self.files, DatabaseLedger(store, "main"), limits=Limits(refresh=0))
        try:
            await keeper.catch_up()
        finally:
            keeper.close()
            await store.close()

    async def change(self, statement: str) -> None:
        store = open_store(self.settings.database)
        await store.write(lambda connection: connection.execute(text(statement)))
        await store.close()

    async def proof(self) -> BalanceReport:
        return await prove(self.settings, span_of_day(DAY, ZONE))

    async def found(self) -> set[tuple[str, Reason]]:
        return {(each.call, each.reason) for each in (await self.proof()).shown}


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Place:
    return Place(tmp_path / "state", database_url)


@pytest.fixture
def attic(tmp_path: Path) -> AsteriskFiles:
    """Where old logs lie."""
    folder = tmp_path / "attic"
    folder.mkdir()
    return AsteriskFiles(folder)

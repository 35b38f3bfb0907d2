"""An office that kept a spreadsheet, for tests of its import."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import text

from hotline_ivr.launch.register_import import Imported, import_sheet
from hotline_ivr.launch.register_sheet import Wanted
from hotline_ivr.launch.register_undo import TakenBack, take_back
from hotline_ivr.routing.entries import Entry
from hotline_ivr.settings import Settings
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.register_batches import imported_rows
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.register_list import EntryFilter
from hotline_ivr.testing.plans import plan
from hotline_ivr.testing.stack import write_config

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HEADING = "Dato;Kl.;Tema;Spørsmål;Svar"
ROWS = [
    "23.11.2026;10.15;Eksamen;Når er fristen?;15. april",
    '23.11.2026;11.00;;"Hva koster det?\nOg når?";=1+1',
    "24.11.2026;;Eksamen;Når er fristen?;15. april",
]


class Office:
    """A node with a configuration and an empty database; nothing runs."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self.settings = Settings.from_environment(
            {
                "HOTLINE_STATE": str(folder / "state"),
                "HOTLINE_CONFIG": str(folder / "config"),
                "DATABASE_URL": database,
            }
        )
        config = plan({"anna": None}, now=NOW)
        config["topics"] = {"exams": {"name": {"nb": "Eksamen", "en": "Exams"}}}
        write_config(self.settings.config, config)

    def write(self, name: str, data: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    async def take(self, path: Path, line: str | None = "open", **more: Any) -> Imported:
        values: dict[str, Any] = {"sheet": None, "mapped": (), "dates": "auto", "by": "kari", **more}
        return await import_sheet(self.settings, Wanted(path, line, **values), NOW)

    async def undo(self, batch: str, *, changed_too: bool = False, dry_run: bool = False) -> TakenBack:
        return await take_back(self.settings, batch, "kari", NOW, changed_too=changed_too, dry_run=dry_run)

    async def count(self) -> int:
        return len(await self.entries())

    async def entries(self) -> list[Entry]:
        store = open_store(self.settings.database)
        try:
            return [each.entry for each in await DatabaseRegister(store).find(EntryFilter(limit=2000))]
        finally:
            await store.close()

    async def change(self, changed: Entry) -> None:
        store = open_store(self.settings.database)
        assert isinstance(await DatabaseRegister(store).change(changed, changed.version), Entry)
        await store.close()

    async def keys(self) -> list[str]:
        store = open_store(self.settings.database)
        try:
            return [key for key, _ in await store.read(imported_rows)]
        finally:
            await store.close()

    async def run(self, statement: str, **values: str) -> None:
        store = open_store(self.settings.database)
        await store.write(lambda on: on.execute(text(statement), values))
        await store.close()


@pytest.fixture
async def office(tmp_path: Path) -> Office:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    await upgrade(url)
    return Office(tmp_path, url)


def workbook(*rows: list[Any], title: str = "Ark1") -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.create_sheet("Annet").append(["nothing"])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()

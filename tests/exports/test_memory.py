"""An export holds a page of rows and never all of them, in every format and from both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.export import START_US, fill_postgres, fill_sqlite
from tests.exports.peak import hotline_used
from tests.postgres import PostgresServer

pytestmark = pytest.mark.timeout(300)

FEW, MANY = 3_000, 30_000
BETWEEN_S = 30
GROWTH_MIB = 12.0
"""Rows that were kept would take several times as much: 27,000 of 42 columns."""

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of one with all these calls."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database()
        asyncio.run(fill_postgres(url, MANY))
        return url
    path = tmp_path_factory.mktemp("many") / "hotline.db"
    url = f"sqlite:///{path}"
    fill_sqlite(path, url, MANY)
    return url


def exported(database: str, form: str, calls: int, folder: Path) -> float:
    """The most memory (MiB) that an export of so many calls held."""
    until = datetime.fromtimestamp(START_US // 1_000_000 + calls * BETWEEN_S, UTC).isoformat()
    target = folder / f"{calls}.{form}"
    used = hotline_used(
        ["export", "calls", "--until", until, "-o", str(target)],
        {"HOTLINE_DATABASE_URL": database, "HOTLINE_STATE": str(folder), "HOTLINE_CONFIG": str(CONFIG)},
    )
    if form in {"csv", "ndjson"}:
        lines = target.read_text(encoding="utf-8").count("\n")
        assert lines == calls + (form == "csv")
    return used.peak_mib


@pytest.mark.parametrize("form", ["csv", "ndjson", "xlsx"])
def test_ten_times_the_rows_take_no_more_memory(database: str, form: str, tmp_path: Path) -> None:
    few = exported(database, form, FEW, tmp_path)
    many = exported(database, form, MANY, tmp_path)
    assert many - few < GROWTH_MIB

"""The tables are those of this program, or it does not start."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from hotline_ivr.errors import StoreError
from hotline_ivr.store import migrate
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import check_schema, describe_schema, require_file, upgrade
from hotline_ivr.store.schema import is_described, metadata

_UPGRADE = """
import asyncio, sys
import hotline_ivr.app
from hotline_ivr.store.migrate import describe_schema, upgrade
asyncio.run(upgrade(sys.argv[1]))
print(asyncio.run(describe_schema(sys.argv[1])).ok, sum(name.startswith("alembic") for name in sys.modules))
"""


async def change(url: str, statement: str) -> None:
    store = open_store(url)
    await store.write(lambda connection: connection.execute(text(statement)))
    await store.close()


async def test_migrated_tables_are_the_tables_of_the_models(database_url: str) -> None:
    await upgrade(database_url)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": is_described}
        )
        return list(compare_metadata(context, metadata))

    store = open_store(database_url)
    assert await store.read(differences) == []
    await store.close()


def test_files_of_migrations_are_named_after_their_revisions() -> None:
    """Whether there is anything to do is seen by the names."""
    folder = Path(migrate.__file__).with_name("migrations")
    made = [each.revision for each in ScriptDirectory(str(folder)).walk_revisions()]
    assert sorted(migrate.known_tables()) == made[::-1]


def test_a_start_without_anything_to_migrate_does_not_load_what_migrates(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    asyncio.run(upgrade(url))
    done = subprocess.run(
        [sys.executable, "-c", _UPGRADE, url], capture_output=True, check=False, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "True 0\n"), done.stderr


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    await upgrade(database_url)
    await upgrade(database_url)
    assert (await describe_schema(database_url)).ok


async def test_a_migration_that_fails_leaves_nothing_behind(database_url: str) -> None:
    """A table of the same name stands in the way of the last but one."""
    await change(database_url, "CREATE TABLE rejected_line (id INTEGER)")
    with pytest.raises(StoreError):
        await upgrade(database_url)
    store = open_store(database_url)
    names = await store.read(lambda connection: inspect(connection).get_table_names())
    assert names == ["rejected_line"]
    await store.close()


async def test_a_database_without_tables_is_refused_with_the_remedy(database_url: str) -> None:
    await change(database_url, "CREATE TABLE other (id INTEGER)")
    store = open_store(database_url)
    with pytest.raises(StoreError, match="no tables yet: `hotline serve`"):
        await check_schema(store)
    with pytest.raises(StoreError, match="no tables yet"):
        await DatabaseLedger(store, "main").state()
    await store.close()


async def test_tables_of_a_newer_program_are_refused_also_by_the_migration(database_url: str) -> None:
    await upgrade(database_url)
    await change(database_url, "UPDATE alembic_version SET version_num = '9999'")
    described = await describe_schema(database_url)
    assert not described.ok
    assert "9999" in described.text
    store = open_store(database_url)
    with pytest.raises(StoreError, match="older than the one that made them"):
        await DatabaseLedger(store, "main").state()
    await store.close()
    with pytest.raises(StoreError, match="older than the one that made them"):
        await upgrade(database_url)


async def test_looking_at_a_file_that_does_not_exist_does_not_create_it(tmp_path: Path) -> None:
    file = tmp_path / "hotline.db"
    with pytest.raises(StoreError, match="does not exist yet"):
        await describe_schema(f"sqlite:///{file}")
    with pytest.raises(StoreError, match="does not exist yet"):
        require_file(f"sqlite:///{file}")
    assert not file.exists()


async def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'state' / 'deep' / 'hotline.db'}"
    await upgrade(url)
    assert (await describe_schema(url)).ok

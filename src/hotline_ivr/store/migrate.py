"""Bringing the database's tables up to date, and refusing to work on others.

The migrations are in migrations/versions, in the package, so that whoever has the program has them. A file is
named after its revision, so whether there is anything to do is known without loading them and what runs them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, make_url, text

from hotline_ivr.errors import StoreError
from hotline_ivr.store.engine import Store, open_store

# Any number, so long as it is always this one: two services that start together wait for each other.
_POSTGRES_LOCK = 4_573_001

_MIGRATIONS = Path(__file__).with_name("migrations")


@dataclass(frozen=True, slots=True)
class SchemaState:
    """How the tables of a database stand to this program."""

    ok: bool
    text: str


async def upgrade(url: str) -> None:
    """Create the tables or bring them up to date, all or nothing; the folder of a SQLite file is made.

    Raises StoreError if the database cannot be used, or is of a newer version of this program.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    store = open_store(url)
    try:
        await store.write(_upgrade)
    finally:
        await store.close()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
    current = _current(connection)
    if current is not None and current not in _revisions():
        raise StoreError(_newer(current))
    if current != _revisions()[-1]:
        _migrate(connection)


def _migrate(connection: Connection) -> None:
    # A third of a second, and at most starts nothing is to be done.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def check_schema(store: Store) -> None:
    """Raises StoreError, with the remedy, unless the tables are those of this version."""
    state = await store.read(schema_state)
    if not state.ok:
        raise StoreError(state.text)


async def describe_schema(url: str) -> SchemaState:
    """How the database at `url` stands. Raises StoreError if it cannot be used at all."""
    require_file(url)
    store = open_store(url)
    try:
        return await store.read(schema_state)
    finally:
        await store.close()


def require_file(url: str) -> None:
    """Raises StoreError if this is a SQLite file that does not exist: to open it would create it."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database and not Path(parsed.database).exists():
        raise StoreError(f"{parsed.database} does not exist yet: `hotline serve` creates it")


def schema_state(connection: Connection) -> SchemaState:
    current = _current(connection)
    head = _revisions()[-1]
    if current == head:
        return SchemaState(ok=True, text=f"tables of version {head}")
    if current is None:
        return SchemaState(ok=False, text="the database has no tables yet: `hotline serve` creates them")
    if current not in _revisions():
        return SchemaState(ok=False, text=_newer(current))
    return SchemaState(
        ok=False,
        text=f"the tables are of version {current}, not {head}: `hotline serve` brings them up to date",
    )


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def known_tables() -> set[str]:
    """Every version of the tables that this program can bring up to date."""
    return set(_revisions())


@cache
def _revisions() -> tuple[str, ...]:
    """All of them, the newest last."""
    return tuple(sorted(file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*.py")))


def _newer(current: str) -> str:
    return (
        f"the tables are of version {current}, which this program does not know: "
        "it is older than the one that made them; install that one again, or restore a backup"
    )

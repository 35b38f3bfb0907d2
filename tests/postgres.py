"""A PostgreSQL server of the tests' own: a throw-away cluster on a unix socket, stopped at the end."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

_numbers = count(1)


class PostgresServer:
    """One cluster, which tests may stop and start."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._data = folder / "data"

    def create(self) -> None:
        self._run(
            "initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"
        )

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._folder}'"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-t", "60", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """As a crash would: connections are dropped, nothing is waited for."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    @property
    def running(self) -> bool:
        return (self._data / "postmaster.pid").exists()

    @property
    def tables(self) -> Path:
        """The folder with the files of all tables of all databases."""
        return self._data / "base"

    def new_database(self) -> str:
        """The URL of an empty database, as an admin would write it."""
        name = f"hotline{next(_numbers)}"
        asyncio.run(self._create_database(name))
        return f"postgresql://postgres@/{name}?host={self._folder}"

    async def _create_database(self, name: str) -> None:
        connection = await asyncpg.connect(host=str(self._folder), user="postgres", database="postgres")
        try:
            await connection.execute(f"CREATE DATABASE {name}")
        finally:
            await connection.close()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
        # Its output goes to a file: the server inherits it and would hold a pipe open for ever.
        with (self._folder / "output").open("ab") as output:
            done = subprocess.run(command, stdout=output, stderr=output, cwd=self._folder, check=False)
        if done.returncode:
            said = (self._folder / "output").read_text(errors="replace")
            raise RuntimeError(f"{program} failed: {said[-2_000:]}")


def find_programs() -> Path | None:
    """The folder of initdb and pg_ctl. Debian keeps them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A server until the end of the block. Raises FileNotFoundError where PostgreSQL is not installed."""
    programs = find_programs()
    if programs is None:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql (make test does)")
    folder = Path(tempfile.mkdtemp(prefix="hotline-postgres-"))
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    server = PostgresServer(programs, folder)
    try:
        server.create()
        server.start()
        yield server
    finally:
        if server.running:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    if find_programs() is None:
        # Not skipped in silence: without it half of what the store promises is untested.
        pytest.fail("PostgreSQL is not installed: apt-get install postgresql (make test does)", pytrace=False)
    with running_server() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hotline.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()

"""Databases that older versions left behind (tests/store/old), put where they can be opened."""

from __future__ import annotations

import lzma
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.postgres import PostgresServer, find_programs

OLD = Path(__file__).parent / "old"


@dataclass(frozen=True)
class OldFile:
    """One of them."""

    packed: Path

    @property
    def name(self) -> str:
        return self.packed.name.removesuffix(".xz")

    @property
    def revision(self) -> str:
        """The migration that was the newest."""
        return self.name.partition("-")[0]

    @property
    def of_postgres(self) -> bool:
        return self.name.endswith(".sql")

    def unpack(self, folder: Path, server: PostgresServer | None) -> str:
        """Its URL, opened by nobody yet."""
        content = lzma.decompress(self.packed.read_bytes())
        path = folder / self.name
        path.write_bytes(content)
        if not self.of_postgres:
            return f"sqlite:///{path}"
        if server is None:
            raise ValueError("a dump needs a server")
        url = server.new_database()
        _restore(url, content)
        return url


def old_files() -> list[OldFile]:
    return [OldFile(path) for path in sorted(OLD.glob("*.xz"))]


def _restore(url: str, dump: bytes) -> None:
    programs = find_programs()
    if programs is None:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql (make test does)")
    parts = urlsplit(url)
    host = parse_qs(parts.query)["host"][0]
    command = [str(programs / "psql"), "-X", "-q", "-h", host, "-U", "postgres", "-d", parts.path[1:]]
    # A newer psql knows \restrict; an older one must not stop at it.
    lines = [line for line in dump.splitlines(keepends=True) if not line.startswith(b"\\")]
    subprocess.run(
        [*command, "-v", "ON_ERROR_STOP=1"], input=b"".join(lines), stdout=subprocess.DEVNULL, check=True
    )

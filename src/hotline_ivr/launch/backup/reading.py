"""A backup read and held against its manifest, before anything is done with it."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from hotline_ivr.errors import ArgumentError
from hotline_ivr.launch.backup.parts import DATABASE, MANIFEST, SCHEMA

_BLOCK = 1 << 20
# A manifest names each file in some 150 bytes.
_MOST_MANIFEST = 64 << 20
_TOPS = ("state", "config", "prompts")


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says of itself. `made_at` is aware (UTC)."""

    node: str
    version: str
    tables: str
    made_at: datetime
    files: tuple[str, ...]


def read_backup(path: Path, into: Path | None = None) -> Backup:
    """Read all of it, every checksum; with `into` the files are put there, each with its mode and age.

    Raises ArgumentError for what is no whole backup, and OSError.
    """
    try:
        with tarfile.open(path, "r|gz") as tar:
            found, manifest = _read(tar, into)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ArgumentError(f"{path}: is no whole backup: {error}") from None
    if manifest is None:
        raise ArgumentError(f"{path}: is no whole backup: it has no manifest")
    if manifest.get("schema") != SCHEMA:
        raise ArgumentError(f"{path}: is of another version ({manifest.get('schema')})")
    listed = {name: (each["size"], each["sha256"]) for name, each in manifest["files"].items()}
    for name in sorted(listed.keys() | found.keys()):
        if listed.get(name) != found.get(name):
            raise ArgumentError(f"{path}: is damaged: {name} is not what the manifest says")
    return Backup(
        manifest["node"],
        manifest["version"],
        manifest["tables"],
        datetime.fromisoformat(manifest["made_at"]),
        tuple(listed),
    )


def _read(
    tar: tarfile.TarFile, into: Path | None
) -> tuple[dict[str, tuple[int, str]], dict[str, Any] | None]:
    found: dict[str, tuple[int, str]] = {}
    manifest: dict[str, Any] | None = None
    for member in tar:
        file = tar.extractfile(member)
        if file is None or not member.isreg() or not _is_plain(member.name) or manifest is not None:
            raise ArgumentError(f"{member.name!r} does not belong into a backup")
        if member.name == MANIFEST:
            manifest = _manifest(file)
            continue
        target = None if into is None else into / member.name
        found[member.name] = (member.size, _take(file, member, target))
    return found, manifest


def _manifest(file: IO[bytes]) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads(file.read(_MOST_MANIFEST))
    except ValueError as error:
        raise ArgumentError(f"the manifest cannot be read: {error}") from None
    return read


def _take(file: IO[bytes], member: tarfile.TarInfo, target: Path | None) -> str:
    digest = hashlib.sha256()
    if target is None:
        while data := file.read(_BLOCK):
            digest.update(data)
        return digest.hexdigest()
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as written:
        while data := file.read(_BLOCK):
            digest.update(data)
            written.write(data)
        written.flush()
        os.fsync(written.fileno())
    target.chmod(member.mode & 0o777)
    # Which generation of a log is older is told by its age.
    os.utime(target, (member.mtime, member.mtime))
    return digest.hexdigest()


def _is_plain(name: str) -> bool:
    """A name of ours: nothing leads out of the folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        return False
    return name in {MANIFEST, DATABASE} or path.parts[0] in _TOPS

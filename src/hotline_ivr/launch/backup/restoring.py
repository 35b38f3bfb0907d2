"""`hotline restore`: a backup verified, then put in the place of the state, which is kept aside.

Nothing is touched before the whole backup has been read against its checksums and its database found whole.
Then each part changes places by a rename, in a folder on the same disk; a note in the state folder says
what is under way, so that a restore which was killed goes on when it is given again, and no service starts
in between.

Whoever was erased since the backup was made is erased again before the note goes
(launch/privacy/repeating.py).

Asterisk's logs of this machine stay where they reach further than the backup's: the record reads on from
where the backup stood, and nothing that happened since is lost.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hotline_ivr.asterisk.spool_files import find, generations_on_disk, open_if, take_fingerprint
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.errors import ArgumentError, SetupError
from hotline_ivr.files import replace
from hotline_ivr.launch.backup.parts import ASIDE, DATABASE, LOGS, state_files
from hotline_ivr.launch.backup.reading import Backup, read_backup
from hotline_ivr.launch.locking import only_one
from hotline_ivr.launch.privacy.repeating import ErasedAgain, erase_again
from hotline_ivr.settings import Settings
from hotline_ivr.store.migrate import known_tables, upgrade
from hotline_ivr.store.snapshot import check_file, fill

_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done. `config` is where the backup's configuration lies, if it was not put in place."""

    backup: Backup
    aside: Path
    logs_stayed: bool
    config: Path | None
    again: ErasedAgain


def refuse_half_restored(settings: Settings) -> None:
    """Raises SetupError while a restore has been begun and not ended."""
    if settings.restore_file.exists():
        raise SetupError("a restore was stopped half-way: give the same `hotline restore FILE` again first")


async def restore(settings: Settings, file: Path, *, now: datetime, by: str) -> Restored:
    """Verify and put in place.

    Raises ArgumentError for what is no whole backup, SetupError while the service or Asterisk of this node
    runs, ConfigError where persons are to be erased again and no configuration can be read, StoreError and
    OSError; then the same again goes on.
    """
    if not file.is_file():
        raise ArgumentError(f"{file}: is no file")
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with (
        only_one(settings.state_dir / "service.lock", "A service"),
        only_one(settings.state_dir / "asterisk.lock", "A supervisor"),
    ):
        stage = settings.state_dir / ".restoring"
        backup = await asyncio.to_thread(_staged, settings, file, stage)
        if not settings.database.startswith("sqlite") and not settings.restore_file.exists():
            # A database on a server is never written over: it must be an empty one.
            await fill(stage / DATABASE, settings.database)
        logs_stay = await asyncio.to_thread(_swap, settings, stage, now)
        note = json.loads(settings.restore_file.read_text(encoding="utf-8"))
        config = await asyncio.to_thread(_config, settings, stage)
        await upgrade(settings.database)
        # What is left of the backup holds them as well. The note stays until they are erased: else a kill, or
        # a configuration that is refused, would let a service start with all of them.
        shutil.rmtree(stage, ignore_errors=True)
        again = await erase_again(settings, by=by, since=backup.made_at)
        entry = AuditEntry(
            now, by, "command", "backup.restore", file.name, {"made": backup.made_at.isoformat()}
        )
        AuditTrail(settings.audit_file).note(entry)
        settings.restore_file.unlink()
        return Restored(backup, Path(note["aside"]), logs_stay, config, again)


def _staged(settings: Settings, file: Path, stage: Path) -> Backup:
    """The backup unpacked and found good; of one that was being put in place, what is left."""
    if settings.restore_file.exists():
        note = json.loads(settings.restore_file.read_text(encoding="utf-8"))
        backup = read_backup(file)
        if note["made_at"] != backup.made_at.isoformat():
            raise ArgumentError(
                f"{file}: a restore of another backup ({note['file']}) is under way: end that first"
            )
        return backup
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(mode=0o700)
    backup = read_backup(file, stage)
    about = {"made_at": backup.made_at.isoformat(), "file": str(file)}
    (stage / "about.json").write_text(json.dumps(about), encoding="utf-8")
    if backup.node != settings.node:
        raise ArgumentError(
            f"{file}: is of node {backup.node}, and this is {settings.node}: set HOTLINE_NODE"
        )
    tables = check_file(stage / DATABASE)
    if tables not in known_tables():
        raise ArgumentError(f"{file}: its tables are of version {tables}, which this program is too old for")
    return backup


def _swap(settings: Settings, stage: Path, now: datetime) -> bool:
    """Each part into its place, by renames; whether the logs stayed."""
    if not settings.restore_file.exists():
        made_at, file = _about(stage)
        stay = _logs_reach_further(settings, stage)
        aside = settings.state_dir / f"{ASIDE}{now.strftime(_STAMP)}"
        fresh = stage / "state"
        names = {path.relative_to(fresh).as_posix() for path in fresh.rglob("*") if path.is_file()}
        of_backup = sorted(names)
        names |= {name for name, _ in state_files(settings)}
        # Its journal beside another database would be taken for that one's.
        astdb = settings.astdb_file.relative_to(settings.state_dir).as_posix()
        names |= {each for each in (astdb, f"{astdb}-journal") if (settings.state_dir / each).exists()}
        if stay:
            names = {name for name in names if not name.startswith(f"{LOGS}/")}
        else:
            names |= {
                path.relative_to(settings.state_dir).as_posix()
                for path in settings.log_dir.rglob("*")
                if path.is_file()
            }
        note = {
            "aside": str(aside),
            "names": sorted(names),
            "fresh": of_backup,
            "logs_stay": stay,
            "made_at": made_at,
            "file": file,
        }
        replace(settings.restore_file, json.dumps(note) + "\n")
    note = json.loads(settings.restore_file.read_text(encoding="utf-8"))
    if note.get("in_place"):
        # What has been written since belongs to what was put there, the database's log too.
        return bool(note["logs_stay"])
    aside = Path(note["aside"])
    for name in note["names"]:
        place, new = settings.state_dir / name, stage / "state" / name
        _change(place, new, aside / name, fresh=name in note["fresh"])
    if settings.database.startswith("sqlite"):
        database = Path(settings.database.removeprefix("sqlite:///"))
        # The log first: beside another database it would be taken for that one's.
        for end in ("-wal", "-shm", ""):
            new = stage / DATABASE if not end else stage / "none"
            place = database.with_name(database.name + end)
            _change(place, new, aside / place.name, fresh=not end)
    replace(settings.restore_file, json.dumps(note | {"in_place": True}) + "\n")
    return bool(note["logs_stay"])


def _change(place: Path, new: Path, aside: Path, *, fresh: bool) -> None:
    """What was goes aside, once; what is new takes its place. Done again it does the rest.

    `fresh` says that the backup has it: once that is in its place, nothing is left to do.
    """
    if place.exists() and not aside.exists() and (new.exists() or not fresh):
        aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _move(place, aside)
    if new.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        _move(new, place)


def _move(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except OSError:
        # A database of another disk: whole or not there.
        draft = target.with_name(f".{target.name}.moving")
        shutil.copy2(source, draft)
        draft.replace(target)
        source.unlink()


def _about(stage: Path) -> tuple[str, str]:
    about = json.loads((stage / "about.json").read_text(encoding="utf-8"))
    return about["made_at"], about["file"]


def _logs_reach_further(settings: Settings, stage: Path) -> bool:
    """Whether this machine still has what the backup's database had read, and so what came after it."""
    places: Sequence[tuple[str, str, int, str]]
    with closing(sqlite3.connect(stage / DATABASE)) as connection:
        places = connection.execute(
            'SELECT source, inode, "offset", fingerprint FROM spool_position'
            " WHERE node = ? AND generation > 0 ORDER BY source, generation",
            (settings.node,),
        ).fetchall()
    newest = {source: (int(inode), offset, mark) for source, inode, offset, mark in places}
    logs = {"cel": settings.cel_file, "queue_log": settings.queue_log_file}
    for source, log in logs.items():
        place = newest.get(source) or _unread(stage / "state" / log.relative_to(settings.state_dir))
        if place is None:
            continue
        inode, offset, mark = place
        found = find(reversed(generations_on_disk(log)), inode, offset, mark)
        if found is None:
            return False
        size = os.fstat(found).st_size
        os.close(found)
        if size < offset:
            return False
    return True


def _unread(copy: Path) -> tuple[int, int, str] | None:
    """What a log holds that goes on from this copy, of which the backup's database had read nothing yet."""
    descriptor = open_if(copy)
    if descriptor is None:
        return None
    size = os.fstat(descriptor).st_size
    mark = take_fingerprint(descriptor, size)
    os.close(descriptor)
    # The inode is that of the copy, and no other file's.
    return (0, size, mark) if size else None


def _config(settings: Settings, stage: Path) -> Path | None:
    """The configuration into its place where there is none; else beside it, for its owner to compare."""
    fresh, place = stage / "config", settings.config.absolute()
    if not fresh.is_dir():
        return None
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        shutil.copytree(fresh, place, dirs_exist_ok=True)
        return None
    if _same_tree(fresh, place):
        return None
    beside = settings.state_dir / "restored-config"
    shutil.rmtree(beside, ignore_errors=True)
    shutil.copytree(fresh, beside)
    return beside


def _same_tree(one: Path, other: Path) -> bool:
    names = {path.relative_to(one) for path in one.rglob("*") if path.is_file()}
    return all(
        (other / name).is_file() and (other / name).read_bytes() == (one / name).read_bytes()
        for name in names
    )

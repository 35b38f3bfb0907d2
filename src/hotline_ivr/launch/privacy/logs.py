"""Asterisk's logs: numbers and digits out of them, or the whole of them away."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, and_, select, update

from hotline_ivr.asterisk.log_times import said_at, time_of_line
from hotline_ivr.asterisk.spool_files import (
    COMPRESSED,
    find,
    generations_on_disk,
    has_fingerprint,
    is_blind,
    renewed,
    take_fingerprint,
)
from hotline_ivr.asterisk.spool_redaction import logs_of, redact_file
from hotline_ivr.files import replace
from hotline_ivr.launch.privacy.place import PrivacyPlace
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.redaction import Redactor
from hotline_ivr.store.tables import spool_position

_CALL = re.compile(rb'"linkedid":"([^"]*)"')
_QUEUE_CALL = re.compile(rb"[0-9]{1,12}\|([^|]*)\|")


def spools(place: PrivacyPlace) -> dict[Source, Path]:
    """The two logs that the record is made of."""
    return {Source.CEL: place.settings.cel_file, Source.QUEUE_LOG: place.settings.queue_log_file}


def other_logs(place: PrivacyPlace) -> tuple[Path, ...]:
    """What Asterisk says beside them, in words: of a call that failed it names caller and number."""
    return place.settings.log_dir / "messages.log", place.settings.log_dir / "console.log"


async def renew_positions(place: PrivacyPlace) -> None:
    """Have the record know its logs by what stays the same when a number is taken out. Before anything is."""
    wanted = select(spool_position).where(
        spool_position.c.node == place.node, spool_position.c.generation > 0
    )
    rows = await place.store.read(lambda connection: connection.execute(wanted).all())
    anew: list[tuple[Any, str]] = []
    for row in rows:
        path = spools(place)[Source(row.source)]
        if not is_blind(row.fingerprint):
            mark = await asyncio.to_thread(_renewed, path, row)
            if mark is not None:
                anew.append((row, mark))

    def write(connection: Connection) -> None:
        for row, mark in anew:
            # The offset moves on meanwhile; a fingerprint that somebody else has made anew stays.
            its = (
                column == getattr(row, column.name)
                for column in (*spool_position.primary_key, spool_position.c.fingerprint)
            )
            connection.execute(update(spool_position).where(and_(*its)).values(fingerprint=mark))

    await place.store.write(write)


def _renewed(path: Path, row: Any) -> str | None:
    found = find(reversed(generations_on_disk(path)), int(row.inode), row.offset, row.fingerprint)
    if found is None:
        return None
    try:
        return renewed(found, row.fingerprint)
    finally:
        os.close(found)


async def redact_old(
    place: PrivacyPlace, redactor: Redactor, what: str, before: datetime, *, dry_run: bool
) -> int:
    """Numbers (or digits: `what`) out of all lines of before this moment; how many lines."""
    if dry_run:
        return 0
    await renew_positions(place)
    return await asyncio.to_thread(_redact_old, place, redactor, what, before.timestamp())


def _redact_old(place: PrivacyPlace, redactor: Redactor, what: str, before: float) -> int:
    marks, lines = _Bookmarks(place.settings.redacted_file, what), 0
    change = _by_call(redactor)
    for log in spools(place).values():
        for path in logs_of(log):
            if path.suffix in COMPRESSED and path.stat().st_mtime >= before:
                continue
            known = marks.of(path)
            if known == path.stat().st_size:
                continue
            done = redact_file(path, change, since=known, stop=lambda line: time_of_line(line) >= before)
            # One that was compressed has been written anew, and is gone through once.
            marks.note(path, path.stat().st_size if path.suffix in COMPRESSED else done.until)
            lines += done.lines
    for log in other_logs(place) if redactor.numbers else ():
        for path in logs_of(log):
            if path.suffix in COMPRESSED and path.stat().st_mtime >= before:
                continue
            known = marks.of(path)
            if known != path.stat().st_size:
                done = redact_file(path, redactor.words, since=known, stop=_SaidSince(before))
                marks.note(path, path.stat().st_size if path.suffix in COMPRESSED else done.until)
                lines += done.lines
    marks.keep()
    return lines


def older_than(before: datetime) -> Callable[[bytes], bool]:
    """Whether a line was written before an aware moment; one that does not tell when was."""
    return lambda line: time_of_line(line) < before.timestamp()


class _SaidSince:
    """Whether a line was said since a moment; one without a time goes on with the one before it."""

    def __init__(self, before: float) -> None:
        self._before, self._last = before, 0.0

    def __call__(self, line: bytes) -> bool:
        if (said := said_at(line)) is not None:
            self._last = said.timestamp()
        return self._last >= self._before


class _Bookmarks:
    """Up to which byte each file has been gone through, so that a night looks at a day's lines."""

    def __init__(self, path: Path, what: str) -> None:
        self._path, self._what = path, what
        try:
            self._all: dict[str, dict[str, int]] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self._all = {}
        before = self._all.get(what)
        self._known: Mapping[str, int] = before if isinstance(before, dict) else {}
        self._now: dict[str, int] = {}

    def of(self, path: Path) -> int:
        known = self._known.get(_mark_of(path), 0)
        return known if known <= path.stat().st_size else 0

    def note(self, path: Path, until: int) -> None:
        self._now[_mark_of(path)] = until

    def keep(self) -> None:
        """Files that are gone are forgotten."""
        self._all[self._what] = {**self._known, **self._now}
        if len(self._all[self._what]) > 1_000:
            self._all[self._what] = self._now
        replace(self._path, json.dumps(self._all) + "\n")


def _mark_of(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        return f"{status.st_ino} {take_fingerprint(descriptor, min(status.st_size, 256))}"
    finally:
        os.close(descriptor)


async def redact_person(place: PrivacyPlace, redactor: Redactor) -> int:
    """One person out of all logs, with the name, and the digits of their calls; how many lines."""
    await renew_positions(place)
    return await asyncio.to_thread(_redact_person, place, redactor)


def _redact_person(place: PrivacyPlace, redactor: Redactor) -> int:
    lines = 0
    change = _by_call(redactor)
    for log in spools(place).values():
        for path in logs_of(log):
            lines += redact_file(path, change).lines
    for log in other_logs(place):
        for path in logs_of(log):
            lines += redact_file(path, redactor.text).lines
    return lines


def _by_call(redactor: Redactor) -> Callable[[bytes], bytes]:
    """A line's meaning depends on those before it: who was called back, and whose digits are entered."""
    own, made = set[bytes](), set[bytes]()

    def change(line: bytes) -> bytes:
        match = _CALL.search(line) or _QUEUE_CALL.match(line)
        call = match[1] if match else b""
        if b'"callback|' in line or b"@hotline-callback" in line:
            made.add(call)
        if redactor.names_person(line):
            own.add(call)
        return redactor.events(line, ours=call in made, own=redactor.person is None or call in own)

    return change


async def forget_logs(place: PrivacyPlace, before: datetime, *, dry_run: bool) -> int:
    """Delete rotated logs that ended before this moment and are in the record; how many files."""
    wanted = select(spool_position.c.offset, spool_position.c.fingerprint).where(
        spool_position.c.node == place.node, spool_position.c.generation > 0
    )
    known = [(row[0], row[1]) for row in await place.store.read(lambda on: on.execute(wanted).all())]
    return await asyncio.to_thread(_forget, place, before.timestamp(), known, dry_run)


def _forget(place: PrivacyPlace, before: float, known: list[tuple[int, str]], dry_run: bool) -> int:
    count = 0
    for log in (*spools(place).values(), *other_logs(place)):
        of_record = log in spools(place).values()
        for path in logs_of(log):
            if path == log or path.stat().st_mtime >= before:
                continue
            if of_record and path.suffix not in COMPRESSED and not _was_read(path, known):
                continue
            if not dry_run:
                path.unlink(missing_ok=True)
            count += 1
    return count


def _was_read(path: Path, known: list[tuple[int, str]]) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        return size == 0 or any(
            offset >= size and has_fingerprint(descriptor, mark) for offset, mark in known
        )
    finally:
        os.close(descriptor)

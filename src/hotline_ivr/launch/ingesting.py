"""Old logs into the record: what each file holds, in the right order, piece by piece.

queue_log's lines of no call come first, because they tell when Asterisk started again; then channel events;
then queue_log's lines of calls, whose callers the channel events name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from sqlalchemy import Connection

from hotline_ivr.asterisk.archives import Archive, ArchivePiece, look_at, pieces
from hotline_ivr.calls.taken import Aliases
from hotline_ivr.errors import ArgumentError
from hotline_ivr.routing.cel import NO_CALL, CallEvent, QueueEvent, Source
from hotline_ivr.routing.machine import UNDISTURBED
from hotline_ivr.settings import Settings
from hotline_ivr.store.archives import (
    add_events,
    add_other,
    add_queue_events,
    add_rejected,
    calls_of_channels,
    generation_of,
    note_archive,
)
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.migrate import check_schema, require_file
from hotline_ivr.store.refolding import Refolded, machine_of

Progress = Callable[[Path, int], object]
_offset = attrgetter("offset")


@dataclass(slots=True)
class Ingested:
    """What came of the files."""

    files: int = 0
    read: int = 0
    # Events that were not in the record yet.
    added: int = 0
    # Lines that are no records; they are kept apart for a human to look at.
    rejected: int = 0
    rows: Refolded = field(default_factory=Refolded)


async def ingest_files(settings: Settings, files: Sequence[Path], node: str, progress: Progress) -> Ingested:
    """Take the files into the record of `node`; `progress` is told how many bytes of a file are read.

    All are looked at before anything is written. Raises ArgumentError for what is no log of Asterisk, or of
    another node, or damaged (what came before that stands), and StoreError. Doing it again adds the rest.
    """
    archives = sorted(map(look_at, files), key=lambda each: each.first_at)
    for each in archives:
        if each.nodes and node not in each.nodes:
            other = min(each.nodes)
            raise ArgumentError(f"{each.path}: its calls are of node {other}, not {node}: say --node {other}")
    require_file(settings.database)
    store = open_store(settings.database)
    try:
        await check_schema(store)
        return await _Ingestion(store, node, progress).run(archives)
    finally:
        await store.close()


class _Ingestion:
    def __init__(self, store: Store, node: str, progress: Progress) -> None:
        self._store, self._node, self._progress = store, node, progress
        self._aliases = Aliases()
        self._machine = UNDISTURBED
        self._done = Ingested()

    async def run(self, archives: Sequence[Archive]) -> Ingested:
        node, done = self._node, self._done
        queue_logs = [each for each in archives if each.source is Source.QUEUE_LOG]
        done.files = len(archives)
        for each in queue_logs:
            await self._each_piece(each, self._take_other, told=False)
        self._machine = await self._store.read(lambda connection: machine_of(connection, node))
        for each in archives:
            if each.source is Source.CEL:
                await self._each_piece(each, self._take_events)
        for each in queue_logs:
            await self._each_piece(each, self._take_lines)
        return done

    async def _each_piece(
        self, archive: Archive, take: Callable[[Connection, ArchivePiece], int], *, told: bool = True
    ) -> None:
        generation = await self._store.read(
            lambda connection: generation_of(connection, self._node, archive.source, archive.fingerprint)
        )
        for piece in pieces(archive, generation):
            self._done.added += await self._store.write(self._work(archive, generation, piece, take))
            if told:
                self._done.read += len(piece.events) + len(piece.queue_events)
                self._done.rejected += len(piece.rejected)
                self._progress(archive.path, piece.end)

    def _work(
        self,
        archive: Archive,
        generation: int,
        piece: ArchivePiece,
        take: Callable[[Connection, ArchivePiece], int],
    ) -> Callable[[Connection], int]:
        def work(connection: Connection) -> int:
            added = take(connection, piece)
            if add_rejected(connection, self._node, piece.rejected) or added:
                place = (generation, piece.end, archive.fingerprint)
                note_archive(connection, self._node, archive.source, place)
            return added

        return work

    def _take_other(self, connection: Connection, piece: ArchivePiece) -> int:
        other = [event for event in piece.queue_events if event.call in NO_CALL]
        return add_other(connection, self._node, other)

    def _take_events(self, connection: Connection, piece: ArchivePiece) -> int:
        for event in piece.events:
            self._aliases.note(event)
        by_call: defaultdict[str, list[CallEvent]] = defaultdict(list)
        for event in piece.events:
            by_call[event.call].append(event)
        added, rows = add_events(connection, self._node, by_call, self._machine)
        self._done.rows.add(rows)
        return added

    def _take_lines(self, connection: Connection, piece: ArchivePiece) -> int:
        by_call: defaultdict[str, list[QueueEvent]] = defaultdict(list)
        for event in piece.queue_events:
            if event.call not in NO_CALL:
                by_call[self._aliases.call_of(event.call)].append(event)
        # Who was called back is known by other channels than their call, perhaps since long ago: lines of all
        # its names are one call's.
        for channel, ident in calls_of_channels(connection, self._node, by_call).items():
            lines = by_call.pop(channel)
            by_call[ident] = sorted([*by_call[ident], *lines], key=_offset)
        added, rows = add_queue_events(connection, self._node, by_call, self._machine)
        self._done.rows.add(rows)
        return added

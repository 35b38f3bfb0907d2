"""Asterisk's two logs as the record's keeper reads them: tail and framing together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from hotline_ivr.asterisk.spool import CALL_ENDED, Records, read_cel, read_queue_log
from hotline_ivr.asterisk.spool_glance import Glance
from hotline_ivr.asterisk.spool_tail import PIECE_BYTES, Tail
from hotline_ivr.routing.cel import CallEvent, QueueEvent, Source
from hotline_ivr.routing.ledger import Event, Position, Reading


class SpooledLog(Generic[Event]):
    """One log, from a position on."""

    def __init__(
        self, tail: Tail, parse: Callable[[bytes, int, int], Records[Event]], before: Position | None
    ) -> None:
        self._tail = tail
        self._parse: Callable[[bytes, int, int], Records[Event]] = parse
        self._before = before

    def read(self) -> Reading[Event] | None:
        """What is new, at most one piece; None if nothing is. Raises OSError if the file cannot be read."""
        piece = self._tail.read()
        if piece is None:
            return None
        records = self._parse(piece.data, piece.generation, piece.start)
        before, self._before = self._before, piece.after
        rejected = [*piece.rejected, *records.rejected]
        return Reading(records.events, rejected, before, piece.after, piece.more)

    def close(self) -> None:
        self._tail.close()


@dataclass(frozen=True, slots=True)
class SpooledLogs:
    """Both logs of this node."""

    cel: SpooledLog[CallEvent]
    queue_log: SpooledLog[QueueEvent]
    _glance: Glance

    def call_ended(self) -> bool:
        """Whether the channel events that were not yet read tell the end of a call, or may."""
        return self._glance.finds()

    def close(self) -> None:
        self.cel.close()
        self.queue_log.close()


def open_logs(
    cel_file: Path,
    queue_log_file: Path,
    known: Mapping[Source, Sequence[Position]],
    *,
    piece_bytes: int = PIECE_BYTES,
) -> SpooledLogs:
    """Follow both logs from the positions that are known, `piece_bytes` at once."""
    cel = known.get(Source.CEL, ())
    queue = known.get(Source.QUEUE_LOG, ())
    cel_tail = Tail(cel_file, Source.CEL, cel, piece_bytes=piece_bytes)
    queue_tail = Tail(queue_log_file, Source.QUEUE_LOG, queue, piece_bytes=piece_bytes)
    return SpooledLogs(
        SpooledLog(cel_tail, read_cel, cel[-1] if cel else None),
        SpooledLog(queue_tail, read_queue_log, queue[-1] if queue else None),
        Glance(cel_file, cel_tail, CALL_ENDED),
    )

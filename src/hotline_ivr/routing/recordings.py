"""Recordings of conversations as values: what is known of each, what is astray, what is told. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from hotline_ivr.routing.alerts import Alert, AlertState

RECORDING = "recording"

EMPTY = "empty"
"""Stands for who removed a part in which nothing was said."""

BYTES_A_MS = 32
"""Two sides, 16 bits, 8 kHz."""


class PartId(NamedTuple):
    """A part of a call, counted from 1; names its files."""

    call_id: str
    part: int

    @property
    def name(self) -> str:
        return f"{self.call_id}.{self.part}"


class TapeState(StrEnum):
    """What a recording that is under way does; the dialplan's words."""

    ON = "on"
    PAUSED = "paused"
    # There is too little space on the disk.
    FULL = "full"
    # What there was of the call has been deleted; nothing more is recorded until somebody resumes.
    STOPPED = "stopped"
    # Talks with a colleague who may hand a caller over; nothing of that is recorded.
    ASKED = "asked"
    # The operator's channel has ended.
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Tape:
    """The recording on an operator's channel, as the dialplan tells. `due` (aware, UTC) ends a pause."""

    call_id: str
    file: str
    state: TapeState
    channel: str
    due: datetime
    changed: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A small file of a call beside its plain parts. `changed` is aware (UTC)."""

    call_id: str
    file: str
    changed: datetime


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file as it is kept. `ended_at` is aware (UTC)."""

    id: PartId
    size: int
    length_ms: int
    encrypted: bool
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class PlainPart:
    """A part as Asterisk wrote it; `closed` unless Asterisk is writing it, or died over it."""

    id: PartId
    path: Path
    size: int
    changed: datetime
    closed: bool


@dataclass(frozen=True, slots=True)
class Sealed:
    """A part that was just kept; `sha256` is of its file. A part in which nothing was said has no file."""

    file: KeptFile
    sha256: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A part and its call. Moments are aware (UTC); what follows `removed_by` is the call's."""

    node: str
    call_id: str
    part: int
    recorded_at: datetime
    length_ms: int
    size: int
    sha256: str
    encrypted: bool
    removed_at: datetime | None = None
    removed_by: str = ""
    line: str = ""
    queue: str = ""
    operator: str = ""
    caller: str = ""

    @property
    def id(self) -> PartId:
        return PartId(self.call_id, self.part)


class Counted(NamedTuple):
    """How many parts a call began to record, and of which of them there is a row, removed or not."""

    call_id: str
    recorded: int
    parts: frozenset[int]


@dataclass(frozen=True, slots=True)
class Found:
    """What does not belong together: by id of a part, or name of a file."""

    #: Files of which no call is known.
    without_call: tuple[str, ...] = ()
    #: Parts that were begun and of which there is nothing.
    without_file: tuple[str, ...] = ()
    #: Parts whose file is gone though nobody deleted it here.
    gone: tuple[str, ...] = ()
    #: Parts whose file is not the one that was kept.
    changed: tuple[str, ...] = ()
    #: Files that are not encrypted yet, their conversation long over.
    plain: tuple[str, ...] = ()
    #: Files whose row says that they were deleted.
    undeleted: tuple[str, ...] = ()
    #: What lies in the folders and is no recording.
    foreign: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return sum(
            map(
                len,
                (
                    self.without_call,
                    self.without_file,
                    self.gone,
                    self.changed,
                    self.plain,
                    self.undeleted,
                    self.foreign,
                ),
            )
        )


def lost_parts(counted: Iterable[Counted], there: Collection[PartId]) -> tuple[PartId, ...]:
    """Parts that were begun, and of which there is neither a row nor a file; `there` is what has a file."""
    found: list[PartId] = []
    for call_id, recorded, parts in counted:
        files = {each.part for each in there if each.call_id == call_id}
        missing = [part for part in range(1, recorded + 1) if part not in parts | files]
        found += [PartId(call_id, part) for part in missing[: max(0, recorded - len(parts | files))]]
    return tuple(found)


def strays(
    files: Iterable[KeptFile],
    known: Collection[Recording],
    calls: Collection[str],
    before: datetime,
) -> Found:
    """What does not belong together, by names and sizes; what is younger than `before` may yet come together.

    `known`: parts that should have a file; `calls`: those of the files that the record knows.
    """
    there = {each.id: each for each in files}
    sizes = {each.id: each.size for each in known}
    return Found(
        tuple(
            part.name for part, each in there.items() if part.call_id not in calls and each.ended_at < before
        ),
        gone=tuple(part.name for part in sizes if part not in there),
        changed=tuple(
            part.name for part, size in sizes.items() if part in there and there[part].size != size
        ),
    )


def full_alert(node: str, free_mb: int, floor_mb: int, stopped: int, now: datetime) -> Alert:
    """Nothing more is recorded, because the disk is nearly full."""
    told = (
        f"Node {node}: {free_mb} MB are free, less than {floor_mb} MB. {stopped} recordings were stopped,"
        " and new conversations are not recorded. Calls go on. Make room: recording begins again by itself."
    )
    details = {"node": node, "free_mb": str(free_mb), "floor_mb": str(floor_mb), "stopped": str(stopped)}
    ident, title = (
        f"{RECORDING}-{node}-full-{int(now.timestamp())}",
        "Too little space: nothing more is recorded",
    )
    return Alert(ident, RECORDING, AlertState.TOLD, node, now, title, told, details)


def unsealed_alert(node: str, parts: int, why: str, now: datetime) -> Alert:
    """Recordings lie about as they are, because they cannot be encrypted."""
    told = f"Node {node}: {parts} recordings cannot be encrypted, and lie on the disk as they are: {why}."
    ident, title = f"{RECORDING}-{node}-plain-{int(now.timestamp())}", "Recordings cannot be encrypted"
    return Alert(ident, RECORDING, AlertState.TOLD, node, now, title, told, {"node": node, "why": why})

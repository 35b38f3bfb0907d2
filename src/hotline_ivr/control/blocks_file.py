"""Callers whom people have blocked by hand, in a file of the state folder, as overrides are kept.

What has ended stays for a while, so that `hotline blocks --all` can tell what was; the trail keeps all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hotline_ivr.config.guard import TurnAway
from hotline_ivr.errors import BlockError, BlocksFileError
from hotline_ivr.files import locked
from hotline_ivr.files import replace as replace_file
from hotline_ivr.routing.blocks import Block

SCHEMA = "hotline/blocks/1"

KEEP = timedelta(days=90)
"""So long a block that has ended is still listed."""

LIMIT = 1_000
"""Blocks in the file; what goes on for good belongs into the YAML."""


@dataclass(frozen=True, slots=True)
class KeptBlock:
    """A block, and who ended it before its time (aware, UTC), if somebody did."""

    block: Block
    ended_at: datetime | None = None
    ended_by: str = ""

    def is_over_at(self, moment: datetime) -> bool:
        until = self.block.until
        return self.ended_at is not None or (until is not None and until <= moment)


class BlocksFile:
    """The one door to the file. Methods raise BlocksFileError if it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> tuple[KeptBlock, ...]:
        """Everything in the file, oldest first."""
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            if data["schema"] != SCHEMA:
                raise BlocksFileError(f"{self.path}: is of another version ({data['schema']})")
            return tuple(_kept(item) for item in data["blocks"])
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise BlocksFileError(f"{self.path}: cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError) as error:
            raise BlocksFileError(
                f"{self.path}: is no list of blocked callers ({error}). Delete it and block them again."
            ) from None

    def standing(self, now: datetime) -> tuple[Block, ...]:
        """What holds now; what has ended is left out."""
        return tuple(kept.block for kept in self.all() if not kept.is_over_at(now))

    def add(self, block: Block, now: datetime) -> None:
        """Keep a new block. One of the same callers that holds already is ended by it."""

        def change(kept: KeptBlock) -> KeptBlock:
            same = kept.block.callers == block.callers and not kept.is_over_at(now)
            return replace(kept, ended_at=now, ended_by=block.by) if same else kept

        self._rewrite(now, change, (KeptBlock(block),))

    def end(self, wanted: Callable[[Block], bool], by: str, now: datetime) -> tuple[Block, ...]:
        """End what `wanted` says, and return it."""
        ended: list[Block] = []

        def change(kept: KeptBlock) -> KeptBlock:
            if kept.is_over_at(now) or not wanted(kept.block):
                return kept
            ended.append(kept.block)
            return replace(kept, ended_at=now, ended_by=by)

        self._rewrite(now, change)
        return tuple(ended)

    def forget(self, callers: Callable[[str], bool]) -> None:
        """Take out what has ended of these callers: nobody lists it any more."""
        now = datetime.now(UTC)
        if not any(each.is_over_at(now) and callers(each.block.callers) for each in self.all()):
            return
        self._rewrite(
            now, lambda kept: kept, forget=lambda each: each.is_over_at(now) and callers(each.block.callers)
        )

    def _rewrite(
        self,
        now: datetime,
        change: Callable[[KeptBlock], KeptBlock],
        new: Iterable[KeptBlock] = (),
        forget: Callable[[KeptBlock], bool] = lambda _: False,
    ) -> None:
        try:
            with locked(self.path.with_name(f".{self.path.name}.lock")):
                stays = [each for each in self.all() if not _forgotten(each, now) and not forget(each)]
                kept = [change(each) for each in stays] + list(new)
                if len(kept) > LIMIT:
                    raise BlockError(
                        f"there are {LIMIT} blocks already: end some, or write them into guard.block"
                    )
                data = {"schema": SCHEMA, "blocks": [_as_json(each) for each in kept]}
                replace_file(self.path, json.dumps(data, indent=1) + "\n")
        except OSError as error:
            raise BlocksFileError(f"{self.path}: cannot be written ({error.strerror})") from None


def _forgotten(kept: KeptBlock, now: datetime) -> bool:
    ends = [moment for moment in (kept.ended_at, kept.block.until) if moment is not None]
    return kept.is_over_at(now) and min(ends) < now - KEEP


def _as_json(kept: KeptBlock) -> dict[str, Any]:
    block = kept.block
    return {
        "id": block.id,
        "callers": block.callers,
        "since": block.since.isoformat(),
        "until": block.until.isoformat() if block.until else None,
        "by": block.by,
        "reason": block.reason,
        "message": block.away.message if block.away else None,
        "refuse": block.away.refuse if block.away else None,
        "ended_at": kept.ended_at.isoformat() if kept.ended_at else None,
        "ended_by": kept.ended_by,
    }


def _kept(item: dict[str, Any]) -> KeptBlock:
    given = {name: item[name] for name in ("message", "refuse") if item[name] is not None}
    block = Block(
        id=str(item["id"]),
        callers=str(item["callers"]),
        since=_moment(item["since"]),
        until=_moment(item["until"]) if item["until"] else None,
        by=str(item["by"]),
        reason=str(item["reason"]),
        away=TurnAway.model_validate(given) if given else None,
    )
    ended_at = _moment(item["ended_at"]) if item["ended_at"] else None
    return KeptBlock(block, ended_at, str(item["ended_by"]))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

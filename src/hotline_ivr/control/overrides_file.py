"""The overrides of a node, in a file of its state folder.

A file, so that an override holds while the database is away, while the service is dead (whoever sets it also
rewrites the files by which Asterisk goes on alone), and after a restart. Ended overrides stay for a while, so
that `hotline overrides --all` can tell what was; the audit trail keeps them for good.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hotline_ivr.errors import OverrideError, OverridesFileError
from hotline_ivr.files import locked
from hotline_ivr.files import replace as replace_file
from hotline_ivr.routing.overrides import Override, OverrideKind, same_sort

SCHEMA = "hotline/overrides/1"

KEEP = timedelta(days=90)
"""So long an override that has ended is still listed."""

LIMIT = 1_000
"""Overrides in the file; somebody who sets more has a loop in a script."""


@dataclass(frozen=True, slots=True)
class KeptOverride:
    """An override, and who ended it before its time (aware, UTC), if somebody did."""

    override: Override
    cleared_at: datetime | None = None
    cleared_by: str = ""

    def holds_at(self, moment: datetime) -> bool:
        return self.cleared_at is None and self.override.holds_at(moment)

    def is_over_at(self, moment: datetime) -> bool:
        until = self.override.until
        return self.cleared_at is not None or (until is not None and until <= moment)


class OverridesFile:
    """The one door to the file. Methods raise OverridesFileError if it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> tuple[KeptOverride, ...]:
        """Everything in the file, oldest first."""
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            if data["schema"] != SCHEMA:
                raise OverridesFileError(f"{self.path}: is of another version ({data['schema']})")
            return tuple(_kept(item) for item in data["overrides"])
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise OverridesFileError(f"{self.path}: cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError) as error:
            raise OverridesFileError(
                f"{self.path}: is no list of overrides ({error}). Delete it and set them again."
            ) from None

    def standing(self, now: datetime) -> tuple[Override, ...]:
        """What holds now or will later; what has ended is left out."""
        return tuple(kept.override for kept in self.all() if not kept.is_over_at(now))

    def add(self, override: Override, now: datetime) -> None:
        """Keep a new override. One of the same kind and line that holds already is ended by it."""

        def change(kept: KeptOverride) -> KeptOverride:
            same = kept.override.line == override.line and same_sort(kept.override.kind, override.kind)
            return _cleared(kept, override.by, now) if same and not kept.is_over_at(now) else kept

        self._rewrite(now, change, (KeptOverride(override),))

    def clear(self, wanted: Callable[[Override], bool], by: str, now: datetime) -> tuple[Override, ...]:
        """End what `wanted` says, and return it."""
        ended: list[Override] = []

        def change(kept: KeptOverride) -> KeptOverride:
            if kept.is_over_at(now) or not wanted(kept.override):
                return kept
            ended.append(kept.override)
            return _cleared(kept, by, now)

        self._rewrite(now, change)
        return tuple(ended)

    def _rewrite(
        self,
        now: datetime,
        change: Callable[[KeptOverride], KeptOverride],
        new: Iterable[KeptOverride] = (),
    ) -> None:
        try:
            with locked(self.path.with_name(f".{self.path.name}.lock")):
                kept = [change(each) for each in self.all() if not _forgotten(each, now)] + list(new)
                if len(kept) > LIMIT:
                    raise OverrideError(f"there are {LIMIT} overrides already: clear some first")
                data = {"schema": SCHEMA, "overrides": [_as_json(each) for each in kept]}
                replace_file(self.path, json.dumps(data, indent=1) + "\n")
        except OSError as error:
            raise OverridesFileError(f"{self.path}: cannot be written ({error.strerror})") from None


def new_id() -> str:
    """Six characters that are easy to say and to type."""
    return "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(6))


def _cleared(kept: KeptOverride, by: str, now: datetime) -> KeptOverride:
    return replace(kept, cleared_at=now, cleared_by=by)


def _forgotten(kept: KeptOverride, now: datetime) -> bool:
    ended = [moment for moment in (kept.cleared_at, kept.override.until) if moment is not None]
    return kept.is_over_at(now) and min(ended) < now - KEEP


def _as_json(kept: KeptOverride) -> dict[str, Any]:
    each = kept.override
    return {
        "id": each.id,
        "line": each.line,
        "kind": each.kind.value,
        "since": each.since.isoformat(),
        "until": each.until.isoformat() if each.until else None,
        "by": each.by,
        "prompt": each.prompt,
        "must_press_to_go_on": each.must_press_to_go_on,
        "cleared_at": kept.cleared_at.isoformat() if kept.cleared_at else None,
        "cleared_by": kept.cleared_by,
    }


def _kept(item: dict[str, Any]) -> KeptOverride:
    override = Override(
        id=str(item["id"]),
        line=str(item["line"]),
        kind=OverrideKind(item["kind"]),
        since=_moment(item["since"]),
        until=_moment(item["until"]) if item["until"] else None,
        by=str(item["by"]),
        prompt=item["prompt"],
        must_press_to_go_on=bool(item["must_press_to_go_on"]),
    )
    cleared_at = _moment(item["cleared_at"]) if item["cleared_at"] else None
    return KeptOverride(override, cleared_at, str(item["cleared_by"]))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

"""Alerts on their way, in a folder of the state folder: one JSON file an alert, until everybody is told.

A file appears and changes as a whole, also at a power cut. An alert that is done moves to `past/`, where the
newest are kept, to be looked at and so that an id that comes again is known. What is told once is told again
only if the process is killed between the other side's answer and the next write.

On a full disk an alert is kept in memory alone: that the disk is full is what has to be told.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import re
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from hotline_ivr.errors import AlertError
from hotline_ivr.files import replace as replace_file
from hotline_ivr.routing.alerts import Alert, AlertState, Channel, Delivery, QueuedAlert, Result

log = structlog.get_logger()

SCHEMA = "hotline/alert-queued/1"

MOST_QUEUED = 1_000
"""Alerts on their way at once. With more, something else is wrong, and the disk is not to be filled by it."""

MOST_PAST = 500
"""Alerts that are done and still known."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}", re.ASCII)


class AlertSpool:
    """The one door to the folder. May be used by several threads; only one process has it."""

    def __init__(self, folder: Path) -> None:
        self._queue, self._past = folder / "queue", folder / "past"
        self._lock = threading.Lock()
        self._open: dict[str, QueuedAlert] | None = None

    def queued(self) -> tuple[QueuedAlert, ...]:
        """Alerts that somebody has yet to be told of, oldest first."""
        with self._lock:
            return tuple(sorted(self._loaded().values(), key=lambda each: (each.alert.at, each.alert.id)))

    def past(self, limit: int) -> tuple[QueuedAlert, ...]:
        """The newest alerts that are done, newest first."""
        with self._lock:
            found = [each for each in map(_read, self._past.glob("*.json")) if each is not None]
        return tuple(sorted(found, key=lambda each: each.alert.at, reverse=True)[:limit])

    def add(self, queued: QueuedAlert) -> bool:
        """Keep an alert; it is on the disk when this returns, unless that is full. False: its id is known.

        Raises AlertError if there are too many, or it cannot be written for another reason.
        """
        with self._lock:
            found = self._loaded()
            name = _name(queued.alert.id)
            if queued.alert.id in found or (self._past / name).exists():
                return False
            if len(found) >= MOST_QUEUED:
                raise AlertError(f"{MOST_QUEUED} alerts wait already to be sent: see `hotline alerts list`")
            self._write(queued)
            found[queued.alert.id] = queued
            if not queued.open:
                self._finish(queued)
            return True

    def update(self, alert_id: str, changed: Delivery) -> None:
        """Note how a delivery stands now. Raises AlertError if it cannot be written."""
        with self._lock:
            found = self._loaded()
            before = found.get(alert_id)
            if before is None:
                return
            after = before.with_delivery(changed)
            # In memory first: what has arrived is not sent again by this process, whatever the disk does.
            found[alert_id] = after
            self._write(after)
            if not after.open:
                self._finish(after)

    def _loaded(self) -> dict[str, QueuedAlert]:
        if self._open is None:
            found = [each for each in map(_read, self._queue.glob("*.json")) if each is not None]
            self._open = {each.alert.id: each for each in found}
            for each in found:
                if not each.open:
                    self._finish(each)
        return self._open

    def _write(self, queued: QueuedAlert) -> None:
        try:
            self._queue.mkdir(parents=True, exist_ok=True)
            text = json.dumps(_as_json(queued), ensure_ascii=True, indent=1) + "\n"
            replace_file(self._queue / _name(queued.alert.id), text, mode=0o600)
        except OSError as error:
            if error.errno in _FULL:
                log.warning("the disk is full: an alert is kept in memory alone", alert=queued.alert.id)
                return
            raise AlertError(f"{self._queue}: cannot be written ({error.strerror})") from None

    def _finish(self, queued: QueuedAlert) -> None:
        """Move an alert to those that are done, and forget the oldest of them."""
        if self._open is not None:
            self._open.pop(queued.alert.id, None)
        name = _name(queued.alert.id)
        try:
            self._past.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # one that was kept in memory alone
                (self._queue / name).replace(self._past / name)
            for old in _oldest(self._past.glob("*.json"), MOST_PAST):
                old.unlink(missing_ok=True)
        except OSError as error:
            if error.errno in _FULL:
                return
            raise AlertError(f"{self._past}: cannot be written ({error.strerror})") from None


def _oldest(files: Iterable[Path], keep: int) -> list[Path]:
    by_age = sorted(files, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return by_age[keep:]


def _name(alert_id: str) -> str:
    """The id where it can be the name of a file; else its hash."""
    safe = alert_id if _SAFE.fullmatch(alert_id) else hashlib.sha256(alert_id.encode()).hexdigest()
    return f"{safe}.json"


def _read(path: Path) -> QueuedAlert | None:
    """None for what a person has put there, or an earlier program wrote."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            return None
        return QueuedAlert(_alert(data), tuple(_delivery(item) for item in data["deliveries"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _as_json(queued: QueuedAlert) -> dict[str, Any]:
    alert = queued.alert
    return {
        "schema": SCHEMA,
        "id": alert.id,
        "kind": alert.kind,
        "state": alert.state.value,
        "about": alert.about,
        "at": alert.at.isoformat(),
        "title": alert.title,
        "text": alert.text,
        "details": dict(alert.details),
        "recording": alert.recording,
        "deliveries": [
            {
                "channel": each.channel.value,
                "target": each.target,
                "next_at": each.next_at.isoformat(),
                "result": each.result.value,
                "tries": each.tries,
                "reason": each.reason,
                "at": each.at.isoformat() if each.at else None,
            }
            for each in queued.deliveries
        ],
    }


def _alert(data: dict[str, Any]) -> Alert:
    return Alert(
        id=str(data["id"]),
        kind=str(data["kind"]),
        state=AlertState(data["state"]),
        about=str(data["about"]),
        at=_moment(data["at"]),
        title=str(data["title"]),
        text=str(data["text"]),
        details={str(key): str(value) for key, value in data["details"].items()},
        recording=str(data["recording"]),
    )


def _delivery(item: dict[str, Any]) -> Delivery:
    return Delivery(
        channel=Channel(item["channel"]),
        target=str(item["target"]),
        next_at=_moment(item["next_at"]),
        result=Result(item["result"]),
        tries=int(item["tries"]),
        reason=str(item["reason"]),
        at=_moment(item["at"]) if item["at"] else None,
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def forget_past(folder: Path, before: datetime, *, dry_run: bool = False) -> int:
    """Delete alerts of before this aware moment that are done; how many. Raises OSError."""
    count = 0
    for path in (folder / "past").glob("*.json"):
        found = _read(path)
        if found is None or found.alert.at < before:
            count += 1
            if not dry_run:
                path.unlink(missing_ok=True)
    return count

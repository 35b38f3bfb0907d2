"""What is kept of the shifts that run, in a file of a node's state folder."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hotline_ivr.errors import PresenceFileError
from hotline_ivr.files import replace
from hotline_ivr.routing.shift_notes import BreakAsked, DutyNote, ShiftNotes

SCHEMA = "hotline/breaks/1"


class BreaksFile:
    """The one door to the file. Methods raise PresenceFileError if it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> ShiftNotes:
        """What stands in the file; nothing where there is none."""
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            if data["schema"] != SCHEMA:
                raise PresenceFileError(f"{self.path}: is of another version ({data['schema']})")
            return ShiftNotes(
                {name: _duty(item) for name, item in data["duties"].items()},
                {name: _asked(item) for name, item in data["asked"].items()},
            )
        except FileNotFoundError:
            return ShiftNotes()
        except OSError as error:
            raise PresenceFileError(f"{self.path}: cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PresenceFileError(
                f"{self.path}: does not tell of breaks ({error}). Delete it; who had a break today may then "
                "get it again."
            ) from None

    def save(self, notes: ShiftNotes) -> None:
        """Put this in place of what stands there."""
        data = {
            "schema": SCHEMA,
            "duties": {name: _duty_json(each) for name, each in notes.duties.items()},
            "asked": {
                name: {"kind": each.kind, "at": each.at.isoformat(), "by": each.by}
                for name, each in notes.asked.items()
            },
        }
        try:
            replace(self.path, json.dumps(data, indent=1) + "\n")
        except OSError as error:
            raise PresenceFileError(f"{self.path}: cannot be written ({error.strerror})") from None


def _duty_json(note: DutyNote) -> dict[str, Any]:
    return {
        "start": note.start.isoformat(),
        "had": sorted(note.had),
        "over": note.over,
        "granted": note.granted,
        "counted": note.counted.isoformat() if note.counted else None,
    }


def _duty(item: dict[str, Any]) -> DutyNote:
    return DutyNote(
        _moment(item["start"]),
        frozenset(str(each) for each in item["had"]),
        bool(item["over"]),
        bool(item["granted"]),
        _moment(item["counted"]) if item["counted"] else None,
    )


def _asked(item: dict[str, Any]) -> BreakAsked:
    return BreakAsked(str(item["kind"]), _moment(item["at"]), str(item["by"]))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

"""Where the operators of a node stand, in a file of its state folder, with what the database still lacks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hotline_ivr.errors import PresenceFileError
from hotline_ivr.files import replace
from hotline_ivr.routing.presence import Asked, Period, Presence, Standing
from hotline_ivr.routing.presence_kept import KeptPresences

SCHEMA = "hotline/operators/1"


class PresenceFile:
    """The one door to the file. Methods raise PresenceFileError if it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> KeptPresences:
        """What stands in the file; nothing where there is none."""
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            if data["schema"] != SCHEMA:
                raise PresenceFileError(f"{self.path}: is of another version ({data['schema']})")
            return KeptPresences(
                {name: _presence(item) for name, item in data["operators"].items()},
                tuple(_period(item) for item in data["unwritten"]),
            )
        except FileNotFoundError:
            return KeptPresences({})
        except OSError as error:
            raise PresenceFileError(f"{self.path}: cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PresenceFileError(
                f"{self.path}: does not tell where operators stand ({error}). Delete it; operators then "
                "stand as Asterisk has them."
            ) from None

    def save(self, kept: KeptPresences) -> None:
        """Put this in place of what stands there."""
        data = {
            "schema": SCHEMA,
            "operators": {name: _presence_json(each) for name, each in kept.presences.items()},
            "unwritten": [_period_json(each) for each in kept.unwritten],
        }
        try:
            replace(self.path, json.dumps(data, indent=1) + "\n")
        except OSError as error:
            raise PresenceFileError(f"{self.path}: cannot be written ({error.strerror})") from None


def _presence_json(each: Presence) -> dict[str, Any]:
    asked = each.asked
    return {
        "standing": each.standing.value,
        "since": each.since.isoformat(),
        "by": each.by,
        "reason": each.reason,
        "until": _text(each.until),
        "returns": each.returns,
        "asked": None if asked is None else _asked_json(asked),
        "unanswered": each.unanswered,
    }


def _presence(item: dict[str, Any]) -> Presence:
    asked = item["asked"]
    return Presence(
        Standing(item["standing"]),
        _moment(item["since"]),
        str(item["by"]),
        str(item["reason"]),
        _moment(item["until"]) if item["until"] else None,
        bool(item["returns"]),
        None if asked is None else _asked(*asked),
        int(item["unanswered"]),
    )


def _asked_json(asked: Asked) -> list[str | float | None]:
    length = None if asked.length is None else asked.length.total_seconds()
    return [asked.standing.value, asked.by, asked.reason, length]


def _asked(standing: str, by: str, reason: str, length: float | None = None) -> Asked:
    """A file of an earlier version has no length."""
    return Asked(
        Standing(standing), str(by), str(reason), None if length is None else timedelta(seconds=length)
    )


def _period_json(each: Period) -> list[str | None]:
    line = [
        each.operator,
        each.standing.value,
        each.reason,
        each.began_at.isoformat(),
        _text(each.ended_at),
        each.began_by,
        each.ended_by,
    ]
    # Hardly a line has it, and an earlier version of the service could not read it.
    return line if each.known_as is None else [*line, _text(each.known_as)]


def _period(item: list[Any]) -> Period:
    operator, standing, reason, began, ended, began_by, ended_by, *known_as = item
    return Period(
        str(operator),
        Standing(standing),
        str(reason),
        _moment(began),
        _moment(ended) if ended else None,
        str(began_by),
        str(ended_by),
        _moment(*known_as) if known_as else None,
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

"""What is wrong and who has been told, in a file of a node's state folder: a restart tells nobody twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from hotline_ivr.errors import AlertError
from hotline_ivr.files import replace
from hotline_ivr.routing.alarms import Alarm, AlarmKey, Alarms

SCHEMA = "hotline/alarms/1"


class AlarmsFile:
    """The one door to the file. Methods raise AlertError if it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Alarms:
        """What stands in the file; nothing where there is none."""
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            if data["schema"] != SCHEMA:
                raise AlertError(f"{self.path}: is of another version ({data['schema']})")
            return {
                AlarmKey(str(item["kind"]), str(item["about"])): Alarm(
                    _moment(item["since"]), _moment(item["raised"]) if item["raised"] else None
                )
                for item in data["alarms"]
            }
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise AlertError(f"{self.path}: cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError) as error:
            raise AlertError(
                f"{self.path}: does not tell of alarms ({error}). Delete it; what is wrong now is told again."
            ) from None

    def save(self, alarms: Alarms) -> None:
        """Put these in place of what stands there."""
        items = [
            {
                "kind": key.kind,
                "about": key.about,
                "since": alarm.since.isoformat(),
                "raised": alarm.raised.isoformat() if alarm.raised else None,
            }
            for key, alarm in alarms.items()
        ]
        try:
            replace(self.path, json.dumps({"schema": SCHEMA, "alarms": items}, indent=1) + "\n")
        except OSError as error:
            raise AlertError(f"{self.path}: cannot be written ({error.strerror})") from None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

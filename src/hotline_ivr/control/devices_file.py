"""At which of their devices operators have signed in, in a file of a node's state folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from hotline_ivr.errors import PresenceFileError
from hotline_ivr.files import replace

SCHEMA = "hotline/devices/1"


class DevicesFile:
    """The one door to the file. Methods raise PresenceFileError if it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Mapping[str, str]:
        """The phone (`anna.desk`) by operator; nothing where there is no file."""
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            if data["schema"] != SCHEMA:
                raise PresenceFileError(f"{self.path}: is of another version ({data['schema']})")
            return {str(operator): str(phone) for operator, phone in data["chosen"].items()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise PresenceFileError(f"{self.path}: cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PresenceFileError(
                f"{self.path}: does not tell of devices ({error}). Delete it; operators are then rung at the "
                "first of their devices that is there."
            ) from None

    def save(self, chosen: Mapping[str, str]) -> None:
        """Put this in place of what stands there."""
        try:
            replace(self.path, json.dumps({"schema": SCHEMA, "chosen": dict(chosen)}, indent=1) + "\n")
        except OSError as error:
            raise PresenceFileError(f"{self.path}: cannot be written ({error.strerror})") from None

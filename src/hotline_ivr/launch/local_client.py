"""Asking the running service at its local door, for the command line.

By the standard library: the command is to be there at once, and an HTTP client library takes a while to load.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from typing_extensions import override

from hotline_ivr.errors import ArgumentError, AsteriskUnreachable, HotlineError
from hotline_ivr.settings import Settings
from hotline_ivr.sockets import socket_address

DEADLINE = 15.0
"""Seconds without a byte after which the service counts as hung: its own deadline for a request is 10."""

_PREFIX = "/api/v1"
_MOST_BYTES = 50_000_000
_PIECE = 256 * 1024


class LocalClient:
    """The service of one state folder."""

    def __init__(self, settings: Settings, *, deadline: float = DEADLINE) -> None:
        self._settings = settings
        self._deadline = deadline

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """What the service answers to a question; see `ask`."""
        return self._ask("GET", path + (f"?{urlencode(query)}" if query else ""), None)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Have the service do something; see `ask`."""
        return self._ask("POST", path, body)

    def patch(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Have the service change something; see `ask`."""
        return self._ask("PATCH", path, body)

    def delete(self, path: str) -> dict[str, Any]:
        """Have the service end something; see `ask`."""
        return self._ask("DELETE", path, None)

    def fetch(self, path: str) -> bytes:
        """A file that the service has; see `ask`."""
        return self._exchange("GET", path, None)

    def download(self, path: str, target: Path) -> None:
        """A file that the service has, piece by piece into a new file; see `_exchange`.

        Raises ArgumentError too where that cannot be made. What is not whole is not left there.
        """
        door = _Door(self._settings.door_file, self._deadline)
        try:
            file = target.open("xb")
        except OSError as error:
            raise ArgumentError(f"{target}: cannot be made ({error.strerror})") from None
        whole = False
        try:
            with file, self._told(), closing(door):
                door.request("GET", _PREFIX + path)
                response = door.getresponse()
                if response.status < 400:
                    while piece := response.read(_PIECE):
                        file.write(piece)
                    whole = not response.length
                refused = json.loads(response.read(_MOST_BYTES)) if response.status >= 400 else None
        finally:
            if not whole:
                target.unlink(missing_ok=True)
        if refused is not None:
            raise _refusal(response.status, refused)
        if not whole:
            raise AsteriskUnreachable("the service broke off in the middle of the file")

    def _ask(self, method: str, target: str, body: Mapping[str, object] | None) -> dict[str, Any]:
        """The answer's JSON; see `_exchange`."""
        try:
            return dict(json.loads(self._exchange(method, target, body)))
        except ValueError as error:
            raise AsteriskUnreachable(f"the service did not answer as it should ({error!r})") from None

    def _exchange(self, method: str, target: str, body: Mapping[str, object] | None) -> bytes:
        """The answer.

        Raises ArgumentError for what the service refuses, AsteriskUnreachable where it does not run or hangs.
        """
        door = _Door(self._settings.door_file, self._deadline)
        headers = {} if body is None else {"Content-Type": "application/json"}
        with self._told(), closing(door):
            door.request(method, _PREFIX + target, None if body is None else json.dumps(body), headers)
            response = door.getresponse()
            answer = response.read(_MOST_BYTES)
            refused = json.loads(answer) if response.status >= 400 else None
        if response.status < 400:
            return answer
        raise _refusal(response.status, refused)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong between the service and us, in words with a remedy."""
        try:
            yield
        except TimeoutError:
            raise AsteriskUnreachable(
                f"the service has not answered within {self._deadline:g} s; its log tells more"
            ) from None
        except (FileNotFoundError, ConnectionRefusedError):
            raise AsteriskUnreachable(
                f"no service runs in {self._settings.state_dir}: start it with `hotline up`, or name its "
                "folder by HOTLINE_STATE"
            ) from None
        except PermissionError:
            raise AsteriskUnreachable(
                f"{self._settings.door_file}: may only be opened by the user who runs the service: use "
                "`sudo -u USER hotline ...`, or a token over REST"
            ) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise AsteriskUnreachable(f"the service did not answer as it should ({error!r})") from None


class _Door(http.client.HTTPConnection):
    def __init__(self, path: Path, deadline: float) -> None:
        super().__init__("localhost", timeout=deadline)
        self._path = path

    @override
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with socket_address(self._path) as address:
            self.sock.connect(address)


def _refusal(status: int, answer: Any) -> HotlineError:
    detail = answer.get("detail", "") if isinstance(answer, dict) else ""
    errors = answer.get("errors", ()) if isinstance(answer, dict) else ()
    text = "; ".join(str(each["message"]) for each in errors) or str(detail) or f"status {status}"
    if status < 500:
        return ArgumentError(text)
    return HotlineError(f"the service could not do it: {text}")

"""A wire between a service and Asterisk's manager interface that writes down what the service asks for."""

from __future__ import annotations

import re
from collections.abc import Callable

from typing_extensions import override

from hotline_ivr.testing.cut_wire import CutWire

_ACTION = re.compile(rb"^action:[ \t]*([^\r\n]*)\r?$", re.IGNORECASE | re.MULTILINE)

LOOKS = frozenset(
    {
        "CoreShowChannels", "CoreStatus", "DeviceStateList", "Events", "Filter", "Getvar", "Login", "Logoff",
        "Ping", "PJSIPShowContacts", "PJSIPShowEndpoints", "QueueStatus", "Status",
    }
)  # fmt: skip
"""Actions that change nothing."""


class ManagerWire(CutWire):
    """Use as an async context manager."""

    def __init__(self, host: str, port: int, to_host: str) -> None:
        super().__init__(host, port, to_host)
        self.actions: list[str] = []
        """Every action that was sent, in order."""

    def deeds(self) -> list[str]:
        """Actions that change something."""
        return [action for action in self.actions if action not in LOOKS]

    @override
    def listener(self) -> Callable[[bytes], None]:
        """Writes down the actions of one connection."""
        rest = b""

        def note(piece: bytes) -> None:
            nonlocal rest
            whole, _, rest = (rest + piece).rpartition(b"\n")
            self.actions += [name.decode() for name in _ACTION.findall(whole + b"\n")]

        return note

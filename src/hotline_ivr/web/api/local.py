"""Who asks at the local door: the user of this machine whose process is at the other end of the socket.

The kernel says who it is (SO_PEERCRED, unix(7)), so no token is needed. The socket can be opened by its owner
and by root alone, and both could read and write everything in the state folder anyway.
"""

from __future__ import annotations

import asyncio
import pwd
import socket
import struct

from hotline_ivr.control.tokens import Role
from hotline_ivr.web.api.problems import ApiError, Kind
from hotline_ivr.web.api.route import Who

# struct ucred: process, user and group, each a C int.
_CREDENTIALS = struct.Struct("3i")


class LocalGate:
    """Lets in whoever the kernel knows."""

    def admit(self, transport: asyncio.BaseTransport | None) -> Who:
        """Who is at the other end. Raises ApiError if that is nobody of this machine."""
        peer = None if transport is None else transport.get_extra_info("socket")
        if peer is None or peer.family != socket.AF_UNIX:
            raise ApiError(Kind.NOT_AUTHENTICATED, "This door is for users of this machine.")
        found = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, user, _ = _CREDENTIALS.unpack(found)
        return Who(user_name(user), Role.ADMIN, via="command")


def user_name(user: int) -> str:
    """The user's name; in a container there may be none."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"uid {user}"

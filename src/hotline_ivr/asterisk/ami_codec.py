"""Asterisk's manager interface as bytes and values, without I/O: framing, strict reading, checked writing.

Every rule about manager bytes lives in this file. A message is lines `Name: value`, each ended by CR LF,
and an empty line. Asterisk writes some values raw, so text from outside could look like headers or whole
messages. The first defence is elsewhere: the account is sent only events whose values we control, and the
dialplan filters before anything else. The second is here: a message that is not exactly as Asterisk writes
it is not taken. It must begin with its kind, hold no header twice, have `Privilege` in its place, and have
each channel snapshot whole and in order, as manager_channels.c writes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from hotline_ivr.errors import LocalProtocolError, RemoteProtocolError

# Bytes of one line, its end included, that Asterisk reads (manager.c: inbuf[1025]); a longer one it drops.
MAX_LINE: Final = 1_024
# Headers of one action (manager.h: AST_MAX_MANHEADERS); one more is kept for the ActionID that the link adds.
MAX_HEADERS: Final = 127
# Bytes of one message from Asterisk; the longest that we ask for, an AgentComplete, is about 1 KiB.
MAX_MESSAGE: Final = 65_536
# Bytes before the first end of line; the greeting is "Asterisk Call Manager/11.0.0".
MAX_BANNER: Final = 128

_BANNER: Final = b"Asterisk Call Manager/"
_ACTION_NAME = re.compile(r"[A-Za-z]{1,40}\Z")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}\Z")
_UNSENDABLE = re.compile(r"[\r\n\0]")
# The form of a whole message: headers only, no control character that could hide another line.
_MESSAGE = re.compile(
    rb"[A-Za-z][\w()-]*:(?: [^\r\n\0]*)?(?:\r\n[A-Za-z][\w()-]*:(?: [^\r\n\0]*)?)*\Z", re.ASCII
)

# Headers that Asterisk itself may write more than once (manager.conf `channelvars`).
_REPEATED: Final = frozenset({"chanvariable", "destchanvariable"})

# One channel in an event, as ast_manager_build_channel_state_string_prefix writes it.
_SNAPSHOT: Final = (
    "Channel",
    "ChannelState",
    "ChannelStateDesc",
    "CallerIDNum",
    "CallerIDName",
    "ConnectedLineNum",
    "ConnectedLineName",
    "Language",
    "AccountCode",
    "Context",
    "Exten",
    "Priority",
    "Uniqueid",
    "Linkedid",
)
_SNAPSHOTS: Final = tuple(
    (prefix + "ChannelState", [prefix + name for name in _SNAPSHOT]) for prefix in ("", "Dest")
)

# Kinds of message, by the names of their headers, that were found good: a hint to the parser, see
# _of_a_known_form. We hear about two dozen; the bound is for whoever would make up others.
MAX_FORMS: Final = 256
_forms: set[tuple[str, ...]] = set()


@dataclass(frozen=True, slots=True)
class AmiAction:
    """What we ask Asterisk to do. The ActionID is the link's business."""

    name: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AmiMessage:
    """What Asterisk said: an event by its name, or an answer, whose name is `Response`."""

    name: str
    headers: Mapping[str, str]

    def get(self, header: str) -> str:
        """The header's value; empty where Asterisk wrote none."""
        return self.headers.get(header, "")


def check_action(action: AmiAction) -> None:
    """Raise LocalProtocolError if the action could be read as anything but one action of these headers."""
    if not _ACTION_NAME.match(action.name):
        raise LocalProtocolError(f"not the name of an action: {action.name!r}")
    if len(action.headers) + 1 > MAX_HEADERS:
        raise LocalProtocolError(f"{action.name}: {len(action.headers)} headers, more than {MAX_HEADERS - 1}")
    seen = {"action", "actionid"}
    for name, value in action.headers:
        if not _HEADER_NAME.match(name) or name.lower() in seen:
            raise LocalProtocolError(f"{action.name}: not a header, or one too many: {name!r}")
        seen.add(name.lower())
        if _UNSENDABLE.search(value):
            raise LocalProtocolError(f"{action.name}: the value of {name} holds CR, LF or NUL")
        try:
            length = len(f"{name}: {value}\r\n".encode())
        except UnicodeEncodeError:
            raise LocalProtocolError(f"{action.name}: the value of {name} cannot be sent") from None
        if length > MAX_LINE:
            raise LocalProtocolError(
                f"{action.name}: {name} makes a line of {length} bytes, more than {MAX_LINE}"
            )


def parse_message(block: bytes) -> AmiMessage:
    """One message without its empty line. Raises RemoteProtocolError unless it is as Asterisk writes it.

    Bytes that are no UTF-8 are replaced, after framing, so that no character is cut by the network.
    """
    headers = _of_a_known_form(block)
    if headers is not None:
        return _message(headers)
    message = parse_thoroughly(block)
    if len(_forms) < MAX_FORMS:
        _forms.add(tuple(message.headers))
    return message


def _of_a_known_form(block: bytes) -> dict[str, str] | None:
    """The headers, if a message of just these names in this order was found good before.

    All rules but one are about names and their order, and Asterisk writes the same few kinds of message all
    day. The one about values, no control character that could hide a line, is kept by counting.
    """
    lines = block.decode("utf-8", "replace").split("\r\n")
    try:
        headers = dict([line.split(": ", 1) for line in lines])
    except ValueError:
        # A line without a colon and a space.
        return None
    ends = len(lines) - 1
    if block.count(b"\n") != ends or block.count(b"\r") != ends or b"\0" in block:
        return None
    # A name that stands twice makes fewer names than lines.
    return headers if ends + 1 == len(headers) and tuple(headers) in _forms else None


def parse_thoroughly(block: bytes) -> AmiMessage:
    """As parse_message, which says the same sooner, for a message of any form."""
    if not _MESSAGE.match(block):
        raise RemoteProtocolError("a message with something else than headers")
    lines = block.decode("utf-8", "replace").split("\r\n")
    headers = {name: value.removeprefix(" ") for name, _, value in [line.partition(":") for line in lines]}
    if len(set(map(str.lower, headers))) != len(lines):
        headers = _repeated(lines)
    return _in_order(headers)


def _repeated(lines: list[str]) -> dict[str, str]:
    """The headers of a message that has a name twice: a name that may repeat has its values in lines."""
    headers: dict[str, str] = {}
    folded: set[str] = set()
    for line in lines:
        name, _, value = line.partition(":")
        key, value = name.lower(), value.removeprefix(" ")
        if key in folded:
            if key not in _REPEATED:
                raise RemoteProtocolError(f"a message with two headers {name[:40]}")
            value = f"{headers.get(name, '')}\n{value}"
        folded.add(key)
        headers[name] = value
    return headers


def _in_order(headers: dict[str, str]) -> AmiMessage:
    names = list(headers)
    kind = names[0]
    if kind == "Response":
        if "Event" in headers:
            raise RemoteProtocolError("an answer that is an event too")
        return _message(headers)
    if kind != "Event" or "Response" in headers:
        raise RemoteProtocolError("a message that does not begin with its kind")
    if "Privilege" in headers and names[1] != "Privilege":
        raise RemoteProtocolError("an event with Privilege out of its place")
    for mark, snapshot in _SNAPSHOTS:
        if mark in headers:
            at = names.index(mark) - 1
            if names[at : at + len(snapshot)] != snapshot:
                raise RemoteProtocolError("an event with a channel that is cut or out of order")
    return _message(headers)


def _message(headers: dict[str, str]) -> AmiMessage:
    return AmiMessage(headers.get("Event", "Response"), MappingProxyType(headers))


class AmiFramer:
    """Cuts the stream into messages. Raises RemoteProtocolError when it cannot be the manager's."""

    __slots__ = ("_buffer", "_searched", "version")

    def __init__(self) -> None:
        # What has come of the message under way.
        self._buffer = bytearray()
        # Bytes of _buffer known to hold no end of message.
        self._searched = 0
        # The protocol's version, from the greeting; None before it.
        self.version: str | None = None

    def receive_data(self, data: bytes) -> list[bytes]:
        """The messages that these bytes complete, each without its empty line."""
        self._buffer += data
        if self.version is None and not self._greeted():
            return []
        end = self._buffer.find(b"\r\n\r\n", self._searched)
        if end < 0:
            return self._none()
        *blocks, rest = bytes(self._buffer).split(b"\r\n\r\n")
        self._buffer = bytearray(rest)
        if max(map(len, blocks)) > MAX_MESSAGE:
            raise RemoteProtocolError(f"a message of more than {MAX_MESSAGE} bytes")
        self._none()
        # Some answers end in one line end more than they should; it is no message.
        return [block for block in (block.lstrip(b"\r\n") for block in blocks) if block]

    def _none(self) -> list[bytes]:
        if len(self._buffer) - 3 > MAX_MESSAGE:
            raise RemoteProtocolError(f"a message of more than {MAX_MESSAGE} bytes")
        self._searched = max(0, len(self._buffer) - 3)
        return []

    def _greeted(self) -> bool:
        end = self._buffer.find(b"\r\n")
        length = end if end >= 0 else len(self._buffer)
        if length > MAX_BANNER or not self._buffer.startswith(_BANNER[: len(self._buffer)]):
            raise RemoteProtocolError("not the greeting of Asterisk's manager interface")
        if end < 0:
            return False
        self.version = self._buffer[len(_BANNER) : end].decode("ascii", "replace")
        del self._buffer[: end + 2]
        return True

"""FastAGI from the server's side, without I/O: bytes in -> events out, commands -> bytes out.

Every rule about AGI bytes lives in this file. The sources are res/res_agi.c of Asterisk 22.

1. Asterisk opens the session with an environment: lines `agi_<name>: <value>` and a blank line. Values
   are written raw (setup_env), so a newline in the caller's number makes lines of the caller's own. What
   counts is therefore place: script, channel and unique id stand before the first field that a caller
   controls, so the first of each wins; the arguments stand after the last `agi_threadid`, so they are read
   from there and must be `agi_arg_1`, `agi_arg_2`, ... without a gap. Nothing else is read at all: this
   parser is on the path of every call.
2. Each command of ours is one line and gets one reply: `200 result=1 (data) endpos=0`, `510 ...`,
   `511 ...`, `520 ...`, or a block from `520-` to `520 End of proper usage.`.
3. A line `HANGUP` may come between any two of them (run_agi). It is news, not a reply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hotline_ivr.errors import LocalProtocolError, RemoteProtocolError

# Bytes of a whole environment; Asterisk's own is under 1 KiB, and an argument is at most 8 KiB.
MAX_ENVIRONMENT: Final = 65_536
# Bytes of one line either way: Asterisk reads commands into 8,192 bytes and takes a longer line for two.
MAX_LINE: Final = 8_191
# Bytes of a variable's value: the dialplan's substitution cuts a longer one (pbx.c: VAR_BUF_SIZE).
MAX_VALUE: Final = 4_095
# Bytes of one 520 block; the longest usage text in Asterisk is under 2 KiB.
MAX_USAGE: Final = 65_536
# Arguments that Asterisk passes at most (MAX_ARGS).
MAX_ARGUMENTS: Final = 127

_NAME = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]*\Z")
_UNSENDABLE = re.compile(r"[\r\n\0]")
_RESULT = re.compile(rb"200 result=(\S*)(?: \((.*)\))?(?: endpos=(\d{1,18}))?\s*\Z")
_REPLY = re.compile(rb"(\d{3})(?: (.*))?\Z")
_END_OF_USAGE: Final = b"520 End of proper usage."


@dataclass(frozen=True, slots=True)
class AgiRequest:
    """What Asterisk says of itself when a session opens. Undecodable bytes are replaced."""

    script: str
    channel: str
    unique_id: str
    args: tuple[str, ...] = ()
    # Lines that are no `agi_` line: a sign that somebody's caller number held a newline.
    odd_lines: int = 0


@dataclass(frozen=True, slots=True)
class AgiReply:
    """The reply to one command. `data` is what stood in parentheses, None where there were none."""

    code: int
    result: str = ""
    data: str | None = None
    endpos: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class CallerHungUp:
    """The caller is gone; Asterisk still answers commands, mostly with 511."""


AgiEvent = AgiRequest | AgiReply | CallerHungUp

# How the line of each argument begins, the first at 0.
_ARGUMENTS: Final = tuple(f"agi_arg_{number}: " for number in range(1, MAX_ARGUMENTS + 1))
_SET: Final = AgiReply(200, "1", text="200 result=1")


def encode_set_variable(name: str, value: str) -> bytes:
    """The command that sets a channel variable, quoted as parse_args of res_agi.c unquotes.

    Raises LocalProtocolError for a name that is no plain variable, for CR, LF or NUL, and for a value or a
    line that Asterisk would cut.
    """
    if not _NAME.match(name):
        raise LocalProtocolError(f"not the name of a channel variable: {name!r}")
    if _UNSENDABLE.search(value):
        raise LocalProtocolError(f"the value of {name} holds CR, LF or NUL")
    try:
        data = value.encode()
    except UnicodeEncodeError:
        raise LocalProtocolError(f"the value of {name} is not text that can be sent") from None
    if len(data) > MAX_VALUE:
        raise LocalProtocolError(f"the value of {name} has {len(data)} bytes, more than {MAX_VALUE}")
    quoted = data.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    line = b'SET VARIABLE %b "%b"\n' % (name.encode(), quoted)
    if len(line) > MAX_LINE:
        raise LocalProtocolError(
            f"the value of {name} makes a line of {len(line)} bytes; {MAX_LINE} is the most"
        )
    return line


class AgiProtocol:
    """One session. `receive_data` raises RemoteProtocolError once; the session is then to be closed."""

    __slots__ = ("_buffer", "_pending", "_request_seen", "_searched", "_usage", "_usage_size")

    def __init__(self) -> None:
        # What has come and is no whole environment, or no whole line, yet.
        self._buffer = bytearray()
        # Bytes of _buffer known to hold no blank line.
        self._searched = 0
        self._request_seen = False
        # Commands sent and not yet replied to.
        self._pending = 0
        # Lines of a 520 block under way.
        self._usage: list[bytes] | None = None
        self._usage_size = 0

    # Public methods for receiving data.

    def receive_data(self, data: bytes) -> list[AgiEvent]:
        """What these bytes complete, in order. Raises RemoteProtocolError."""
        if self._request_seen:
            return self._receive_lines(data)
        buffer: bytes | bytearray = data
        if self._buffer:
            self._buffer += data
            buffer = self._buffer
        if buffer.startswith(b"\n"):
            raise RemoteProtocolError("an environment without a line")
        end = buffer.find(b"\n\n", self._searched)
        # The last byte that came may be the first half of a blank line.
        if (end if end >= 0 else len(buffer) - 1) > MAX_ENVIRONMENT:
            raise RemoteProtocolError(f"an environment of more than {MAX_ENVIRONMENT} bytes")
        if end < 0:
            if buffer is data:
                self._buffer += data
            self._searched = max(0, len(buffer) - 1)
            return []
        request = _parse_environment(b"\n" + buffer[:end] + b"\n")
        rest = bytes(buffer[end + 2 :])
        self._buffer = bytearray()
        self._request_seen = True
        return [request, *self._receive_lines(rest)] if rest else [request]

    # Public methods for sending commands.

    def set_variable(self, name: str, value: str) -> bytes:
        """The bytes to send; one AgiReply will follow. Raises LocalProtocolError."""
        line = encode_set_variable(name, value)
        self._pending += 1
        return line

    # Private methods for receiving replies.

    def _receive_lines(self, data: bytes) -> list[AgiEvent]:
        if data == b"200 result=1\n" and self._pending and not self._buffer and self._usage is None:
            self._pending -= 1
            return [_SET]
        # A line that grows by small pieces is copied only when its end has come.
        if b"\n" not in data:
            self._buffer += data
            if len(self._buffer) > MAX_LINE:
                raise RemoteProtocolError(f"a reply of more than {MAX_LINE} bytes")
            return []
        *lines, rest = (bytes(self._buffer) + data).split(b"\n")
        self._buffer = bytearray(rest)
        events: list[AgiEvent] = []
        for line in lines:
            if len(line) > MAX_LINE:
                raise RemoteProtocolError(f"a reply of more than {MAX_LINE} bytes")
            event = self._receive_line(line)
            if event is not None:
                events.append(event)
        if len(rest) > MAX_LINE:
            raise RemoteProtocolError(f"a reply of more than {MAX_LINE} bytes")
        return events

    def _receive_line(self, line: bytes) -> AgiEvent | None:
        if self._usage is not None:
            return self._receive_usage(line)
        if line == b"HANGUP":
            return CallerHungUp()
        if line.startswith(b"520-"):
            self._usage, self._usage_size = [line], len(line)
            return None
        # "100 result=0 Trying...": the reply is still to come.
        if line.startswith(b"100 "):
            return None
        return self._replied(_parse_reply(line))

    def _receive_usage(self, line: bytes) -> AgiReply | None:
        usage = self._usage
        if usage is None:
            raise AssertionError("a usage line outside a usage block")
        self._usage_size += len(line) + 1
        if self._usage_size > MAX_USAGE:
            raise RemoteProtocolError(f"a usage text of more than {MAX_USAGE} bytes")
        usage.append(line)
        if not line.startswith(_END_OF_USAGE):
            return None
        self._usage = None
        return self._replied(AgiReply(520, text=_text(b"\n".join(usage))))

    def _replied(self, reply: AgiReply) -> AgiReply:
        if not self._pending:
            raise RemoteProtocolError(f"a reply to no command: {reply.text[:80]!r}")
        self._pending -= 1
        return reply


def _parse_environment(environment: bytes) -> AgiRequest:
    """`environment` begins and ends with a newline, so that every line is `\\n<line>\\n`."""
    if len(environment) > MAX_LINE and max(map(len, environment.split(b"\n"))) > MAX_LINE:
        raise RemoteProtocolError(f"an environment line of more than {MAX_LINE} bytes")
    return AgiRequest(
        script=_field(environment, b"\nagi_network_script: "),
        channel=_field(environment, b"\nagi_channel: "),
        unique_id=_field(environment, b"\nagi_uniqueid: "),
        args=_arguments(environment),
        odd_lines=environment.count(b"\n") - 1 - environment.count(b"\nagi_"),
    )


def _field(environment: bytes, start: bytes) -> str:
    at = environment.find(start)
    if at < 0:
        raise RemoteProtocolError(f"an environment without {_text(start[1:-2])}")
    at += len(start)
    return _text(environment[at : environment.find(b"\n", at)])


def _arguments(environment: bytes) -> tuple[str, ...]:
    last = environment.rfind(b"\nagi_threadid: ")
    if last < 0:
        raise RemoteProtocolError("an environment without agi_threadid")
    lines = environment[environment.find(b"\n", last + 1) + 1 : -1]
    if not lines:
        return ()
    args: list[str] = []
    for number, line in enumerate(_text(lines).split("\n")):
        if number == MAX_ARGUMENTS or not line.startswith(_ARGUMENTS[number]):
            raise RemoteProtocolError(f"not argument {number + 1} of an ask: {line[:80]!r}")
        args.append(line[len(_ARGUMENTS[number]) :])
    return tuple(args)


def _parse_reply(line: bytes) -> AgiReply:
    if result := _RESULT.match(line):
        value, data, endpos = result.groups()
        return AgiReply(
            200,
            _text(value),
            None if data is None else _text(data),
            None if endpos is None else int(endpos),
            _text(line),
        )
    if reply := _REPLY.match(line):
        return AgiReply(int(reply[1]), text=_text(line))
    raise RemoteProtocolError(f"not a reply: {_text(line[:80])!r}")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")

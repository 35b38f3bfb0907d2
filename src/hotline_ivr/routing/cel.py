"""What Asterisk wrote about a call, as values: channel events (CEL) and queue events (queue_log).

Both are named tuples and not dataclasses: a busy node makes thousands a second, and a frozen dataclass costs
four times as much to make (measured). They are as immutable.

Times are microseconds since 1970 UTC. `generation` and `offset` say where in the file the line began: the
order of the file is the order in which things happened, also when the machine's clock was set back.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import NamedTuple

# The user event by which the dialplan says what it is doing with a call (dialplans/hotline-run.conf).
STAGE_EVENT = "HOTLINE"
_PLAIN_EXTRA = '{"extra":"'

# Members of queue_log lines that are of no call: Asterisk writes these where a call's id would stand.
NO_CALL = frozenset({"NONE", "CLI", "MANAGER", "REALTIME", ""})

# Asterisk began writing queue_log: it has just started (logger.c writes it once in a process's life).
QUEUE_START = "QUEUESTART"

# queue_log has whole seconds; what happened in the second of a restart may have been before or after it.
QUEUE_LOG_RESOLUTION = 1_000_000


class Source(StrEnum):
    """Which of the two files a line came from."""

    CEL = "cel"
    QUEUE_LOG = "queue_log"


class CallEvent(NamedTuple):
    """One line of the channel event log."""

    # CHAN_START, BRIDGE_ENTER, ...; HOTLINE for our stage events; USER_DEFINED for anybody else's.
    kind: str
    at: int
    # Unique id of the channel it happened to.
    channel: str
    # Unique id of the first channel of the call (linkedid).
    call: str
    channel_name: str
    # JSON text of the event's own fields, or empty.
    extra: str
    generation: int
    offset: int


class QueueEvent(NamedTuple):
    """One line of queue_log."""

    # ENTERQUEUE, CONNECT, RINGNOANSWER, ...
    kind: str
    at: int
    # Unique id of the caller's channel, or one of NO_CALL.
    call: str
    queue: str
    member: str
    data: tuple[str, ...]
    generation: int
    offset: int


def stage_text(extra: str) -> str:
    """The text of a user event, which Asterisk wraps as {"extra":"..."}; empty if there is none."""
    # JSON's decoder takes ten times as long, and our words have nothing to unescape.
    if extra.startswith(_PLAIN_EXTRA) and "\\" not in extra:
        return extra[len(_PLAIN_EXTRA) : -2]
    try:
        text = json.loads(extra)["extra"]
    except (ValueError, KeyError, TypeError):
        return ""
    return text if isinstance(text, str) else ""

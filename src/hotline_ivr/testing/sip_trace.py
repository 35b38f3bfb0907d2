"""The ledger of baresip's phones, taken from its trace of the messages on the wire.

Its call events are no clock: it sets up or tears down the sound first and tells us 40 to 70 ms later.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import defaultdict

from typing_extensions import override

from hotline_ivr.testing.ledger import Entry, LedgerRow, fold

LOGGER = "baresip.native.sip"
"""Where baresip-python logs each message, at DEBUG: `TX UDP here -> there`, then the message."""

_MESSAGE = re.compile(r"(TX|RX) [^\n]*\n(?:SIP/2\.0 (\d{3})|([A-Z]+) sip)")
_CALL_ID = re.compile(r"^(?:Call-ID|i)\s*:\s*([^\r\n]+?)\s*$", re.IGNORECASE | re.MULTILINE)
_CSEQ = re.compile(r"^CSeq\s*:\s*\d+ ([A-Z]+)", re.IGNORECASE | re.MULTILINE)

_REQUESTS = {
    ("TX", "INVITE"): "invite",
    ("RX", "INVITE"): "invite",
    ("TX", "CANCEL"): "cancel",
    ("RX", "CANCEL"): "cancelled",
    ("TX", "BYE"): "bye-sent",
    ("RX", "BYE"): "bye-received",
}
_CHALLENGES = (401, 407)


def read_message(text: str, at: float) -> Entry | None:
    """The ledger's event in one traced message; None if it says nothing about a call."""
    message, call_id, cseq = _MESSAGE.match(text), _CALL_ID.search(text), _CSEQ.search(text)
    if message is None or call_id is None or cseq is None:
        return None
    direction, status, method = message.groups()
    if status is None:
        event = _REQUESTS.get((direction, method))
        return Entry(event, call_id[1], "", at) if event else None
    if cseq[1] != "INVITE":
        return None
    return _answer(direction, int(status), call_id[1], at)


def _answer(direction: str, status: int, call_id: str, at: float) -> Entry | None:
    if status in {180, 183}:
        return Entry("ringing", call_id, "", at)
    if status == 200:
        return Entry("answered", call_id, "", at)
    if status >= 300 and status not in _CHALLENGES:
        return Entry("refused" if direction == "RX" else "declined", call_id, "", at, str(status))
    return None


class SipTrace(logging.Filter):
    """Keeps what the phones of this process sent and received. Called from baresip's own thread.

    A filter and not a handler, so that nobody else is shown whole messages with their authorisation.
    """

    def __init__(self) -> None:
        super().__init__()
        self._entries: dict[str, list[Entry]] = defaultdict(list)
        self._guard = threading.Lock()
        self._level = logging.NOTSET

    def start(self) -> None:
        logger = logging.getLogger(LOGGER)
        self._level = logger.level
        logger.setLevel(logging.DEBUG)
        logger.addFilter(self)

    def stop(self) -> None:
        logger = logging.getLogger(LOGGER)
        logger.removeFilter(self)
        logger.setLevel(self._level)

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        entry = read_message(record.getMessage(), record.created)
        if entry is not None:
            with self._guard:
                self._entries[entry.call_id].append(entry)
        return False

    def row(self, call_id: str) -> LedgerRow | None:
        """What was seen of a call so far."""
        with self._guard:
            entries = list(self._entries.get(call_id, ()))
        return next(iter(fold(entries)), None)

"""A phone's ledger, read from the messages on the wire."""

from __future__ import annotations

import logging

import pytest

from hotline_ivr.testing.ledger import EndedBy, Entry, LedgerRow
from hotline_ivr.testing.sip_trace import LOGGER, SipTrace, read_message


def message(direction: str, first: str, cseq: str, call_id: str = "a@x") -> str:
    head = f"{direction} UDP 127.0.0.1:1 -> 127.0.0.1:2\n"
    return head + f"{first}\r\nVia: x\r\nCall-ID: {call_id}\r\nCSeq: 7 {cseq}\r\nContent-Length: 0\r\n\r\n"


def row_of(*messages: tuple[float, str]) -> LedgerRow:
    trace = SipTrace()
    for at, text in messages:
        record = logging.LogRecord(LOGGER, logging.DEBUG, "", 0, text, None, None)
        record.created = at
        assert not trace.filter(record)
    row = trace.row("a@x")
    assert row is not None
    return row


def test_a_call_that_was_answered_and_ended_by_the_other_side() -> None:
    row = row_of(
        (1.0, message("TX", "INVITE sip:100@h SIP/2.0", "INVITE")),
        (1.1, message("RX", "SIP/2.0 100 Trying", "INVITE")),
        (1.2, message("RX", "SIP/2.0 180 Ringing", "INVITE")),
        (2.0, message("RX", "SIP/2.0 200 OK", "INVITE")),
        (2.5, message("RX", "SIP/2.0 200 OK", "INVITE")),
        (2.6, message("RX", "INVITE sip:me@h SIP/2.0", "INVITE")),
        (9.0, message("RX", "BYE sip:me@h SIP/2.0", "BYE")),
        (9.1, message("TX", "SIP/2.0 200 OK", "BYE")),
    )
    assert row == LedgerRow(
        "a@x", "", 1.0, ringing=1.2, answered=2.0, ended=9.0, ended_by=EndedBy.THEM, code=200
    )


@pytest.mark.parametrize(
    ("messages", "ended_by", "code"),
    [
        ([("RX", "SIP/2.0 404 Not Found")], EndedBy.THEM, 404),
        ([("TX", "SIP/2.0 486 Busy Here")], EndedBy.US, 486),
        ([("TX", "CANCEL sip:100@h SIP/2.0"), ("RX", "SIP/2.0 487 Request Terminated")], EndedBy.US, 487),
        ([("RX", "CANCEL sip:100@h SIP/2.0"), ("TX", "SIP/2.0 487 Request Terminated")], EndedBy.THEM, 487),
    ],
)
def test_a_call_that_was_not_answered(messages: list[tuple[str, str]], ended_by: EndedBy, code: int) -> None:
    begun = (1.0, message("TX", "INVITE sip:100@h SIP/2.0", "INVITE"))
    row = row_of(begun, *((2.0, message(way, first, "INVITE")) for way, first in messages))
    assert (row.answered, row.ended, row.ended_by, row.code) == (None, 2.0, ended_by, code)


def test_registration_challenges_and_other_text_are_no_part_of_a_call() -> None:
    for text in (
        message("TX", "REGISTER sip:h SIP/2.0", "REGISTER"),
        message("RX", "SIP/2.0 401 Unauthorized", "INVITE"),
        message("RX", "SIP/2.0 200 OK", "REGISTER"),
        "RX UDP\nSIP/2.0 200 OK\r\n\r\n",
        "something else",
    ):
        assert read_message(text, 1.0) is None
    assert SipTrace().row("a@x") is None
    assert read_message(message("TX", "ACK sip:h SIP/2.0", "ACK"), 1.0) is None
    assert read_message(message("TX", "BYE sip:h SIP/2.0", "BYE"), 1.5) == Entry("bye-sent", "a@x", "", 1.5)

"""Actions as values: what Asterisk is asked, and what it must never be asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotline_ivr.asterisk.ami_actions import (
    Ping,
    QueueAdd,
    QueuePause,
    QueueRemove,
    QueueStatus,
    Request,
    Wake,
)
from hotline_ivr.asterisk.ami_codec import AmiAction, check_action
from hotline_ivr.errors import LocalProtocolError

PHONE = "PJSIP/anna.k3v9"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (
            QueueAdd("help", PHONE, "anna"),
            AmiAction(
                "QueueAdd",
                (
                    ("Queue", "help"),
                    ("Interface", PHONE),
                    ("Penalty", "0"),
                    ("Paused", "false"),
                    ("MemberName", "anna"),
                ),
            ),
        ),
        (
            QueueAdd("help", PHONE, "anna", paused=True, penalty=3, reason="lunch"),
            AmiAction(
                "QueueAdd",
                (
                    ("Queue", "help"),
                    ("Interface", PHONE),
                    ("Penalty", "3"),
                    ("Paused", "true"),
                    ("MemberName", "anna"),
                    ("Reason", "lunch"),
                ),
            ),
        ),
        (QueueRemove("help", PHONE), AmiAction("QueueRemove", (("Queue", "help"), ("Interface", PHONE)))),
        (
            Wake("PJSIP/trunk-carrier-00000004"),
            AmiAction(
                "PlayDTMF",
                (("Channel", "PJSIP/trunk-carrier-00000004"), ("Digit", "-"), ("Receive", "true")),
            ),
        ),
        (
            QueuePause(PHONE, paused=False),
            AmiAction("QueuePause", (("Interface", PHONE), ("Paused", "false"))),
        ),
        (
            QueuePause(PHONE, paused=True, queue="help", reason="short break"),
            AmiAction(
                "QueuePause",
                (("Interface", PHONE), ("Paused", "true"), ("Queue", "help"), ("Reason", "short break")),
            ),
        ),
        (QueueStatus(), AmiAction("QueueStatus")),
        (QueueStatus("help"), AmiAction("QueueStatus", (("Queue", "help"),))),
        (Ping(), AmiAction("Ping")),
    ],
)
def test_a_request_becomes_one_action(request_: Request, expected: AmiAction) -> None:
    assert request_.action() == expected
    check_action(expected)


# `;`, `|` and `,` would corrupt the stored members of the queue; the rest mean something to the dialplan
# or to the stream.
HOSTILE = [
    "a;b",
    "a|b",
    "a,b",
    "a&b",
    "a/b",
    "${A}",
    "$[1]",
    'a"b',
    "a\\b",
    "a\r\nAction: Originate",
    "a\n",
    "\0",
    "å",
    "",
    " a",
    "x" * 81,
]


@pytest.mark.parametrize("word", HOSTILE)
@pytest.mark.parametrize(
    "build",
    [
        lambda word: QueueAdd(word, PHONE, "anna"),
        lambda word: QueueAdd("help", PHONE, word),
        lambda word: QueueAdd("help", f"PJSIP/{word}", "anna"),
        lambda word: QueueAdd("help", PHONE, "anna", reason=word or "\n"),
        lambda word: QueueRemove(word, PHONE),
        lambda word: QueueRemove("help", f"PJSIP/{word}"),
        lambda word: QueuePause(f"PJSIP/{word}", paused=True),
        lambda word: Wake(f"PJSIP/{word}"),
        lambda word: QueuePause(PHONE, paused=True, queue=word or "\n"),
        lambda word: QueuePause(PHONE, paused=True, reason=word or "\n"),
        lambda word: QueueStatus(word or "\n"),
    ],
)
def test_a_word_that_would_change_what_is_stored_or_sent_is_refused(
    build: Callable[[str], Request], word: str
) -> None:
    with pytest.raises(LocalProtocolError):
        build(word).action()


@pytest.mark.parametrize("interface", ["Local/anna@phones", "SIP/anna", "anna", "PJSIP/", "PJSIP/a/sip:b@c"])
def test_only_a_phone_of_ours_may_be_in_a_queue(interface: str) -> None:
    with pytest.raises(LocalProtocolError):
        QueueAdd("help", interface, "anna").action()


@pytest.mark.parametrize("penalty", [-1, 1_001])
def test_a_penalty_outside_the_range_is_refused(penalty: int) -> None:
    with pytest.raises(LocalProtocolError):
        QueueAdd("help", PHONE, "anna", penalty=penalty).action()

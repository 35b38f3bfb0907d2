"""Manager bytes, without a socket: framing at every split, strict reading, checked writing."""

from __future__ import annotations

import pytest

from hotline_ivr.asterisk import ami_codec
from hotline_ivr.asterisk.ami_codec import (
    MAX_BANNER,
    MAX_FORMS,
    MAX_HEADERS,
    MAX_LINE,
    MAX_MESSAGE,
    AmiAction,
    AmiFramer,
    AmiMessage,
    check_action,
    parse_message,
    parse_thoroughly,
)
from hotline_ivr.errors import LocalProtocolError, RemoteProtocolError
from hotline_ivr.testing.agi_caller import pieces

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
PING = b"Response: Success\r\nActionID: 1\r\nPing: Pong"
JOIN = """\
Event: QueueCallerJoin
Privilege: agent,all
Timestamp: 1795452268.486781
SystemName: main
Channel: PJSIP/trunk-main-00000001
ChannelState: 6
ChannelStateDesc: Up
CallerIDNum: +4791234567
CallerIDName: José
ConnectedLineNum: <unknown>
ConnectedLineName: <unknown>
Language: nb
AccountCode:\x20
Context: hotline-run
Exten: s
Priority: 3
Uniqueid: main-1795452268.5
Linkedid: main-1795452268.5
Queue: help
Position: 1
Count: 1""".replace("\n", "\r\n").encode()


def fed(framer: AmiFramer, data: bytes, size: int) -> list[bytes]:
    return [block for piece in pieces(data, size) for block in framer.receive_data(piece)]


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_messages_come_whole_at_every_split(size: int) -> None:
    framer = AmiFramer()
    stream = GREETING + PING + b"\r\n\r\n" + JOIN + b"\r\n\r\n" + PING + b"\r\n\r\n" + b"Event: Half"
    blocks = fed(framer, stream, size)
    assert blocks == [PING, JOIN, PING]
    assert framer.version == "11.0.0"
    assert parse_message(blocks[1]).get("CallerIDName") == "José"


def test_a_line_end_too_many_is_no_message() -> None:
    assert AmiFramer().receive_data(GREETING + b"\r\n\r\n\r\n" + PING + b"\r\n\r\n\r\n\r\n") == [PING]


@pytest.mark.parametrize(
    "greeting",
    [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0-x\r\n", b"Asterisk Call Manager/" + b"1" * MAX_BANNER],
)
@pytest.mark.parametrize("size", [1, 10_000])
def test_who_does_not_greet_as_asterisk_is_not_asterisk(greeting: bytes, size: int) -> None:
    framer = AmiFramer()
    with pytest.raises(RemoteProtocolError, match="greeting"):
        fed(framer, greeting, size)


@pytest.mark.parametrize("size", [1, 100_000])
@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
def test_a_message_without_an_end_does_not_fill_the_memory(size: int, end: bytes) -> None:
    framer = AmiFramer()
    framer.receive_data(GREETING)
    with pytest.raises(RemoteProtocolError, match=str(MAX_MESSAGE)):
        fed(framer, b"Event: " + b"x" * MAX_MESSAGE + end, size)


def test_an_event_keeps_its_headers_and_an_empty_value_is_empty() -> None:
    message = parse_message(JOIN)
    assert message.name == "QueueCallerJoin"
    assert message.get("Queue") == "help"
    assert message.get("AccountCode") == ""
    assert message.get("Nothing") == ""


def test_a_header_without_the_space_after_its_colon_is_read() -> None:
    assert parse_message(b"Event: X\r\nPrivilege: a\r\nReason:").get("Reason") == ""


def test_an_answer_is_named_response() -> None:
    assert parse_message(PING) == AmiMessage(
        "Response", {"Response": "Success", "ActionID": "1", "Ping": "Pong"}
    )


def test_undecodable_bytes_are_replaced_and_cost_nothing_else() -> None:
    message = parse_message(JOIN.replace("é".encode(), b"\xe9"))
    assert message.get("CallerIDName") == "Jos�"
    assert message.get("Queue") == "help"


def test_channel_variables_may_come_more_than_once() -> None:
    block = b"Event: X\r\nPrivilege: a\r\nChanVariable: A=1\r\nChanVariable: B=2"
    assert parse_message(block).get("ChanVariable") == "A=1\nB=2"


def cut_after(header: bytes) -> bytes:
    """The first part of the event, as it is when the value of `header` holds an empty line."""
    return JOIN[: JOIN.index(b"\r\n", JOIN.index(header))]


FORGED = {
    "cut in the caller's number": cut_after(b"CallerIDNum"),
    "cut in the connected number": cut_after(b"ConnectedLineNum"),
    "cut in the extension": cut_after(b"Exten"),
    "the rest of a cut event": JOIN[JOIN.index(b"CallerIDName") :],
    "a second Queue": JOIN + b"\r\nQueue: other",
    "a second queue in other letters": JOIN + b"\r\nqueue: other",
    "a second Event": JOIN + b"\r\nEvent: QueueMemberRemoved",
    "an answer inside": JOIN + b"\r\nResponse: Success",
    "Privilege late": b"Event: X\r\nQueue: help\r\nPrivilege: agent,all",
    "a header in the channel": JOIN.replace(b"\r\nLanguage", b"\r\nX-Other: 1\r\nLanguage"),
    "a channel out of order": JOIN.replace(b"Context: hotline-run\r\nExten: s", b"Exten: s\r\nContext: c"),
    "a line that is no header": JOIN + b"\r\nno header",
    "a bare line feed": JOIN + b"\nQueue: other",
    "a bare carriage return": JOIN + b"\rQueue: other",
    "a NUL": JOIN + b"\0",
    "an answer that is an event": PING + b"\r\nEvent: X",
    "an empty name": JOIN + b"\r\n: x",
    "a name with a space": JOIN + b"\r\nA B: x",
    "nothing": b"",
}


@pytest.mark.parametrize("block", FORGED.values(), ids=FORGED.keys())
def test_a_message_that_asterisk_does_not_write_is_not_taken(block: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_message(block)


@pytest.mark.parametrize("block", FORGED.values(), ids=FORGED.keys())
def test_a_forged_message_is_not_taken_for_a_known_one_that_it_resembles(block: bytes) -> None:
    for known in (JOIN, PING):
        assert parse_message(known) == parse_message(known) == parse_thoroughly(known)
    with pytest.raises(RemoteProtocolError):
        parse_message(block)


def test_a_message_of_a_known_form_brings_its_own_values() -> None:
    parse_message(JOIN)
    other = parse_message(JOIN.replace(b"Queue: help", b"Queue:  a: b").replace(b"Count: 1", b"Count: "))
    assert (other.get("Queue"), other.get("Count"), other.get("Position")) == (" a: b", "", "1")


def test_forms_that_somebody_makes_up_do_not_fill_the_memory() -> None:
    for number in range(2 * MAX_FORMS):
        made_up = parse_message(f"Event: X\r\nMadeUp{number}: 1".encode())
        assert made_up.get(f"MadeUp{number}") == "1"
    assert len(ami_codec._forms) <= MAX_FORMS


def test_the_second_channel_of_an_event_has_to_be_whole_too() -> None:
    dest = b"".join(b"\r\nDest" + line for line in JOIN.split(b"\r\n")[4:18])
    assert parse_message(JOIN + dest).get("DestUniqueid") == "main-1795452268.5"
    with pytest.raises(RemoteProtocolError, match="channel"):
        parse_message(JOIN + dest[: dest.index(b"\r\nDestExten")])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Reason", "lunch\r\n\r\nAction: Originate"),
        ("Reason", "lunch\nAction: Originate"),
        ("Reason", "lunch\r"),
        ("Reason", "lunch\0"),
        ("Reason", "\ud800"),
        ("Reason\r\nX", "lunch"),
        ("Rea son", "lunch"),
        ("Reason:", "lunch"),
        ("", "lunch"),
        ("Action", "Originate"),
        ("actionid", "1"),
        ("QUEUE", "other"),
        ("Reason", "x" * MAX_LINE),
        ("Reason", "å" * (MAX_LINE // 2)),
    ],
)
def test_a_header_that_could_be_read_otherwise_is_refused_before_it_is_sent(name: str, value: str) -> None:
    with pytest.raises(LocalProtocolError):
        check_action(AmiAction("QueuePause", (("Queue", "help"), (name, value))))


@pytest.mark.parametrize("name", ["", "Queue Pause", "Ping\r\nAction: Originate", "Ping\n", "x" * 41])
def test_a_name_that_could_be_read_otherwise_is_refused(name: str) -> None:
    with pytest.raises(LocalProtocolError):
        check_action(AmiAction(name))


def test_the_longest_line_and_the_most_headers_that_asterisk_takes_are_allowed() -> None:
    room = MAX_LINE - len("Reason: \r\n")
    check_action(AmiAction("QueuePause", (("Reason", "x" * room),)))
    headers = tuple((f"H{number}", "") for number in range(MAX_HEADERS - 1))
    check_action(AmiAction("X", headers))
    with pytest.raises(LocalProtocolError, match="headers"):
        check_action(AmiAction("X", (*headers, ("H", ""))))

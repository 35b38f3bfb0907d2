"""Manager bytes that nobody foresaw: any split reads alike, errors are ours, memory is bounded."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_ivr.asterisk.ami_actions import QueueAdd
from hotline_ivr.asterisk.ami_codec import (
    MAX_MESSAGE,
    AmiAction,
    AmiFramer,
    AmiMessage,
    check_action,
    parse_message,
    parse_thoroughly,
)
from hotline_ivr.asterisk.ami_events import EVENT_NAMES, parse_event
from hotline_ivr.errors import LocalProtocolError, RemoteProtocolError
from hotline_ivr.testing.fake_asterisk import message

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
FRAGMENTS = [
    b"\r\n",
    b"\r\n\r\n",
    b"\r",
    b"\n",
    b": ",
    b"Event: QueueCallerLeave\r\n",
    b"Event: QueueMemberStatus\r\n",
    b"Privilege: agent,all\r\n",
    b"Response: Success\r\n",
    b"ActionID: 1\r\n",
    b"Queue: help\r\n",
    b"Count: 1\r\n",
    b"Channel: x\r\nChannelState: 6\r\n",
    b"<long>",
]
STREAMS = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=40), max_size=30).map(b"".join)
# What stands for `<long>`: more than a message may have, kept out of the examples that are printed.
LONG = b"x" * 70_000
CUTS = st.lists(st.integers(min_value=1, max_value=200), min_size=1, max_size=20)

# These measure bytes, not time; a test machine may do other things.
ANY_TIME = settings(deadline=None)


def read(data: bytes, cuts: list[int]) -> tuple[list[bytes], bool]:
    """The messages of the stream cut into pieces of these sizes; and whether it ended in an error."""
    framer = AmiFramer()
    blocks: list[bytes] = []
    at = turn = 0
    while at < len(data):
        size = cuts[turn % len(cuts)]
        try:
            blocks += framer.receive_data(data[at : at + size])
        except RemoteProtocolError:
            return blocks, True
        assert len(framer._buffer) <= MAX_MESSAGE + 3
        at += size
        turn += 1
    return blocks, False


@ANY_TIME
@given(STREAMS, CUTS)
def test_any_split_of_any_stream_has_the_same_messages(data: bytes, cuts: list[int]) -> None:
    data = data.replace(b"<long>", LONG)
    blocks, failed = read(GREETING + data, cuts)
    whole, whole_failed = read(GREETING + data, [len(GREETING + data)])
    assert failed is whole_failed
    if failed:
        # What came in one piece with the fault is not told.
        assert blocks[: len(whole)] == whole
    else:
        assert blocks == whole


@ANY_TIME
@given(st.binary(max_size=300))
def test_whoever_does_not_greet_as_asterisk_gives_no_message(data: bytes) -> None:
    blocks, failed = read(data, [7])
    assert blocks == []
    assert failed is not GREETING.startswith(data[:22])


@ANY_TIME
@given(STREAMS | st.binary(max_size=400))
def test_no_message_makes_an_error_that_is_not_ours(block: bytes) -> None:
    try:
        event = parse_message(block)
    except RemoteProtocolError:
        return
    assert event.name
    try:
        parse_event(event)
    except RemoteProtocolError:
        return


def said(parse: Callable[[bytes], AmiMessage], block: bytes) -> AmiMessage | None:
    try:
        return parse(block)
    except RemoteProtocolError:
        return None


@ANY_TIME
@given(STREAMS | st.binary(max_size=400))
def test_the_short_way_through_the_parser_says_what_the_long_one_says(block: bytes) -> None:
    for _ in range(2):
        assert said(parse_message, block) == said(parse_thoroughly, block)


@ANY_TIME
@given(
    st.sampled_from(EVENT_NAMES),
    st.dictionaries(
        st.sampled_from(["Queue", "Uniqueid", "Count", "Status", "Uptime", "HoldTime"]), st.text()
    ),
)
def test_no_values_of_a_known_event_make_an_error_that_is_not_ours(
    name: str, headers: dict[str, str]
) -> None:
    try:
        parse_event(AmiMessage(name, headers))
    except RemoteProtocolError:
        return


@ANY_TIME
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=60)), max_size=8))
def test_an_action_is_refused_or_is_one_message_of_just_these_headers(headers: list[tuple[str, str]]) -> None:
    action = AmiAction("QueuePause", tuple(headers))
    try:
        check_action(action)
    except LocalProtocolError:
        return
    wire = message([("Action", action.name), *headers])
    *lines, rest = wire.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert wire.count(b"\r\n\r\n") == 1
    assert len([*lines, rest]) == len(headers) + 1
    assert b"\n" not in wire.replace(b"\r\n", b"")


@ANY_TIME
@given(st.text(max_size=100))
def test_no_operators_name_breaks_the_stored_members(name: str) -> None:
    try:
        action = QueueAdd("help", "PJSIP/anna.k3v9", name).action()
    except LocalProtocolError:
        return
    check_action(action)
    assert not set(';|,&/\\"$\r\n\0') & set(name)

"""FastAGI bytes that nobody foresaw: any split reads alike, errors are ours, memory is bounded."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_ivr.asterisk.agi_protocol import (
    MAX_ENVIRONMENT,
    MAX_VALUE,
    AgiEvent,
    AgiProtocol,
    AgiRequest,
    encode_set_variable,
)
from hotline_ivr.errors import LocalProtocolError, RemoteProtocolError
from hotline_ivr.testing.agi_caller import environment, split_command

# Pieces of the protocol, so that random streams get past its first line.
FRAGMENTS = [
    b"agi_network_script: ask\n",
    b"agi_channel: PJSIP/x-1\n",
    b"agi_uniqueid: main-1.1\n",
    b"agi_threadid: 1\n",
    b"agi_arg_1: a\n",
    b"agi_arg_2: b\n",
    b"agi_callerid: ",
    b"\n",
    b"\n\n",
    b"HANGUP\n",
    b"200 result=1\n",
    b"200 result=1 (x) endpos=7\n",
    b"200 result=0 endpos=" + b"9" * 5000 + b"\n",
    b"100 result=0 Trying...\n",
    b"510 Invalid\n",
    b"511 Dead\n",
    b"520-Usage\n",
    b"520 End of proper usage.\n",
    b"x" * 9000,
]
STREAMS = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=40), max_size=40).map(b"".join)
CUTS = st.lists(st.integers(min_value=1, max_value=60), min_size=1, max_size=20)

# These measure bytes, not time; a test machine may do other things.
ANY_TIME = settings(deadline=None)


def read(data: bytes, cuts: list[int], *, asked: bool) -> tuple[list[AgiEvent], bool]:
    """The events of the stream cut into pieces of these sizes, in turn; and whether it ended in an error.

    The session is a new one, or one that waits for the replies to two commands.
    """
    agi = AgiProtocol()
    if asked:
        agi.receive_data(environment(["arrived"]))
        agi.set_variable("HOTLINE_ANSWER", "1|end")
        agi.set_variable("HOTLINE_ANSWER", "1|end")
    events: list[AgiEvent] = []
    at = turn = 0
    while at < len(data):
        size = cuts[turn % len(cuts)]
        try:
            events += agi.receive_data(data[at : at + size])
        except RemoteProtocolError:
            return events, True
        assert len(agi._buffer) <= MAX_ENVIRONMENT + 1
        at += size
        turn += 1
    return events, False


@ANY_TIME
@given(STREAMS, CUTS, st.booleans())
def test_any_split_of_any_stream_reads_as_the_whole_and_as_single_bytes(
    data: bytes, cuts: list[int], asked: bool
) -> None:
    events, failed = read(data, cuts, asked=asked)
    single, single_failed = read(data, [1], asked=asked)
    whole, whole_failed = read(data, [len(data) + 1], asked=asked)
    assert failed is single_failed is whole_failed
    # What came in one piece with a fault is not told; nothing else differs.
    assert single[: len(events)] == events
    assert single[: len(whole)] == whole
    assert failed or single == events == whole


@ANY_TIME
@given(st.lists(st.binary(max_size=3000), max_size=60))
def test_no_bytes_make_an_error_that_is_not_ours_or_a_buffer_without_a_bound(chunks: list[bytes]) -> None:
    agi = AgiProtocol()
    for chunk in chunks:
        try:
            agi.receive_data(chunk)
        except RemoteProtocolError:
            return
        assert len(agi._buffer) <= MAX_ENVIRONMENT + 1


@ANY_TIME
@given(st.text(max_size=300))
def test_a_value_is_refused_or_arrives_as_it_was(value: str) -> None:
    try:
        line = encode_set_variable("HOTLINE_ANSWER", value)
    except LocalProtocolError:
        assert any(char in value for char in "\r\n\0") or any("\ud800" <= char <= "\udfff" for char in value)
        return
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert split_command(line[:-1].decode()) == ("SET", "VARIABLE", "HOTLINE_ANSWER", value)
    assert len(value.encode()) <= MAX_VALUE


@ANY_TIME
@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_no_caller_changes_what_an_ask_says(caller: str) -> None:
    agi = AgiProtocol()
    try:
        (request,) = agi.receive_data(environment(["arrived", "exams"], caller=caller))
    except RemoteProtocolError:
        # An empty line of the caller's ends the environment early; the ask is refused whole.
        assert "\n\n" in f"{caller}\n"
        return
    assert isinstance(request, AgiRequest)
    assert (request.script, request.unique_id) == ("ask", "main-1753900000.7")
    assert request.args == ("arrived", "exams")

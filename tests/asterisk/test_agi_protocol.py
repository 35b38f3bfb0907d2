"""FastAGI bytes, without a socket: every split, every reply form, every limit."""

from __future__ import annotations

import pytest

from hotline_ivr.asterisk.agi_protocol import (
    MAX_ENVIRONMENT,
    MAX_LINE,
    MAX_USAGE,
    MAX_VALUE,
    AgiEvent,
    AgiProtocol,
    AgiReply,
    AgiRequest,
    CallerHungUp,
    encode_set_variable,
)
from hotline_ivr.errors import LocalProtocolError, RemoteProtocolError
from hotline_ivr.testing.agi_caller import environment, pieces, split_command

ARGS = ("arrived", "exams", "+4721000000", "+4791234567", "", "0")
USAGE = (
    b"520-Invalid command syntax.  Proper usage follows:\n"
    b"Usage: SET VARIABLE <variablename> <value>\n"
    b" Sets a variable to the current channel.\n"
    b"HANGUP\n"
    b"520 End of proper usage.\n"
)
EVERY_SPLIT = [1, 2, 7, 10_000]


def asked(*, commands: int = 1) -> AgiProtocol:
    """A session after its environment, waiting for the replies to `commands` commands."""
    agi = AgiProtocol()
    agi.receive_data(environment(ARGS))
    for _ in range(commands):
        agi.set_variable("HOTLINE_ANSWER", "1|end")
    return agi


def fed(agi: AgiProtocol, data: bytes, size: int) -> list[AgiEvent]:
    return [event for piece in pieces(data, size) for event in agi.receive_data(piece)]


@pytest.mark.parametrize("size", EVERY_SPLIT)
def test_an_environment_becomes_a_request_at_every_split(size: int) -> None:
    assert fed(AgiProtocol(), environment(ARGS), size) == [
        AgiRequest("ask", "PJSIP/trunk-main-00000001", "main-1753900000.7", ARGS)
    ]


def test_an_ask_without_arguments_is_a_request() -> None:
    (request,) = AgiProtocol().receive_data(environment())
    assert isinstance(request, AgiRequest)
    assert request.args == ()


def test_undecodable_bytes_in_a_value_are_replaced() -> None:
    data = environment(["arrived"]).replace(b"agi_arg_1: arrived", b"agi_arg_1: Jos\xc3")
    (request,) = AgiProtocol().receive_data(data)
    assert isinstance(request, AgiRequest)
    assert request.args == ("Jos�",)


def test_a_newline_in_the_callers_number_forges_no_field() -> None:
    forged = (
        "1\nagi_network_script: evil\nagi_channel: evil\nagi_uniqueid: evil"
        "\nagi_threadid: 1\nagi_arg_1: evil\nagi_arg_2: evil\nno colon"
    )
    (request,) = AgiProtocol().receive_data(environment(ARGS, caller=forged))
    assert request == AgiRequest("ask", "PJSIP/trunk-main-00000001", "main-1753900000.7", ARGS, odd_lines=1)


def test_an_empty_line_in_the_callers_number_is_refused_whole() -> None:
    forged = "1\nagi_threadid: 1\nagi_arg_1: evil\n\n"
    with pytest.raises(RemoteProtocolError, match="not a reply"):
        AgiProtocol().receive_data(environment(ARGS, caller=forged))


def test_a_newline_in_an_argument_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="argument 2"):
        AgiProtocol().receive_data(environment(["arrived\nagi_arg_9: evil", "exams"]))


@pytest.mark.parametrize("name", ["agi_network_script", "agi_channel", "agi_uniqueid", "agi_threadid"])
def test_an_environment_that_lacks_a_field_is_refused(name: str) -> None:
    data = environment(ARGS).replace(name.encode(), b"agi_other")
    with pytest.raises(RemoteProtocolError, match=name):
        AgiProtocol().receive_data(data)


def test_an_environment_without_a_line_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        AgiProtocol().receive_data(b"\n\n")


@pytest.mark.parametrize("size", [1, 7, 1_000_000])
def test_an_environment_without_a_blank_line_is_refused_at_64_kib(size: int) -> None:
    agi = AgiProtocol()
    assert fed(agi, b"x" * MAX_ENVIRONMENT, MAX_ENVIRONMENT) == []
    with pytest.raises(RemoteProtocolError, match="65536"):
        fed(agi, b"y" * 70_000, size)


def test_an_environment_of_exactly_64_kib_is_not_cut_by_its_blank_line() -> None:
    lines = environment(ARGS)[:-1]
    padding = MAX_ENVIRONMENT - len(lines)
    full = b"agi_pad: " + b"p" * 990 + b"\n"
    data = full * (padding // 1000) + b"q" * (padding % 1000) + b"\n" + lines
    assert len(data) == MAX_ENVIRONMENT + 1
    for size in (1, len(data) + 1):
        agi = AgiProtocol()
        (event,) = fed(agi, data + b"\n", size)
        assert isinstance(event, AgiRequest)


def test_an_environment_line_that_asterisk_could_not_have_written_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="line"):
        AgiProtocol().receive_data(environment(ARGS, caller="1" * (MAX_LINE + 1)))


def test_more_arguments_than_asterisk_passes_are_refused() -> None:
    (request,) = AgiProtocol().receive_data(environment(["x"] * 127))
    assert isinstance(request, AgiRequest)
    assert len(request.args) == 127
    with pytest.raises(RemoteProtocolError, match="argument 128"):
        AgiProtocol().receive_data(environment(["x"] * 128))


@pytest.mark.parametrize("size", EVERY_SPLIT)
@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"200 result=1", AgiReply(200, "1", text="200 result=1")),
        (b"200 result=-1", AgiReply(200, "-1", text="200 result=-1")),
        (b"200 result= (timeout)", AgiReply(200, "", "timeout", text="200 result= (timeout)")),
        (b"200 result=1 (hangup)", AgiReply(200, "1", "hangup", text="200 result=1 (hangup)")),
        (b"200 result=1 (a (b) c)", AgiReply(200, "1", "a (b) c", text="200 result=1 (a (b) c)")),
        (b"200 result=0 endpos=4880", AgiReply(200, "0", endpos=4880, text="200 result=0 endpos=4880")),
        (b"510 Invalid or unknown command", AgiReply(510, text="510 Invalid or unknown command")),
        (
            b"511 Command Not Permitted on a dead channel or intercept routine",
            AgiReply(511, text="511 Command Not Permitted on a dead channel or intercept routine"),
        ),
        (
            b"520 Invalid command syntax.  Proper usage not available.",
            AgiReply(520, text="520 Invalid command syntax.  Proper usage not available."),
        ),
    ],
)
def test_each_form_of_reply_is_read_at_every_split(line: bytes, reply: AgiReply, size: int) -> None:
    assert fed(asked(), line + b"\n", size) == [reply]


@pytest.mark.parametrize("size", EVERY_SPLIT)
def test_a_520_block_is_one_reply_and_the_next_reply_is_not_lost(size: int) -> None:
    first, second = fed(asked(commands=2), USAGE + b"200 result=1\n", size)
    assert isinstance(first, AgiReply)
    assert first.code == 520
    assert first.text.splitlines()[1] == "Usage: SET VARIABLE <variablename> <value>"
    assert second == AgiReply(200, "1", text="200 result=1")


@pytest.mark.parametrize("size", EVERY_SPLIT)
def test_a_hangup_between_command_and_reply_does_not_shift_the_replies(size: int) -> None:
    assert fed(asked(), b"HANGUP\n200 result=1\nHANGUP\n", size) == [
        CallerHungUp(),
        AgiReply(200, "1", text="200 result=1"),
        CallerHungUp(),
    ]


def test_a_hangup_in_the_same_segment_as_the_environment_is_seen() -> None:
    assert AgiProtocol().receive_data(environment(ARGS) + b"HANGUP\n")[1:] == [CallerHungUp()]


def test_trying_is_not_the_reply() -> None:
    assert len(asked().receive_data(b"100 result=0 Trying...\n200 result=1\n")) == 1


def test_a_reply_to_no_command_is_refused() -> None:
    agi = asked()
    agi.receive_data(b"200 result=1\n")
    with pytest.raises(RemoteProtocolError, match="no command"):
        agi.receive_data(b"200 result=1\n")


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK\n", b"\n", b"200result=1\n", b"20 x\n"])
def test_what_is_no_reply_is_refused(line: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="not a reply"):
        asked().receive_data(line)


@pytest.mark.parametrize("data", [b"2" * 20_000, b"2" * 20_000 + b"\n", b"200 result=1\n" + b"2" * 20_000])
@pytest.mark.parametrize("size", [1, 100_000])
def test_an_over_long_reply_is_refused(data: bytes, size: int) -> None:
    with pytest.raises(RemoteProtocolError, match=str(MAX_LINE)):
        fed(asked(), data, size)


def test_a_usage_block_without_an_end_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match=str(MAX_USAGE)):
        fed(asked(), b"520-Invalid\n" + b"usage and more usage\n" * 4000, 50)


def test_a_value_is_quoted_so_that_asterisk_reads_it_back() -> None:
    value = 'one "two"  \\three\\ ${FOUR} æøå'
    line = encode_set_variable("HOTLINE_ANSWER", value)
    assert line == 'SET VARIABLE HOTLINE_ANSWER "one \\"two\\"  \\\\three\\\\ ${FOUR} æøå"\n'.encode()
    assert split_command(line[:-1].decode()) == ("SET", "VARIABLE", "HOTLINE_ANSWER", value)


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b", "x\nSET VARIABLE Y 1", "\ud800"])
def test_a_value_that_would_make_a_second_command_is_refused(value: str) -> None:
    with pytest.raises(LocalProtocolError):
        encode_set_variable("HOTLINE_ANSWER", value)


@pytest.mark.parametrize("name", ["", "A B", 'A"', "A\n", "CDR(x)", "1A", "___A", "Å"])
def test_a_name_that_is_no_plain_variable_is_refused(name: str) -> None:
    with pytest.raises(LocalProtocolError):
        encode_set_variable(name, "1")


def test_a_value_that_the_dialplan_would_cut_is_refused() -> None:
    assert encode_set_variable("A", "å" + "x" * (MAX_VALUE - 2)).endswith(b'x"\n')
    for too_long in ("x" * (MAX_VALUE + 1), "å" + "x" * (MAX_VALUE - 1)):
        with pytest.raises(LocalProtocolError, match=str(MAX_VALUE)):
            encode_set_variable("A", too_long)


def test_a_line_that_asterisk_would_cut_in_two_is_refused() -> None:
    # Quoting doubles these, and the name takes its part.
    assert len(encode_set_variable("A", '"' * 4_086 + "x")) == MAX_LINE
    with pytest.raises(LocalProtocolError, match=str(MAX_LINE)):
        encode_set_variable("A", '"' * 4_087)


def test_a_refused_value_leaves_no_command_pending() -> None:
    agi = asked(commands=0)
    with pytest.raises(LocalProtocolError):
        agi.set_variable("HOTLINE_ANSWER", "\n")
    with pytest.raises(RemoteProtocolError, match="no command"):
        agi.receive_data(b"200 result=1\n")

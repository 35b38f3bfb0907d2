"""Framing of Asterisk's two files: every line is a record, or is kept aside."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_ivr.asterisk.spool import KEPT_BYTES, MAX_LINE, read_cel, read_queue_log
from hotline_ivr.routing.cel import CallEvent, QueueEvent

START = (
    b'{"eventtype":"CHAN_START","eventenum":"CHAN_START","eventtime":"1795451329.273310",'
    b'"uniqueid":"main-1795451329.0","linkedid":"main-1795451329.0",'
    b'"channame":"PJSIP/trunk-carrier-00000000","eventextra":""}'
)
ARRIVED = (
    b'{"eventtype":"HOTLINE","eventenum":"USER_DEFINED","eventtime":"1795451329.275337",'
    b'"uniqueid":"main-1795451329.0","linkedid":"main-1795451329.0",'
    b'"channame":"PJSIP/trunk-carrier-00000000",'
    b'"eventextra":"{\\"extra\\":\\"arrived|demo|+4722851235|+4798765432|KzQ3|S1x1|\\"}"}'
)
CALL = "main-1795451329.0"
CHANNEL = "PJSIP/trunk-carrier-00000000"


def line(**changes: object) -> bytes:
    record = {**json.loads(START), **changes}
    return json.dumps({key: value for key, value in record.items() if value is not None}).encode()


def test_a_channel_event_is_read_as_asterisk_writes_it() -> None:
    records = read_cel(START + b"\n" + ARRIVED + b"\n", 3, 1_000)
    assert records.rejected == []
    assert records.events == [
        CallEvent("CHAN_START", 1_795_451_329_273_310, CALL, CALL, CHANNEL, "", 3, 1_000),
        CallEvent(
            "HOTLINE",
            1_795_451_329_275_337,
            CALL,
            CALL,
            CHANNEL,
            '{"extra":"arrived|demo|+4722851235|+4798765432|KzQ3|S1x1|"}',
            3,
            1_001 + len(START),
        ),
    ]


def test_a_user_event_of_somebody_elses_is_not_taken_for_asterisks_own() -> None:
    """A dialplan may name its user event HANGUP."""
    forged = ARRIVED.replace(b'"HOTLINE"', b'"HANGUP"')
    assert [event.kind for event in read_cel(forged + b"\n", 1, 0).events] == ["USER_DEFINED"]


@pytest.mark.parametrize(
    "odd",
    [
        line(),  # the same with blanks, as another writer of JSON puts them
        START.replace(b"trunk-carrier", "trunk-\u00e5".encode()),
        START.replace(b"PJSIP/", b"PJSIP\\/"),
        ARRIVED.replace(b"demo", b"d\\\\\\\\u00e9mo"),
    ],
)
def test_an_unusual_but_whole_record_is_read_too(odd: bytes) -> None:
    records = read_cel(START + b"\n" + odd.replace(b'{"eventtype": "', b'{"eventtype":"') + b"\n", 1, 0)
    assert len(records.events) == 2
    assert records.rejected == []


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"half a line",
        START[:-1],
        START[1:],
        b" " + START[1:],
        START.replace(b'"eventextra":""', b'"eventextra":{"a":1}'),
        START.replace(b'"eventtime":"1795451329.273310"', b'"eventtime":"yesterday"'),
        START.replace(b'"eventtime":"1795451329.273310"', b'"eventtime":"1795451329.27331"'),
        START.replace(b'"eventtime":"1795451329.273310"', b'"eventtime":"-795451329.273310"'),
        START.replace(b'"eventtime":"1795451329.273310"', '"eventtime":"179545132\u0669.273310"'.encode()),
        START.replace(b'"linkedid":"main-1795451329.0",', b""),
        START.replace(b'"eventextra":""', b'"eventextra":"","num":"+47"'),
        START.replace(b"PJSIP", b"PJ\rSIP"),
        START.replace(b"PJSIP", b"PJ\\u0000SIP"),
        START.replace(b"PJSIP", b"PJ\xff\xfeSIP"),
        ARRIVED.replace(b"demo", b"de\tmo"),
        ARRIVED.replace(b"demo", b"de\\tmo"),
        ARRIVED.replace(b'\\"extra', b'"extra'),
        b'{"eventtype":"' + b'{"eventtype":"' * 2_000,
        b'{"eventtype":"x","a":' + b"[" * 30_000,
        b"\x00" * 4_096,
    ],
)
def test_what_is_no_record_is_kept_aside_and_costs_its_neighbours_nothing(broken: bytes) -> None:
    records = read_cel(START + b"\n" + broken + b"\n" + ARRIVED + b"\n", 2, 500)
    assert [event.kind for event in records.events] == ["CHAN_START", "HOTLINE"]
    assert records.events[1].offset == 500 + len(START) + 1 + len(broken) + 1
    (aside,) = records.rejected
    assert (aside.offset, aside.length, aside.generation) == (500 + len(START) + 1, len(broken), 2)
    assert aside.data == broken[:KEPT_BYTES]


def test_a_callers_line_ends_break_a_line_but_make_no_record() -> None:
    """What cel_custom writes if it is asked for a field that a caller controls: control characters raw."""
    hostile = START.replace(
        b'"channame":"', b'"channame":"x\r\n\\"eventtype\\":\\"HANGUP\\"}\n{\\"eventtype\\":'
    )
    records = read_cel(hostile + b"\n", 1, 0)
    assert records.events == []
    assert len(records.rejected) == 3
    assert sum(aside.length + 1 for aside in records.rejected) == len(hostile) + 1


@pytest.mark.parametrize("cut", range(1, len(START)))
def test_a_line_cut_by_a_crash_costs_only_itself_though_the_next_process_writes_on_behind_it(
    cut: int,
) -> None:
    records = read_cel(START[:cut] + ARRIVED + b"\n", 1, 0)
    assert [event.kind for event in records.events] == ["HOTLINE"]
    assert records.events[0].offset == cut
    assert [(aside.reason, aside.length) for aside in records.rejected] == [("cut-off", cut)]


def test_two_half_records_on_two_lines_are_not_read_as_one() -> None:
    """One array over all lines would join them; the pattern must not."""
    first = b'{"eventtype":"A","x":[{"eventtype":"B"}'
    second = b'{"eventtype":"C"}],"y":"z"}'
    records = read_cel(first + b"\n" + second + b"\n", 1, 0)
    assert records.events == []
    assert len(records.rejected) == 2


def test_an_over_long_line_is_bounded() -> None:
    long = START.replace(b'"eventextra":""', b'"eventextra":"' + b"x" * MAX_LINE + b'"')
    records = read_cel(long + b"\n" + START + b"\n", 1, 0)
    assert len(records.events) == 1
    (aside,) = records.rejected
    assert (aside.reason, aside.length, len(aside.data)) == ("over-long", len(long), KEPT_BYTES)


@given(st.binary(max_size=2_000))
@settings(max_examples=300, deadline=None)
def test_no_bytes_are_lost_and_none_raise(garbage: bytes) -> None:
    data = garbage.rstrip(b"\n") + b"\n"
    for read in (read_cel, read_queue_log):
        records = read(data, 1, 0)
        assert len(records.events) + len(records.rejected) >= data.count(b"\n")


@given(
    st.text(
        alphabet=st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"]), max_size=60
    )
)
@settings(max_examples=300, deadline=None)
def test_any_printable_extra_comes_through_whole_on_either_way_of_reading(text: str) -> None:
    extra = json.dumps({"extra": text}, ensure_ascii=False, separators=(",", ":"))
    escaped = json.dumps(extra, ensure_ascii=False)
    usual = START.replace(b'"eventextra":""', f'"eventextra":{escaped}'.encode())
    expected = extra if extra.isprintable() else None
    for data in (usual + b"\n", usual + b"\nnot a record\n"):
        extras = [event.extra for event in read_cel(data, 1, 0).events]
        assert extras == ([expected] if expected is not None else [])


def test_a_queue_event_is_read_as_asterisk_writes_it() -> None:
    data = (
        b"1795451269|NONE|NONE|NONE|QUEUESTART|\n"
        b"1795451332|main-1795451329.0|main|anna|CONNECT|0|main-1795451332.1|0\n"
    )
    records = read_queue_log(data, 2, 100)
    assert records.rejected == []
    assert records.events == [
        QueueEvent("QUEUESTART", 1_795_451_269_000_000, "NONE", "NONE", "NONE", (), 2, 100),
        QueueEvent(
            "CONNECT", 1_795_451_332_000_000, CALL, "main", "anna", ("0", "main-1795451332.1", "0"), 2, 138
        ),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"1795451269|NONE|NONE",
        b"x1795451269|NONE|NONE|NONE|CONFIGRELOAD|",
        b"1795451269|a\x1b[2J|main|anna|CONNECT|",
        b"1795451269|a\x00|main|anna|CONNECT|",
        b"1795451269|a|main|anna|connect|",
        b"1795451269|a|main|anna|CONNECT|" + b"x" * MAX_LINE,
    ],
)
def test_a_line_that_is_no_queue_event_is_kept_aside(broken: bytes) -> None:
    good = b"1795451269|NONE|NONE|NONE|CONFIGRELOAD|\n"
    records = read_queue_log(good + broken + b"\n" + good, 1, 0)
    assert [event.kind for event in records.events] == ["CONFIGRELOAD", "CONFIGRELOAD"]
    assert [aside.length for aside in records.rejected] == [len(broken)]


def test_asterisks_start_is_found_behind_a_line_that_its_crash_cut_short() -> None:
    """Or the calls that the crash cut off would never end."""
    cut, begun = b"1795451332|main-1795451329.0|main|an", b"1795451400|NONE|NONE|NONE|QUEUESTART|"
    records = read_queue_log(cut + begun + b"\n", 1, 0)
    assert [(event.kind, event.at, event.offset) for event in records.events] == [
        ("QUEUESTART", 1_795_451_400_000_000, len(cut))
    ]
    assert [aside.reason for aside in records.rejected] == ["cut-off"]


_START = b"1795451234|NONE|NONE|NONE|QUEUESTART|"
_PAUSE = b"1795451234|CLI|main|PJSIP/anna|PAUSE|lunch"


@pytest.mark.parametrize(
    ("whole", "cut"),
    # Behind more than a time only a start of Asterisk, or a line of a call, is told from the rest of a line.
    [*((_START, cut) for cut in range(1, 76)), *((_PAUSE, cut) for cut in range(1, 11))],
)
def test_the_beginning_of_a_time_that_was_cut_short_is_no_part_of_the_next_one(
    whole: bytes, cut: int
) -> None:
    """Else Asterisk would have started in thousands of years, and the record with it."""
    half = b"1795451000|main-1795451000.0|main|PJSIP/anna|CONNECT|12|main-1795451003.1|3"[:cut]
    found = read_queue_log(half + whole + b"\n", 1, 0)
    assert [(each.at, each.kind, each.offset) for each in found.events] == [
        (1_795_451_234_000_000, whole.split(b"|")[4].decode(), cut)
    ]
    assert [(each.reason, each.length) for each in found.rejected] == [("cut-off", cut)]


def test_a_name_in_another_encoding_does_not_cost_the_event() -> None:
    data = "1795451332|x|main|NONE|ENTERQUEUE||+47|1|K\u00e5re\n".encode("latin-1")
    (event,) = read_queue_log(data, 1, 0).events
    assert event.data == ("", "+47", "1", "K\\xe5re")


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_queue_line_behind_half_of_another_is_read_wherever_the_disk_was_full(cut: int) -> None:
    half = b"1795451000|main-1795451000.0|main|PJSIP/anna|CONNECT|12|main-1795451003.1|3"[:cut]
    whole = b"1795451009|main-1795451005.2|main|NONE|ENTERQUEUE||+4790060001|1"
    found = read_queue_log(half + whole + b"\n", 1, 0)
    assert [(each.at, each.call, each.kind) for each in found.events] == [
        (1_795_451_009_000_000, "main-1795451005.2", "ENTERQUEUE")
    ]
    assert [(each.reason, each.length) for each in found.rejected] == [("cut-off", cut)]

"""A call as a table is the same call again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.event_table import NUMBER, event_table
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.number_forms import NumberForms
from tests.calls.asterisk_files import a_call
from tests.launch.privacy.persons import by
from tests.routing.call_tables import FOLDER, START, RecordedCall, read_call, recorded_calls

RECORDED = recorded_calls()


def folded(call: RecordedCall) -> CallRecord:
    record = fold(call.events, call.queue_events, node="main")
    assert record is not None
    return record


def moved(record: CallRecord, seconds: int) -> CallRecord:
    """So much later, and without the legs, whose channels have other ids."""
    times = {
        name: value for name, value in record._asdict().items() if name.endswith("_at") and value is not None
    }
    return record._replace(legs=(), **{name: value + seconds * 1_000_000 for name, value in times.items()})


@pytest.mark.parametrize("call", RECORDED, ids=lambda call: call.name)
def test_a_recorded_call_written_as_a_table_is_the_same_call(call: RecordedCall, tmp_path: Path) -> None:
    record = folded(call)
    file = tmp_path / "again.txt"
    file.write_text(
        event_table("Again.", call.events, call.queue_events, record, numbers=True), encoding="utf-8"
    )
    again = read_call(file)
    second = folded(again)
    first_second = (
        min([event.at for event in call.events] + [line.at for line in call.queue_events]) // 1_000_000
    )
    assert moved(second, first_second - START) == record._replace(legs=())
    assert [(leg.operator, leg.result) for leg in second.legs] == [
        (leg.operator, leg.result) for leg in record.legs
    ]
    for name, text in again.expected.items():
        value = getattr(second, name)
        shown = f"{(value - START * 1_000_000) / 1_000_000:.6f}" if name.endswith("_at") else str(value)
        assert shown == text, name


def test_a_callers_number_and_name_are_others_unless_asked_for() -> None:
    call = read_call(FOLDER / "answered_caller_hangs_up.txt")
    text = event_table("A call.", call.events, call.queue_events, folded(call))
    other = [
        event._replace(
            extra=event.extra.replace("+4798765432", "+4711111111")
            .replace("KzQ3OTg3NjU0MzI=", "KzQ3MTExMTExMTE=")
            .replace("S8OlcmU=", "T2xh")
        )
        for event in call.events
    ]
    lines = [
        line._replace(data=tuple(word.replace("+4798765432", "+4711111111") for word in line.data))
        for line in call.queue_events
    ]
    record = fold(other, lines, node="main")
    assert record is not None
    assert (record.caller, record.caller_name) == ("+4711111111", "Ola")
    told = event_table("A call.", other, lines, record)
    assert told == text
    assert not re.search(r"4711111111|Ola|KzQ3MTEx|T2xh", told)
    assert NUMBER in told
    assert "+4711111111" in event_table("A call.", other, lines, record, numbers=True)


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.txt")))
def test_no_table_tells_the_number_unless_asked_for(name: str) -> None:
    call = by(a_call(name), "+4791919191")
    record = fold(call.events, call.queue_events, node="main")
    assert record is not None
    told = event_table("A call.", call.events, call.queue_events, record)
    assert not NumberForms("+4791919191").find_in_text(told.encode())

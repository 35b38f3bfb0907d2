"""Reading the stage events of calls that are under way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hotline_ivr.testing.stage_events import StageEvent, StageLog, wait_event


def line(
    extra: str, kind: str = "USER_DEFINED", call: str = "test-1.1", at: str = "1800000000.000500"
) -> str:
    values = {"eventtype": "HOTLINE", "eventenum": kind, "eventtime": at, "linkedid": call}
    return json.dumps({**values, "eventextra": json.dumps({"extra": extra})})


def test_only_whole_lines_of_our_own_events_are_read(tmp_path: Path) -> None:
    file = tmp_path / "hotline.json"
    log = StageLog(file)
    assert log.calls() == {}
    arrived = line("arrived|open|+4722851201|+4790000001||")
    file.write_text(
        "\n".join([arrived, line("", kind="ANSWER"), "{broken", line("answer"), line("play|x")[:40]])
    )
    (events,) = log.calls().values()
    assert [event.fields[0] for event in events] == ["arrived", "answer"]
    assert events[1] == StageEvent(1800000000.0005, "test-1.1", ("answer",))
    assert log.of("+4790000001") == events
    assert log.of("+4790000002") == ()
    with file.open("a") as more:
        more.write(line("play|x")[40:] + "\n")
    assert [event.fields[0] for event in log.of("+4790000001")] == ["arrived", "answer", "play"]


def test_a_file_that_begins_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "hotline.json"
    log = StageLog(file)
    for number in ("+4790000001", "+4790000002"):
        file.write_text(line(f"arrived|open|+4722851201|{number}||") + "\n")
        assert len(log.of(number)) == 1
        file.rename(tmp_path / f"rotated{number}")
    assert log.of("+4790000002") == ()


async def test_an_event_of_another_call_is_not_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "hotline.json"
    file.write_text(line("arrived|open|n|+4790000001||") + "\n" + line("answer", call="test-1.2") + "\n")
    with pytest.raises(TimeoutError, match="waited 0 s for `answer`"):
        await wait_event(file, "+4790000001", "answer", 0)
    assert (await wait_event(file, "+4790000001", "arrived", 0)).fields[1] == "open"

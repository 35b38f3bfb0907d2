"""Where a machine's clock was set, told from what is read, and calls counted as if nobody had touched it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_ivr.routing.call_record import CallRecord
from hotline_ivr.routing.cel import CallEvent, QueueEvent, Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.log_clocks import Clock, ClockOfLog, LogClock, LogClocks
from hotline_ivr.routing.machine import Machine
from hotline_ivr.routing.restarts import Restart, Restarts
from tests.routing.call_tables import FOLDER, START, RecordedCall, micros, read_call

SECOND = 1_000_000
HOUR = 3_600 * SECOND
BOOT = "first"
BEFORE = Clock(BOOT, START * SECOND)
UNCHANGED = ("ended_at", "connected_at", "total_ms", "talk_ms", "wait_ms", "outcome", "ended_by", "stage")
PUT = [HOUR, -HOUR, 7 * SECOND, -7 * SECOND, 12 * HOUR]


def after(by: int) -> Clock:
    return BEFORE._replace(ahead_us=BEFORE.ahead_us + by)


def event(seconds: float, by: int = 0, offset: int = 0) -> CallEvent:
    """`seconds` after the machine's start, where the clock stands by so much elsewhere."""
    at = BEFORE.ahead_us + by + round(seconds * SECOND)
    return CallEvent("ANSWER", at, "main-1.1", "main-1.1", "PJSIP/trunk-1", "", 1, offset)


class Looking:
    """Reads a file at moments of a clock that nobody sets."""

    def __init__(self, clock: Clock | None = BEFORE, last_at: int | None = None) -> None:
        self.log = ClockOfLog(Source.CEL, clock, last_at)
        self.by = 0
        self.boot = BOOT

    def look(self, seconds: float, *events: CallEvent, more: bool = False) -> LogClock | None:
        clock = Clock(self.boot, BEFORE.ahead_us + self.by)
        return self.log.read(events, clock.ahead_us + round(seconds * SECOND), clock, more=more)


@pytest.mark.parametrize("by", PUT)
def test_the_first_line_by_the_new_clock_is_found_among_what_was_read(by: int) -> None:
    looking = Looking()
    looking.look(10)
    looking.by = by
    found = looking.look(10.25, event(10.01, offset=0), event(10.1, offset=100), event(10.2, by, offset=200))
    assert found == LogClock(Source.CEL, (1, 200), after(by))
    assert looking.log.set_by_us == by
    assert looking.look(10.5, event(10.3, by, offset=300)) is None


@pytest.mark.parametrize("by", PUT)
def test_a_line_that_was_written_late_is_by_the_old_clock(by: int) -> None:
    """A busy Asterisk writes behind."""
    looking = Looking()
    looking.look(10)
    looking.by = by
    looking.look(10.25)
    assert looking.look(10.5, event(9.9, offset=100)) is None
    found = looking.look(10.75, event(10.15, offset=200), event(10.3, by, offset=300))
    assert found is not None
    assert found.place == (1, 300)


@pytest.mark.parametrize("by", PUT)
def test_nothing_is_told_until_something_is_written_by_the_new_clock(by: int) -> None:
    looking = Looking()
    looking.look(10, event(9))
    looking.by = by
    for seconds in (10.25, 10.5, 8 * 3_600, 8 * 3_600 + 0.25):
        assert looking.look(seconds) is None
    found = looking.look(8 * 3_600 + 0.5, event(8 * 3_600 + 0.4, by, offset=500))
    assert found == LogClock(Source.CEL, (1, 500), after(by))


@pytest.mark.parametrize("by", [HOUR, -HOUR, 600 * SECOND])
@pytest.mark.parametrize("more", [False, True], ids=["at once", "in pieces"])
def test_what_nobody_looked_at_is_told_apart_by_its_own_times(by: int, *, more: bool) -> None:
    """The service was away for two hours, in which the clock was set."""
    looking = Looking(last_at=event(0).at)
    looking.by = by
    lines = [event(n * 60, 0 if n < 70 else by, offset=n * 100) for n in range(1, 121)]
    pieces = [lines[:50], lines[50:]] if more else [lines]
    found = [looking.look(7_200, *piece, more=piece is not pieces[-1]) for piece in pieces]
    assert found[:-1] == [None] * (len(pieces) - 1)
    assert found[-1] == LogClock(Source.CEL, (1, 7_000), after(by))


def test_a_long_silence_is_no_clock_that_was_set() -> None:
    looking = Looking(last_at=event(0).at)
    assert looking.look(20_000, event(19_000)) is None
    looking.by = HOUR
    assert looking.look(20_000.25) is None
    # Written before it was set, after four hours without a call.
    looking = Looking(last_at=event(0).at)
    looking.look(19_000)
    looking.by = HOUR
    assert looking.look(19_000.25, event(19_000.1)) is None


@pytest.mark.parametrize("by", [0, 400_000, -400_000])
def test_a_clock_that_is_put_by_less_than_half_a_second_is_left(by: int) -> None:
    looking = Looking()
    looking.look(10)
    looking.by = by
    assert looking.look(10.25, event(10.2, by)) is None


def test_after_a_start_of_the_machine_the_clock_is_another_and_was_not_set() -> None:
    looking = Looking()
    looking.look(10)
    looking.boot, looking.by = "second", 5 * HOUR
    found = looking.look(20, event(19, 5 * HOUR, offset=700))
    assert found == LogClock(Source.CEL, (1, 700), Clock("second", BEFORE.ahead_us + 5 * HOUR))
    assert looking.log.set_by_us == 0


def test_the_first_line_ever_tells_the_clock() -> None:
    looking = Looking(None)
    assert looking.look(1) is None
    assert looking.look(2, event(1.5, offset=40)) == LogClock(Source.CEL, (1, 40), BEFORE)
    assert looking.look(3, event(2.5)) is None


# Calls in whose middle it was set.


def recorded(name: str) -> RecordedCall:
    return read_call(FOLDER / f"{name}.txt")


def counted(
    call: RecordedCall, turn: int, by: int, *, queue_turn: int | None = None, known: bool = True
) -> CallRecord:
    """The call as it is counted when the clock is set before its `turn`-th event."""
    if turn < len(call.events):
        moment = call.events[turn].at
    else:
        moment = call.events[-1].at + 1
    first = next((n for n, line in enumerate(call.queue_events) if line.at >= moment), len(call.queue_events))
    first = first if queue_turn is None else queue_turn
    events = [
        each._replace(at=each.at + by * (n >= turn), generation=1) for n, each in enumerate(call.events)
    ]
    lines = [
        each._replace(at=each.at + by * (n >= first), generation=1)
        for n, each in enumerate(call.queue_events)
    ]
    clocks = [LogClock(Source.CEL, (1, 0), BEFORE), LogClock(Source.QUEUE_LOG, (1, 0), BEFORE)]
    clocks += [LogClock(Source.CEL, place(event), after(by)) for event in events[turn : turn + 1]]
    clocks += [LogClock(Source.QUEUE_LOG, place(line), after(by)) for line in lines[first : first + 1]]
    machine = Machine(clocks=LogClocks(clocks if known else []))
    record = fold(events, lines, node="main", machine=machine)
    assert record is not None
    return record


def place(one: CallEvent | QueueEvent) -> tuple[int, int]:
    return one.generation, one.offset


@pytest.mark.parametrize("by", PUT)
@pytest.mark.parametrize("name", ["answered_caller_hangs_up", "timed_out", "second_operator_answers"])
def test_a_call_is_as_long_as_it_was_wherever_in_it_the_clock_was_set(name: str, by: int) -> None:
    call = recorded(name)
    plain = fold(call.events, call.queue_events, node="main")
    assert plain is not None
    for turn in range(1, len(call.events)):
        record = counted(call, turn, by)
        assert {each: getattr(record, each) for each in UNCHANGED} == {
            each: getattr(plain, each) for each in UNCHANGED
        }, turn
        assert record.discrepancy is plain.discrepancy
        assert [leg.talk_ms for leg in record.legs] == [leg.talk_ms for leg in plain.legs]
        assert record.reasons.split()[-1] == f"clock-set:{by / SECOND:+.1f}s"


@pytest.mark.parametrize("by", PUT)
def test_without_knowing_of_it_the_same_call_would_be_counted_wrongly(by: int) -> None:
    """Else the tests above would prove nothing."""
    call = recorded("answered_caller_hangs_up")
    turn = next(n for n, each in enumerate(call.events) if each.kind == "BRIDGE_EXIT")
    wrong = counted(call, turn, by, known=False)
    assert wrong.talk_ms == max(0, 3_147 + by // 1_000)
    assert counted(call, turn, by).talk_ms == 3_147


def test_a_call_that_began_after_it_was_set_is_by_the_new_clock() -> None:
    call = recorded("answered_caller_hangs_up")
    record = counted(call, 0, HOUR, queue_turn=0)
    assert record.arrived_at == micros("0") + HOUR
    assert record.talk_ms == 3_147
    assert "clock-set" not in record.reasons


def test_a_call_in_which_nobody_set_the_clock_has_no_mark_where_it_was_set_before() -> None:
    """Each file's clock is read by itself, so the two are some microseconds apart."""
    call = recorded("answered_caller_hangs_up")
    events = [each._replace(generation=1, offset=each.offset + 9) for each in call.events]
    lines = [each._replace(generation=1, offset=each.offset + 9) for each in call.queue_events]
    clocks = [LogClock(source, (1, 0), after(-HOUR)) for source in Source]
    clocks += [LogClock(Source.CEL, (1, 5), BEFORE), LogClock(Source.QUEUE_LOG, (1, 5), after(-3))]
    machine = Machine(clocks=LogClocks(clocks))
    assert fold(events, lines, node="main", machine=machine) == fold(events, lines, node="main")


def test_a_call_of_an_archive_is_left_as_it_is() -> None:
    call = recorded("answered_caller_hangs_up")
    events = [each._replace(generation=-1) for each in call.events]
    clocks = [LogClock(Source.CEL, (1, 0), BEFORE), LogClock(Source.CEL, (1, 5), after(HOUR))]
    record = fold(events, node="main", machine=Machine(clocks=LogClocks(clocks)))
    assert record is not None
    assert record.talk_ms == 3_147
    assert "clock-set" not in record.reasons


@pytest.mark.parametrize("by", PUT)
def test_a_lost_end_is_waited_for_as_long_as_ever_when_the_clock_is_set(by: int) -> None:
    """The caller gave up by queue_log, and the file of channel events goes on without the end."""
    call = recorded("abandoned_in_queue")
    end = next(
        n for n, one in enumerate(call.events) if one.kind == "HANGUP" and one.channel == call.events[0].call
    )
    events = [each._replace(generation=1) for each in call.events[:end]]
    lines = [each._replace(generation=1) for each in call.queue_events]
    left_at = lines[-1].at
    clocks = LogClocks(
        [
            LogClock(Source.CEL, (1, 0), BEFORE),
            LogClock(Source.QUEUE_LOG, (1, 0), BEFORE),
            LogClock(Source.CEL, (1, 1 << 30), after(by)),
        ]
    )

    def over(seconds: int) -> bool:
        heard_to = left_at + by + seconds * SECOND
        record = fold(events, lines, node="main", machine=Machine(clocks=clocks), heard_to=heard_to)
        assert record is not None
        return record.finished

    assert not over(14)
    assert over(15)


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_call_that_was_hung_up_for_a_restart_is_told_when_the_clock_was_set_in_it(by: int) -> None:
    call = recorded("answered_caller_hangs_up")
    hung_up: Sequence[CallEvent] = [
        each._replace(extra=each.extra.replace(call.events[0].channel_name, ""), generation=1)
        if each.kind == "HANGUP"
        else each._replace(generation=1)
        for each in call.events
    ]
    turn = len(hung_up) - 5
    moved = [each._replace(at=each.at + by * (n >= turn)) for n, each in enumerate(hung_up)]
    clocks = [LogClock(Source.CEL, (1, 0), BEFORE), LogClock(Source.CEL, place(moved[turn]), after(by))]
    restart = Restart(moved[-1].at // SECOND * SECOND + 2 * SECOND)
    machine = Machine(Restarts([restart]), LogClocks(clocks))
    record = fold(moved, node="main", machine=machine)
    assert record is not None
    assert "asterisk-restart" in record.reasons.split()
    assert record.talk_ms == 3_147


@given(
    steps=st.lists(st.sampled_from(PUT), min_size=2, max_size=4),
    turns=st.lists(st.integers(1, 16), min_size=4, max_size=4),
)
def test_a_clock_that_is_set_several_times_changes_no_length(steps: list[int], turns: list[int]) -> None:
    call = recorded("answered_caller_hangs_up")
    events, clocks, by = list(call.events), [LogClock(Source.CEL, (1, 0), BEFORE)], 0
    events = [each._replace(generation=1) for each in events]
    for turn, step in zip(sorted(turns), steps, strict=False):
        by += step
        events = [each._replace(at=each.at + step * (n >= turn)) for n, each in enumerate(events)]
        clocks = [each for each in clocks if each.place != place(events[turn])]
        clocks.append(LogClock(Source.CEL, place(events[turn]), after(by)))
    record = fold(events, node="main", machine=Machine(clocks=LogClocks(clocks)))
    assert record is not None
    assert (record.talk_ms, record.total_ms) == (3_147, 6_011)

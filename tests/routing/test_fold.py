"""From recorded events to rows: every table in calls/, and what no table can show."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_ivr.routing.call_record import CallRecord, Discrepancy, EndedBy
from hotline_ivr.routing.cel import CallEvent, QueueEvent
from hotline_ivr.routing.fold import fold, hung_up_by_asterisk
from hotline_ivr.routing.fold_legs import device_of, operator_of
from hotline_ivr.routing.machine import Machine
from hotline_ivr.routing.restarts import Restart, Restarts
from hotline_ivr.routing.steps import Outcome
from tests.routing.call_tables import CALL, FOLDER, START, RecordedCall, micros, read_call, recorded_calls

RECORDED = recorded_calls()
SECOND = 1_000_000


def by_the_clock(restarted_at: int | None) -> Machine:
    """A start of Asterisk of which only the time is known."""
    return Machine(Restarts([] if restarted_at is None else [Restart(restarted_at)]))


def folded(
    events: Sequence[CallEvent], queue_events: Sequence[QueueEvent] = (), restarted_at: int | None = None
) -> CallRecord:
    record = fold(events, queue_events, node="main", machine=by_the_clock(restarted_at))
    assert record is not None
    return record


def recorded(name: str) -> RecordedCall:
    return read_call(FOLDER / f"{name}.txt")


def as_text(record: CallRecord, name: str, expected: str) -> str:
    value = getattr(record, name)
    if name.endswith("_at") and expected != "None":
        return expected if value == micros(expected) else f"{(value - START * SECOND) / SECOND}"
    return str(value)


def is_pair(call: RecordedCall) -> bool:
    """Whether the call begins with the two ends that ring an operator first."""
    return bool(call.events) and call.events[0].channel_name.startswith("Local/")


@pytest.mark.parametrize("call", RECORDED, ids=lambda call: call.name)
def test_a_recorded_call_gives_the_row_below_it(call: RecordedCall) -> None:
    record = folded(call.events, call.queue_events)
    assert {name: as_text(record, name, text) for name, text in call.expected.items()} == call.expected
    if call.legs:
        assert [(leg.operator, str(leg.result)) for leg in record.legs] == call.legs


@pytest.mark.parametrize(
    ("name", "talks"),
    [
        ("handed_to_a_colleague", {"anna": 10_000, "bjorn": 20_000}),
        ("handed_over_after_asking", {"anna": 10_001, "bjorn": 19_999}),
        ("handed_over_by_a_link", {"anna": 10_000, "chandra": 20_000}),
        ("handed_over_while_waiting", {"anna": 10_000, "chandra": 20_000}),
    ],
)
def test_the_talk_of_a_caller_who_is_handed_on_is_told_for_each_operator(
    name: str, talks: dict[str, int]
) -> None:
    record = folded(recorded(name).events, recorded(name).queue_events)
    assert {leg.operator: leg.talk_ms for leg in record.legs} == talks
    assert record.talk_ms == sum(talks.values())


@pytest.mark.parametrize(
    ("name", "answered", "ended"),
    [
        ("called_back_and_answered", "4.000", "29.004"),
        ("called_back_machine", "4.000", "9.004"),
        ("operator_first", "11.000", "31.004"),
    ],
)
def test_the_connection_to_who_was_called_back_has_an_end_by_which_it_is_paid(
    name: str, answered: str, ended: str
) -> None:
    record = folded(recorded(name).events, recorded(name).queue_events)
    (leg,) = (each for each in record.legs if each.channel == f"main-{START}.7")
    assert (leg.answered_at, leg.ended_at, leg.cause) == (micros(answered), micros(ended), 16)


def test_of_three_in_one_conversation_each_has_its_own_talk_and_the_caller_no_moment_twice() -> None:
    call = recorded("three_in_conversation")
    record = folded(call.events, call.queue_events)
    assert {leg.operator: leg.talk_ms for leg in record.legs} == {"anna": 18_000, "chandra": 20_000}
    assert record.talk_ms == 28_000


def test_which_of_several_telephones_took_a_call_is_told_by_the_channel() -> None:
    assert (operator_of("PJSIP/anna.desk.k3v9-0000001a"), device_of("PJSIP/anna.desk.k3v9-0000001a")) == (
        "anna",
        "desk",
    )
    assert (operator_of("PJSIP/anna.k3v9-0000001a"), device_of("PJSIP/anna.k3v9-0000001a")) == ("anna", None)
    assert operator_of("PJSIP/trunk-carrier-0000001a") is None


@pytest.mark.parametrize("call", RECORDED, ids=lambda call: call.name)
def test_every_recorded_call_that_is_over_has_exactly_one_outcome(call: RecordedCall) -> None:
    record = folded(call.events, call.queue_events)
    assert record.finished
    assert isinstance(record.outcome, Outcome)


@pytest.mark.parametrize("call", RECORDED, ids=lambda call: call.name)
def test_every_beginning_of_a_call_folds_and_is_over_only_at_its_end(call: RecordedCall) -> None:
    for count in range(1, len(call.events) + 1):
        known = call.events[:count]
        # Who is called back and has answered goes on alone.
        alone = any("callback-answered" in event.extra for event in known)
        own = f"main-{START}.7" if alone else CALL
        of_caller = {event.kind for event in known if event.channel == own}
        over = bool(of_caller & {"HANGUP", "CHAN_END"}) or known[-1].kind == "LINKEDID_END"
        if is_pair(call) and not any(event.kind == "HOTLINE" for event in known):
            # A pair of our own may be of anybody until the dialplan says what it is for.
            continue
        record = folded(known)
        assert record.finished == over
        assert record.outcome is not None or not over


@given(call=st.sampled_from(RECORDED), seed=st.integers(0, 2**32), doubled=st.integers(0, 30))
@settings(max_examples=300, deadline=None)
def test_events_in_any_order_and_twice_give_the_same_row(call: RecordedCall, seed: int, doubled: int) -> None:
    chance = random.Random(seed)
    events = [*call.events, *chance.choices(call.events, k=doubled if call.events else 0)]
    lines = [*call.queue_events, *chance.choices(call.queue_events, k=doubled if call.queue_events else 0)]
    chance.shuffle(events)
    chance.shuffle(lines)
    assert folded(events, lines) == folded(call.events, call.queue_events)


@given(call=st.sampled_from(RECORDED), seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_a_file_that_was_copied_and_read_again_changes_nothing(call: RecordedCall, seed: int) -> None:
    again = [event._replace(generation=2, offset=event.offset + 7) for event in call.events]
    lines = [event._replace(generation=2, offset=event.offset + 7) for event in call.queue_events]
    events = [*call.events, *again]
    random.Random(seed).shuffle(events)
    assert folded(events, [*call.queue_events, *lines]) == folded(call.events, call.queue_events)


@given(call=st.sampled_from(RECORDED), kept=st.sets(st.integers(0, 40)))
@settings(max_examples=300, deadline=None)
def test_whatever_part_of_a_call_is_known_folds_without_error_and_no_duration_is_negative(
    call: RecordedCall, kept: set[int]
) -> None:
    events = [event for place, event in enumerate(call.events) if place in kept]
    record = fold(events, call.queue_events, node="main", machine=by_the_clock(micros("100000")))
    if events and not (record is None and is_pair(call)):
        assert record is not None
        assert record.finished
        assert record.outcome is not None
        durations = (record.wait_ms, record.talk_ms, record.total_ms)
        assert all(value is None or value >= 0 for value in durations)


def test_unknown_events_and_broken_extras_are_passed_over() -> None:
    call = recorded("abandoned_in_greeting")
    first = call.events[0]._replace(at=micros("0.6"))
    extras = ("[1", "[1]", '{"extra":7}', '{"extra":"sing|la"}', "")
    strange = [
        *(first._replace(kind="HOTLINE", extra=text, offset=9_000 + n) for n, text in enumerate(extras)),
        first._replace(kind="STREAM_BEGIN", offset=9_010),
        first._replace(kind="BRIDGE_ENTER", channel="main-1.7", channel_name="Local/1@x-0;1", offset=9_011),
    ]
    with_strange = folded([*call.events, *strange])
    assert with_strange._replace(legs=()) == folded(call.events)


def test_a_call_that_asterisk_died_in_ends_when_it_was_last_heard_of() -> None:
    call = recorded("abandoned_in_queue")
    waiting = call.events[:5]
    record = folded(waiting, restarted_at=micros("30"))
    assert (record.outcome, record.ended_by, record.finished) == (Outcome.TECHNICAL, EndedBy.SYSTEM, True)
    assert record.ended_at == waiting[-1].at
    assert record.reasons == "open:always asterisk-restart"


def test_a_conversation_that_asterisk_died_in_was_answered_all_the_same() -> None:
    call = recorded("answered_operator_hangs_up")
    record = folded(call.events[:10], restarted_at=micros("30"))
    assert (record.outcome, record.ended_by, record.finished) == (Outcome.ANSWERED, EndedBy.SYSTEM, True)
    assert "asterisk-restart" in record.reasons


def test_a_call_that_asterisk_hung_up_for_its_restart_says_so_and_one_long_before_does_not() -> None:
    call = recorded("hung_up_by_asterisk")
    assert folded(call.events, restarted_at=micros("4")).reasons == "asterisk-restart"
    for moment in (None, micros("40")):
        assert folded(call.events, restarted_at=moment).reasons == "nothing-settled"
    by_the_caller = recorded("abandoned_in_greeting")
    assert "asterisk-restart" not in folded(by_the_caller.events, restarted_at=micros("4")).reasons


@pytest.mark.parametrize("name", ["talk_cut_by_restart", "talk_cut_blamed"])
def test_a_conversation_that_asterisk_ended_for_its_restart_is_not_put_down_to_the_operator(
    name: str,
) -> None:
    call = recorded(name)
    record = folded(call.events, call.queue_events, restarted_at=micros("11"))
    assert (record.outcome, record.ended_by) == (Outcome.ANSWERED, EndedBy.SYSTEM)
    assert record.reasons == "open:always asterisk-restart"
    assert hung_up_by_asterisk(call.events)
    later = folded(call.events, call.queue_events, restarted_at=micros("40"))
    assert "asterisk-restart" not in later.reasons


@pytest.mark.parametrize(
    "name", ["answered_operator_hangs_up", "answered_caller_hangs_up", "closed_heard_in_full", "timed_out"]
)
def test_what_somebody_or_the_dialplan_ended_shortly_before_a_restart_stays_theirs(name: str) -> None:
    call = recorded(name)
    record = folded(call.events, call.queue_events)
    assert record.ended_at is not None
    after = folded(call.events, call.queue_events, restarted_at=record.ended_at + 1_500_000)
    assert after == record
    assert not hung_up_by_asterisk(call.events)


def test_a_call_of_the_second_in_which_asterisk_started_is_cut_off_only_until_it_is_heard_of_again() -> None:
    call = recorded("abandoned_in_queue")
    started = micros("0")
    assert folded(call.events[:5], restarted_at=started).finished
    alive = CallEvent(
        "CHAN_START", micros("1.5"), "main-1.9", call.events[0].call, "PJSIP/anna.k3v9-00000009", "", 1, 9_000
    )
    again = folded([*call.events[:5], alive], restarted_at=started)
    assert not again.finished
    assert again.outcome is None


def test_a_call_that_began_after_the_restart_goes_on() -> None:
    call = recorded("abandoned_in_queue")
    assert not folded(call.events[:5], restarted_at=micros("-10")).finished


def test_a_call_that_ended_before_the_restart_stays_what_it_was() -> None:
    call = recorded("abandoned_in_queue")
    assert folded(call.events, call.queue_events, restarted_at=micros("50")).outcome is Outcome.ABANDONED


@pytest.mark.parametrize("channel", ["PJSIP/anna.k3v9-00000001", "Local/s@hotline-doctor-00000001;2"])
def test_what_came_from_no_carrier_and_reached_no_line_is_no_call_to_the_hotline(channel: str) -> None:
    call = recorded("abandoned_before_anything")
    own = [event._replace(channel_name=channel) for event in call.events]
    assert fold(own, node="main") is None
    assert fold((), node="main") is None


def test_a_call_to_the_control_number_is_no_callers_call() -> None:
    call = recorded("no_number_sent")
    ours = [
        event._replace(extra='{"extra":"control|+4722851299|+4790000001"}')
        if event.kind == "HOTLINE"
        else event
        for event in call.events
    ]
    assert fold(ours, node="main") is None


def test_the_first_settled_outcome_stands() -> None:
    call = recorded("timed_out")
    second = call.events[-3]._replace(kind="HOTLINE", extra='{"extra":"mark|technical"}', offset=1_850)
    assert folded([*call.events, second]).outcome is Outcome.TIMED_OUT


def test_a_wait_that_queue_log_never_saw_is_a_discrepancy() -> None:
    call = recorded("abandoned_in_queue")
    assert folded(call.events).discrepancy is Discrepancy.WAITED_UNSEEN_BY_QUEUE


def test_a_conversation_that_queue_log_calls_abandoned_is_a_discrepancy() -> None:
    call = recorded("answered_operator_hangs_up")
    lines = [call.queue_events[0], call.queue_events[1]._replace(kind="ABANDON", data=("1", "1", "7"))]
    record = folded(call.events, lines)
    assert (record.outcome, record.discrepancy) == (Outcome.ANSWERED, Discrepancy.ABANDONED_YET_BRIDGED)
    assert folded(call.events, lines[:1]).discrepancy is Discrepancy.BRIDGE_WITHOUT_CONNECT


def test_queue_lines_that_come_late_mend_the_row() -> None:
    call = recorded("timed_out")
    assert folded(call.events).unanswered_rings == 0
    assert folded(call.events, call.queue_events).unanswered_rings == 1


# The last channel events were lost, as on a full disk; `heard_to` is how far the file went on without them.


def cut_after(name: str, seconds: float) -> tuple[list[CallEvent], list[QueueEvent]]:
    """A call of which the file of channel events lacks all that came later."""
    call = recorded(name)
    return [each for each in call.events if each.at < (START + seconds) * SECOND], call.queue_events


@pytest.mark.parametrize(
    ("name", "known_s", "outcome", "discrepancy"),
    [
        ("answered_caller_hangs_up", 4, Outcome.ANSWERED, None),
        ("answered_caller_hangs_up", 2.859, Outcome.ANSWERED, Discrepancy.CONNECT_WITHOUT_BRIDGE),
        ("abandoned_in_queue", 3, Outcome.ABANDONED, None),
    ],
)
def test_a_call_whose_end_was_lost_ends_as_queue_log_has_it(
    name: str, known_s: float, outcome: Outcome, discrepancy: Discrepancy | None
) -> None:
    events, lines = cut_after(name, known_s)
    left_at = lines[-1].at
    early = fold(events, lines, node="main", heard_to=left_at + 14 * SECOND)
    assert early is not None
    assert not early.finished
    record = fold(events, lines, node="main", heard_to=left_at + 15 * SECOND)
    assert record is not None
    assert (record.finished, record.outcome, record.discrepancy) == (True, outcome, discrepancy)
    assert (record.ended_at, record.ended_by) == (max(left_at, events[-1].at), EndedBy.CALLER)
    assert "events-lost" in record.reasons


def test_after_an_operator_who_hung_up_an_end_is_waited_for_twice_as_long() -> None:
    events, lines = cut_after("answered_operator_hangs_up", 4)
    assert lines[-1].kind == "COMPLETEAGENT"
    left_at = lines[-1].at
    for after_s, over in ((29, False), (30, True)):
        record = fold(events, lines, node="main", heard_to=left_at + after_s * SECOND)
        assert record is not None
        assert record.finished is over


def test_a_call_that_goes_on_after_the_queue_has_lost_nothing() -> None:
    call = recorded("answered_caller_hangs_up")
    later = call.events[-1]._replace(kind="HOTLINE", at=call.events[-1].at + 60 * SECOND, offset=10**6)
    events, lines = cut_after("answered_caller_hangs_up", 4)
    record = fold([*events, later], lines, node="main", heard_to=2**62)
    assert record is not None
    assert not record.finished


def test_a_restart_soon_after_cuts_a_call_off_and_one_long_after_finds_its_end_lost() -> None:
    events, lines = cut_after("answered_caller_hangs_up", 4)
    left_at = lines[-1].at
    soon = folded(events, lines, restarted_at=left_at + 9 * SECOND)
    assert (soon.ended_by, soon.reasons.split()[-1]) == (EndedBy.SYSTEM, "asterisk-restart")
    late = folded(events, lines, restarted_at=left_at + 600 * SECOND)
    assert (late.ended_by, late.reasons.split()[-1]) == (EndedBy.CALLER, "events-lost")

"""Calls in hand: what queue_log says of somebody who was called back belongs to the call that rang them."""

from __future__ import annotations

from hotline_ivr.calls.calls_in_hand import CallsInHand, Limits
from hotline_ivr.calls.taken import Aliases, sort_by_call
from hotline_ivr.routing.call_record import CallKind
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.kept import keep_events, keep_queue_events
from hotline_ivr.routing.ledger import KeptCall, KeptEvents, Position, Reading
from hotline_ivr.routing.steps import Outcome
from tests.routing.call_tables import CALL, FOLDER, START, read_call

BACK = read_call(FOLDER / "called_back_and_answered.txt")
PERSON = f"main-{START}.7"
# In the file it stands by the channel that waits, which is not the one the call began with.
QUEUE_LOG = [event._replace(call=PERSON) for event in BACK.queue_events]


def reading(source: Source, events: list, end: int) -> Reading:  # type: ignore[type-arg]
    return Reading(
        before=None, after=Position(source, 1, 1, end, "1:a"), events=events, rejected=[], more=False
    )


def test_one_call_comes_of_both_files() -> None:
    hand = CallsInHand("main", Limits())
    cel, queue_log = reading(Source.CEL, BACK.events, 9), reading(Source.QUEUE_LOG, QUEUE_LOG, 9)
    batch, ended = hand.take(sort_by_call("main", cel, queue_log, hand.aliases), 0.0)
    (record,) = batch.records
    assert (record.id, record.kind, record.outcome) == (CALL, CallKind.CALLBACK, Outcome.ANSWERED)
    assert record.discrepancy is None
    assert [each.id for each in ended] == [CALL]
    assert {kept.call_id for kept in batch.events} == {CALL}


def test_it_does_so_after_a_start_in_mid_call_too() -> None:
    half = next(n for n, event in enumerate(BACK.events) if "wait|" in event.extra)
    hand = CallsInHand("main", Limits())
    stored = KeptEvents("main", CALL, Source.CEL.value, 1, 0, keep_events(BACK.events[:half]))
    hand.remember({CALL: KeptCall([stored], is_open=True)})
    cel = reading(Source.CEL, BACK.events[half:], 9)
    queue_log = reading(Source.QUEUE_LOG, QUEUE_LOG, 9)
    batch, _ = hand.take(sort_by_call("main", cel, queue_log, hand.aliases), 0.0)
    assert [record.id for record in batch.records] == [CALL]


def test_it_does_so_where_a_busy_asterisk_writes_queue_log_first() -> None:
    """Beside 30 calls a second, of 3,390 who were called back two became a second call, without an end."""
    said = next(n for n, event in enumerate(BACK.events) if "press|" in event.extra)
    hand, records = CallsInHand("main", Limits()), set()
    for cel, queue_log in (
        (reading(Source.CEL, BACK.events[:said], 9), reading(Source.QUEUE_LOG, QUEUE_LOG, 9)),
        (reading(Source.CEL, BACK.events[said:], 18), None),
    ):
        taken = sort_by_call("main", cel, queue_log, hand.aliases)
        assert taken.touched() == {CALL}
        batch, _ = hand.take(taken, 0.0)
        records |= {record.id for record in batch.records}
    assert records == {CALL}
    assert hand.stale() == []


def test_only_so_many_channels_are_remembered() -> None:
    aliases = Aliases()
    said = next(event for event in BACK.events if event.channel == PERSON and "press" in event.extra)
    for number in range(5_001):
        aliases.note(said._replace(channel=f"main-{number}.0"))
    assert aliases.call_of("main-0.0") == "main-0.0"
    assert aliases.call_of("main-5000.0") == CALL


def test_a_call_whose_end_was_lost_is_over_when_the_file_has_long_gone_on() -> None:
    call = read_call(FOLDER / "answered_caller_hangs_up.txt")
    known = [each for each in call.events if each.at < (START + 4) * 1_000_000]
    other = call.events[0]._replace(call="main-9.9", channel="main-9.9")
    for stored in (False, True):
        hand = CallsInHand("main", Limits())
        if stored:  # the service was started in between
            kept = [KeptEvents("main", CALL, Source.CEL.value, 1, 0, keep_events(known))]
            kept.append(KeptEvents("main", CALL, "queue_log", 1, 0, keep_queue_events(call.queue_events)))
            hand.remember({CALL: KeptCall(kept, is_open=True)})
        else:
            queue_log = reading(Source.QUEUE_LOG, call.queue_events, 9)
            hand.take(sort_by_call("main", reading(Source.CEL, known, 9), queue_log, hand.aliases), 0.0)
        ended, closed = [], []
        for seconds in (20, 30):
            cel = reading(Source.CEL, [other._replace(at=(START + seconds) * 1_000_000)], 9 + seconds)
            batch, over = hand.take(sort_by_call("main", cel, None, hand.aliases), float(seconds))
            ended.append([(each.id, each.outcome) for each in over])
            closed.append(list(batch.closed))
        assert ended == [[], [(CALL, Outcome.ANSWERED)]]
        assert closed == [[], [CALL]]

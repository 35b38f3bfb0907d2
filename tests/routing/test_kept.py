"""What is kept of a call's events is all that Asterisk wrote of them."""

from __future__ import annotations

import pytest

from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.kept import keep_events, keep_queue_events, kept_events, kept_queue_events
from tests.routing.call_tables import CALL, RecordedCall, recorded_calls

RECORDED = recorded_calls()


@pytest.mark.parametrize("call", RECORDED, ids=lambda call: call.name)
def test_kept_events_come_back_as_they_were_but_for_their_places(call: RecordedCall) -> None:
    if call.events:
        back = kept_events(keep_events(call.events), CALL, 1, 0)
        assert [event[:6] for event in back] == [event[:6] for event in call.events]
        assert [event.offset for event in back] == list(range(len(back)))
    if call.queue_events:
        lines = kept_queue_events(keep_queue_events(call.queue_events), CALL, 1, 0)
        assert [line[:6] for line in lines] == [line[:6] for line in call.queue_events]


@pytest.mark.parametrize("call", RECORDED, ids=lambda call: call.name)
@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_a_call_kept_in_pieces_folds_to_the_same_row(call: RecordedCall, at_once: int) -> None:
    pieces = [call.events[start : start + at_once] for start in range(0, len(call.events), at_once)]
    back = [event for piece in pieces for event in kept_events(keep_events(piece), CALL, 1, piece[0].offset)]
    assert fold(back, call.queue_events, node="main") == fold(call.events, call.queue_events, node="main")


def test_a_channel_that_changes_its_name_keeps_both_names() -> None:
    """As in a masquerade: the same unique id goes on under another name."""
    first = RECORDED[0].events[0]
    events = [first._replace(channel_name=name, offset=place) for place, name in enumerate("aabba")]
    back = kept_events(keep_events(events), CALL, 1, 0)
    assert [event.channel_name for event in back] == list("aabba")

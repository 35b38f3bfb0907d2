"""The balance proof of what a row says: operators, talks and outcomes, on both databases."""

from __future__ import annotations

import pytest

from hotline_ivr.routing.balance_sides import Reason
from tests.calls.asterisk_files import a_call
from tests.launch.place import Place


@pytest.mark.parametrize(
    ("name", "changed", "reason", "said"),
    [
        (
            "answered_caller_hangs_up",
            "UPDATE call SET operator = 'bjorn'",
            Reason.OPERATOR,
            "queue_log connected it with anna, the row says bjorn",
        ),
        (
            "answered_caller_hangs_up",
            "UPDATE call SET operator = NULL",
            Reason.OPERATOR,
            "queue_log connected it with anna, the row says None",
        ),
        (
            "answered_caller_hangs_up",
            "UPDATE leg SET operator = 'bjorn'",
            Reason.OPERATOR,
            "queue_log connected it with anna, the record has bjorn rung",
        ),
        (
            "handed_to_a_colleague",
            "UPDATE call SET operator = 'bjorn'",
            Reason.OPERATOR,
            "queue_log connected it with anna, the row says bjorn",
        ),
        (
            "dropped_at_once",
            "UPDATE call SET operator = 'chandra'",
            Reason.OPERATOR,
            "queue_log connected it with anna, bjorn, the row says chandra",
        ),
        (
            "answered_caller_hangs_up",
            "UPDATE leg SET talk_ms = talk_ms + 3000",
            Reason.TALK,
            "anna talked for 3 s by queue_log, 6.1 s by the record",
        ),
        (
            "answered_caller_hangs_up",
            "UPDATE leg SET talk_ms = NULL",
            Reason.TALK,
            "anna talked for 3 s by queue_log, 0.0 s by the record",
        ),
        (
            "called_back_and_answered",
            "UPDATE leg SET talk_ms = talk_ms - 3000",
            Reason.TALK,
            "anna talked for 20 s by queue_log, 17.0 s by the record",
        ),
        (
            "dropped_at_once",
            "UPDATE call SET talk_ms = talk_ms + 4000",
            Reason.TALK,
            "all talks were 4 s by queue_log, 8.0 s by the record",
        ),
        (
            "three_in_conversation",
            "UPDATE call SET talk_ms = talk_ms - 15000",
            Reason.TALK,
            "all talks were 18 s by queue_log, 13.0 s by the record",
        ),
        (
            "closed_heard_in_full",
            "UPDATE call SET outcome = 'technical'",
            Reason.OUTCOME,
            "the dialplan settled closed, the row says technical",
        ),
        (
            "closed_heard_in_full",
            "UPDATE call SET outcome = 'answered'",
            Reason.OUTCOME,
            "the dialplan settled closed and sent it to no queue, the row says answered",
        ),
        (
            "message_then_thanks",
            "UPDATE call SET outcome = 'closed'",
            Reason.OUTCOME,
            "the dialplan settled voicemail, the row says closed",
        ),
        (
            "timed_out",
            "UPDATE call SET outcome = 'no-operator'",
            Reason.OUTCOME,
            "the dialplan settled timed-out, the row says no-operator",
        ),
        (
            "over_limit_told",
            "UPDATE call SET outcome = 'overflowed'",
            Reason.OUTCOME,
            "the dialplan sent it nowhere outside, the row says overflowed",
        ),
        (
            "informed",
            "UPDATE call SET outcome = 'closed'",
            Reason.OUTCOME,
            "the dialplan settled nothing, the row says closed",
        ),
    ],
)
async def test_a_wrong_operator_talk_or_outcome_is_named_with_what_both_sides_say(
    place: Place, name: str, changed: str, reason: Reason, said: str
) -> None:
    call = a_call(name)
    place.write(call)
    await place.keep()
    assert (await place.proof()).even
    await place.change(changed)
    found = [(each.call, each.reason, each.text) for each in (await place.proof()).shown]
    assert (call.id, reason, said) in found

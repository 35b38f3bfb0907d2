"""Callers who meet a closed line, and callers who give up: where, and after how long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from hotline_ivr.testing.audio import Audio, recognise
from hotline_ivr.testing.ledger import EndedBy
from hotline_ivr.testing.phone import Telephones
from hotline_ivr.testing.plans import CLOSED, DESERTED, IMPATIENT, OPEN, line, plan
from hotline_ivr.testing.ports import free_port
from hotline_ivr.testing.stack import HotlineStack, MakeStack
from hotline_ivr.testing.stage_events import wait_event
from tests.acceptance.callers import dial

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(90)]


@pytest.fixture(scope="module")
def stack(make_stack: MakeStack) -> HotlineStack:
    # Nobody listens at anna's fixed address: Asterisk takes her phone for reachable, and it never answers.
    # Bo's phone has not registered, so nobody can serve his queue.
    made = make_stack(
        plan(
            {"anna": f"sip:anna@127.0.0.1:{free_port()}", "bo": None},
            now=datetime.now(UTC),
            ring_time=30,
            extra_queues={"empty": ["bo"]},
            extra_lines={
                "deserted": line("Deserted line", DESERTED, queue="empty"),
                "impatient": line("Line of short waits", IMPATIENT, max_wait=5),
            },
        )
    )
    made.start()
    return made


async def test_a_closed_line_says_so_hangs_up_and_is_recorded_as_closed(
    stack: HotlineStack, telephones: Telephones, prompt: Callable[[str], Audio]
) -> None:
    call = await dial(stack, telephones, "+4790020001", CLOSED)
    await call.wait_ended(30)
    assert call.row.ended_by is EndedBy.THEM
    closed = recognise(call.heard(), prompt("en/closed"))
    assert closed.recognised, closed
    assert closed.heard_s >= prompt("en/closed").seconds - 1.0, closed
    assert not recognise(call.heard(), prompt("en/greeting")).recognised

    record = await stack.wait_call("+4790020001")
    assert (record["outcome"], record["stage"], record["ended_by"]) == ("closed", "message", "system")
    assert record["wait_ms"] is None
    assert record["queue"] is None


async def test_who_hangs_up_during_the_closed_message_has_met_a_closed_line(
    stack: HotlineStack, telephones: Telephones
) -> None:
    call = await dial(stack, telephones, "+4790020002", CLOSED)
    await wait_event(stack.settings.cel_file, "+4790020002", "play", 5)
    await call.hang_up()
    record = await stack.wait_call("+4790020002")
    assert (record["outcome"], record["ended_by"]) == ("closed", "caller")


async def test_who_gives_up_in_the_greeting_is_abandoned_there_and_never_waited(
    stack: HotlineStack, telephones: Telephones, prompt: Callable[[str], Audio]
) -> None:
    call = await dial(stack, telephones, "+4790020003", OPEN)
    await call.wait_heard(lambda heard: heard.seconds > 1.4, 8, "the beginning of the greeting")
    await call.hang_up()
    assert recognise(call.heard(), prompt("en/greeting")).recognised
    record = await stack.wait_call("+4790020003")
    assert (record["outcome"], record["stage"], record["ended_by"]) == ("abandoned", "greeting", "caller")
    assert record["wait_ms"] is None


async def test_who_gives_up_while_a_phone_rings_is_abandoned_there_with_the_whole_wait(
    stack: HotlineStack, telephones: Telephones
) -> None:
    call = await dial(stack, telephones, "+4790020004", OPEN)
    waiting = await wait_event(stack.settings.cel_file, "+4790020004", "wait", 20)
    since = waiting.at
    await call.wait_heard(lambda heard: heard.seconds > 2, 10, "two seconds of music", since=since)
    await call.hang_up()
    record = await stack.wait_call("+4790020004")
    assert record["outcome"] == "abandoned"
    assert record["stage"] in {"queue", "ringing"}
    assert call.row.ended is not None
    assert record["wait_ms"] == pytest.approx((call.row.ended - since) * 1000, abs=50)


async def test_who_waits_longer_than_the_line_allows_hears_sorry_and_is_timed_out(
    stack: HotlineStack, telephones: Telephones, prompt: Callable[[str], Audio]
) -> None:
    call = await dial(stack, telephones, "+4790020005", IMPATIENT)
    left = await wait_event(stack.settings.cel_file, "+4790020005", "left", 30)
    assert left.fields[2] == "TIMEOUT"
    await call.wait_ended(30)
    assert recognise(call.heard(left.at), prompt("en/sorry")).recognised
    record = await stack.wait_call("+4790020005")
    assert (record["outcome"], record["ended_by"]) == ("timed-out", "system")
    assert 4_000 <= record["wait_ms"] <= 7_000


async def test_where_no_operator_can_be_reached_the_caller_hears_sorry_at_once(
    stack: HotlineStack, telephones: Telephones, prompt: Callable[[str], Audio]
) -> None:
    call = await dial(stack, telephones, "+4790020006", DESERTED)
    await call.wait_ended(40)
    assert recognise(call.heard(), prompt("en/sorry")).recognised
    record = await stack.wait_call("+4790020006")
    assert (record["outcome"], record["ended_by"]) == ("no-operator", "system")

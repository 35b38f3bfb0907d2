"""The balance proof over a record that the keeper made of Asterisk's files, on both databases."""

from __future__ import annotations

import gzip
import shutil
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hotline_ivr.launch.balancing import Span, prove, prove_and_keep, span_of_day
from hotline_ivr.routing.balance_sides import Reason
from hotline_ivr.store.balance import nights
from hotline_ivr.store.engine import open_store
from tests.calls.asterisk_files import Written, a_call, cel_line, queue_line, started
from tests.launch.place import DAY, NAMES, ZONE, Place
from tests.routing.call_tables import START

# Their two files tell different stories, or one of them tells nothing.
AT_ODDS = {
    "only_queue_log": {Reason.NO_EVENTS},
    "connect_without_bridge": {Reason.CONNECT, Reason.STORIES},
    "menu_to_queue": {Reason.STORIES},
    "informed_but_waits": {Reason.STORIES},
}


def remove_line(file: Path, number: int) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    del lines[number]
    file.write_bytes(b"".join(lines))


@pytest.mark.parametrize("name", NAMES)
async def test_every_recorded_call_balances(tmp_path: Path, name: str) -> None:
    place = Place(tmp_path / "state", f"sqlite:///{tmp_path / 'hotline.db'}")
    call = a_call(name)
    place.write(call)
    if not call.events:
        place.files.write(a_call("closed_heard_in_full", 1, -600))
    await place.keep()
    report = await place.proof()
    reasons = {each.reason for each in report.shown}
    assert reasons <= AT_ODDS.get(name, set()), report.shown
    assert bool(reasons) == (name in AT_ODDS), report.shown
    assert all(sums.even for sums in report.lines.values())
    assert report.arrivals + report.callbacks >= 1


async def test_arrivals_are_the_sum_of_outcomes_and_calls_back_are_none(place: Place) -> None:
    place.write(
        a_call("answered_caller_hangs_up"),
        a_call("abandoned_in_queue", 1, 20),
        a_call("called_back_engaged", 2, 40),
        a_call("answered_operator_hangs_up", 3, 60),
    )
    await place.keep()
    report = await place.proof()
    assert report.even
    assert report.lines["demo"].outcomes == Counter(answered=2, abandoned=1)
    assert (report.arrivals, report.lines["demo"].written, report.callbacks) == (3, 3, 1)


async def test_a_row_that_was_deleted_is_named(place: Place) -> None:
    gone = a_call("abandoned_in_queue", 1, 20)
    place.write(a_call("answered_caller_hangs_up"), gone)
    await place.keep()
    await place.change(f"DELETE FROM call WHERE id = '{gone.id}'")  # noqa: S608
    report = await place.proof()
    assert [(each.call, each.reason) for each in report.shown] == [(gone.id, Reason.NO_ROW)]
    assert "arrived at line demo" in report.shown[0].text
    assert (report.arrivals, report.even, report.lines["demo"].even) == (2, False, False)


async def test_each_line_that_vanishes_from_either_file_is_named(place: Place) -> None:
    call = a_call("second_operator_answers", 1, 20)
    place.write(a_call("closed_heard_in_full"), call)
    await place.keep()
    before = len(a_call("closed_heard_in_full").events)
    for number in range(len(call.events)):
        whole = place.files.cel.read_bytes()
        remove_line(place.files.cel, before + number)
        assert (call.id, Reason.EVENTS) in await place.found(), call.events[number]
        place.files.cel.write_bytes(whole)
    before = len(place.files.queue_log.read_bytes().splitlines()) - len(call.queue_events)
    for number in range(len(call.queue_events)):
        whole = place.files.queue_log.read_bytes()
        remove_line(place.files.queue_log, before + number)
        assert (call.id, Reason.QUEUE_LINES) in await place.found(), call.queue_events[number]
        place.files.queue_log.write_bytes(whole)
    assert (await place.proof()).even


async def test_a_call_that_is_in_no_file_is_named_unless_the_files_do_not_reach_back_so_far(
    place: Place,
) -> None:
    first, second = a_call("answered_caller_hangs_up"), a_call("abandoned_in_queue", 1, 20)
    place.write(first, second)
    await place.keep()
    whole = place.files.cel.read_bytes()
    place.files.cel.write_bytes(b"".join(map(cel_line, first.events)))
    assert await place.found() == {(second.id, Reason.NO_EVENTS)}
    place.files.cel.write_bytes(whole.removeprefix(b"".join(map(cel_line, first.events))))
    report = await place.proof()
    assert (report.even, report.arrivals) == (True, 2)
    assert report.files_since == second.events[0].at


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ("outcome = 'abandoned'", Reason.CONNECT),
        ("outcome = 'lost in space'", Reason.NO_OUTCOME),
        ("outcome = NULL", Reason.NO_OUTCOME),
        ("line = 'other'", Reason.LINE),
        ("queue = 'other'", Reason.QUEUE),
        ("kind = 'callback'", Reason.KIND),
        ("finished = FALSE", Reason.STILL_OPEN),
    ],
)
async def test_a_row_that_says_something_else_is_named(place: Place, changed: str, reason: Reason) -> None:
    call = a_call("answered_caller_hangs_up")
    place.write(call, a_call("abandoned_in_queue", 1, 20))
    await place.keep()
    await place.change(f"UPDATE call SET {changed} WHERE id = '{call.id}'")  # noqa: S608
    assert (call.id, reason) in await place.found()
    assert not (await place.proof()).even


async def test_an_answer_that_queue_log_denies_and_a_caller_who_gave_up_are_named(place: Place) -> None:
    call = a_call("abandoned_in_queue")
    place.write(call)
    await place.keep()
    await place.change("UPDATE call SET outcome = 'answered'")
    assert (call.id, Reason.NO_CONNECT) in await place.found()
    await place.change("UPDATE call SET outcome = 'closed'")
    assert (call.id, Reason.ABANDON) in await place.found()


async def test_a_call_that_two_nodes_have_is_named(place: Place) -> None:
    call = a_call("answered_caller_hangs_up")
    place.write(call)
    await place.keep()
    columns = "id, line, number, caller, caller_name, caller_kind, arrived_at, last_event_at, stage, reasons,"
    columns += " rings, unanswered_rings, finished"
    await place.change(
        f"INSERT INTO call (node, {columns}) SELECT 'spare', {columns} FROM call"  # noqa: S608
    )
    assert await place.found() == {(call.id, Reason.DOUBLED)}


async def test_a_call_under_way_is_no_fault_and_one_that_asterisk_cut_off_is_over(place: Place) -> None:
    call = a_call("answered_caller_hangs_up")
    half = Written(call.events[:8], call.queue_events[:1])
    place.write(half)
    await place.keep()
    report = await place.proof()
    assert (report.even, report.under_way, report.arrivals) == (True, 1, 1)
    place.files.add_queue(started(60))
    assert await place.found() == {(call.id, Reason.STILL_OPEN)}
    await place.keep()
    report = await place.proof()
    assert (report.even, report.under_way) == (True, 0)


async def test_rotated_compressed_and_copied_files_are_read_once_each(place: Place) -> None:
    first, second, third = (a_call("second_operator_answers", n, 20 * n) for n in range(3))
    place.write(first)
    await place.keep()
    with gzip.open(f"{place.files.cel}.2.gz", "wb") as file:
        file.write(place.files.cel.read_bytes())
    place.files.cel.rename(f"{place.files.cel}.2")
    place.files.write(second)
    await place.keep()
    Path(f"{place.files.cel}.2").unlink()
    shutil.copy2(place.files.cel, f"{place.files.cel}-20261123")
    place.files.write(third)
    await place.keep()
    report = await place.proof()
    assert (report.even, report.arrivals, report.lines["demo"].written) == (True, 3, 3), report.shown


async def test_lines_that_are_no_records_are_counted_and_what_follows_is_read(place: Place) -> None:
    call = a_call("answered_caller_hangs_up")
    place.write(a_call("closed_heard_in_full", 1, -60))
    place.files.add(b"\x00\xff rubbish\n" + cel_line(call.events[0])[:40] + cel_line(call.events[0]))
    place.files.add(b"".join(map(cel_line, call.events[1:])))
    place.files.add_queue(b"1795451000|main-1.1|ma" + started(1) + b"nonsense\n")
    place.files.add_queue(b"".join(map(queue_line, call.queue_events)))
    await place.keep()
    report = await place.proof()
    assert report.even, report.shown
    assert report.unreadable == 2


async def test_without_files_the_sums_alone_are_proved(place: Place) -> None:
    place.write(a_call("answered_caller_hangs_up"))
    await place.keep()
    place.files.cel.unlink()
    place.files.queue_log.unlink()
    report = await place.proof()
    assert (report.even, report.files_since, report.arrivals) == (True, None, 1)


async def test_what_happened_a_moment_ago_is_not_judged(place: Place) -> None:
    """The file has it, the row comes a quarter of a second later."""
    place.write(a_call("closed_heard_in_full", 1, -60))
    await place.keep()
    now = datetime.now(UTC).timestamp()
    place.files.write(a_call("answered_caller_hangs_up", 2, now - START - 3))
    today = Span(datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1))
    assert (await prove(place.settings, today)).even


async def test_a_night_is_kept_once_a_day(place: Place) -> None:
    place.write(a_call("answered_caller_hangs_up"))
    await place.keep()
    assert (await prove_and_keep(place.settings, DAY, ZONE)).even
    await place.change("DELETE FROM call")
    assert not (await prove_and_keep(place.settings, DAY, ZONE)).even
    store = open_store(place.settings.database)
    (night,) = await store.read(lambda connection: nights(connection, "main", 10))
    await store.close()
    assert (night.day, night.differences, night.even) == (DAY.isoformat(), 1, False)


def test_a_day_on_which_the_clock_is_changed_has_23_or_25_hours() -> None:
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 27), 24)):
        span = span_of_day(day, ZONE)
        assert span.until - span.since == timedelta(hours=hours)


async def test_a_call_that_was_sent_to_a_full_queue_first_is_no_fault(place: Place) -> None:
    """A queue that is full writes nothing; the row has the first queue, queue_log the second."""
    call = a_call("abandoned_in_queue")
    place_of = next(n for n, event in enumerate(call.events) if '"wait|' in event.extra)
    wait = call.events[place_of]
    full = wait._replace(extra=wait.extra.replace("wait|main", "wait|full"), at=wait.at - 1_000)
    events = [*call.events[:place_of], full, *call.events[place_of:]]
    place.write(Written([event._replace(offset=n) for n, event in enumerate(events)], call.queue_events))
    await place.keep()
    assert await place.found() == set()

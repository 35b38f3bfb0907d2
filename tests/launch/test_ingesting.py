"""Old logs into the record, on both databases: each event once, whatever was read before."""

from __future__ import annotations

import gzip
import lzma
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from hotline_ivr.asterisk.archives import look_at, pieces
from hotline_ivr.errors import ArgumentError, StoreError
from hotline_ivr.launch.ingesting import Ingested, ingest_files
from hotline_ivr.routing.kept import kept_queue_events
from hotline_ivr.store.archives import add_events
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.schema import metadata
from hotline_ivr.store.tables import call_event, rejected_line
from tests.calls.asterisk_files import AsteriskFiles, Written, a_call, cel_line, queue_line, started
from tests.launch.place import NAMES, Place
from tests.launch.test_refolding import refold, rows


def every_call() -> list[Written]:
    return [a_call(name, number, 100 * number) for number, name in enumerate(NAMES)]


async def ingest(place: Place, *files: Path, node: str = "main") -> Ingested:
    await upgrade(place.settings.database)
    return await ingest_files(place.settings, files, node, lambda *_: None)


async def counts(place: Place) -> dict[str, int]:
    """Rows of every table."""

    def count(connection: Connection) -> dict[str, int]:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
        }

    store = open_store(place.settings.database)
    try:
        return await store.read(count)
    finally:
        await store.close()


def in_two(file: Path, lines: int) -> list[Path]:
    """A log as two rotated ones, the older first."""
    data = file.read_bytes().splitlines(keepends=True)
    made = [file.with_name(f"{file.name}.2"), file.with_name(f"{file.name}.1")]
    for path, some in zip(made, (data[:lines], data[lines:]), strict=True):
        path.write_bytes(b"".join(some))
    return made


def write(attic: AsteriskFiles, calls: Sequence[Written]) -> None:
    attic.add_queue(started(-1))
    attic.write(*calls)


async def test_old_logs_give_the_rows_that_the_service_would_have_made(
    place: Place, attic: AsteriskFiles, tmp_path: Path
) -> None:
    live = Place(tmp_path / "live", f"sqlite:///{tmp_path / 'live.db'}")
    live.write(*every_call())
    await live.keep()
    write(attic, every_call())
    done = await ingest(place, attic.queue_log, attic.cel)
    assert (done.files, done.added, done.rejected) == (2, done.read, 0)
    assert await rows(place) == await rows(live)
    assert (await refold(place)).changed == 0


@pytest.mark.parametrize("cut", [1, 30, 200, 301])
async def test_logs_that_were_rotated_in_the_middle_of_calls_come_in_any_order(
    place: Place, attic: AsteriskFiles, cut: int
) -> None:
    calls = every_call()
    write(attic, calls)
    older, newer = in_two(attic.cel, cut)
    first, last = in_two(attic.queue_log, max(1, cut // 8))
    await ingest(place, newer, last)
    await ingest(place, older, first)
    found = await rows(place)
    wanted = {call.id: call.row() for call in calls}
    unlike = {
        key: (row[20:24], tuple(wanted[key])[20:24])
        for key, row in found.items()
        if key in wanted and row[20:24] != tuple(map(_text, tuple(wanted[key])[20:24]))
    }
    assert not unlike
    assert len(found) == len(wanted) + 1


def _text(value: object) -> object:
    return str(value) if isinstance(value, str) else value


async def test_a_file_that_comes_twice_adds_nothing(place: Place, attic: AsteriskFiles) -> None:
    write(attic, every_call())
    await ingest(place, attic.cel, attic.queue_log)
    before, stood = await counts(place), await rows(place)
    packed = attic.cel.with_name("again.gz")
    packed.write_bytes(gzip.compress(attic.cel.read_bytes(), mtime=0))
    for files in ([attic.cel, attic.queue_log], [packed], [attic.queue_log]):
        assert (await ingest(place, *files)).added == 0
        assert await counts(place) == before
    assert await rows(place) == stood


async def test_a_file_that_the_service_has_read_adds_nothing(place: Place) -> None:
    place.write(*every_call())
    await place.keep()
    before, stood = await counts(place), await rows(place)
    for files in ([place.files.queue_log], [place.files.cel], [place.files.cel, place.files.queue_log]):
        done = await ingest(place, *files)
        assert (done.added, done.rows.looked_at) == (0, 0)
        assert await counts(place) == before
    assert await rows(place) == stood


async def test_what_the_service_missed_is_added_and_the_service_reads_on_where_it_stood(
    place: Place, attic: AsteriskFiles
) -> None:
    """A rotated file vanished before it was read; a copy turns up, with the end of one call and more."""
    first, second, third = (a_call("second_operator_answers", n, 20 * n) for n in range(3))
    place.write()
    place.files.add(b"".join(map(cel_line, first.events[:9])))
    await place.keep()
    attic.add(b"".join(map(cel_line, [*first.events[9:], *second.events])))
    attic.add_queue(b"".join(map(queue_line, [*first.queue_events, *second.queue_events])))
    place.files.write(third)
    await place.keep()
    # The one that is under way is the service's, until Asterisk is known to have ended it.
    done = await ingest(place, attic.cel, attic.queue_log)
    assert done.rows.under_way > 0
    place.files.add_queue(started(6000))
    await place.keep()
    found = await rows(place)
    assert {key: row[21] for key, row in found.items() if key != "legs"} == dict.fromkeys(
        (first.id, second.id, third.id), "answered"
    )
    fourth = a_call("closed_heard_in_full", 3, 100)
    place.files.write(fourth)
    await place.keep()
    assert fourth.id in await rows(place)
    assert (await ingest(place, attic.cel, attic.queue_log)).added == 0


async def test_a_service_that_begins_after_an_archive_was_taken_in_reads_its_own_files_from_the_start(
    place: Place, attic: AsteriskFiles
) -> None:
    write(attic, [a_call("answered_caller_hangs_up")])
    await ingest(place, attic.cel, attic.queue_log)
    place.write(a_call("closed_heard_in_full", 1, 100))
    await place.keep()
    assert set(await rows(place)) == {a_call("closed_heard_in_full", n).id for n in (0, 1)} | {"legs"}


async def test_ingesting_that_was_stopped_half_way_is_finished_by_doing_it_again(
    place: Place, attic: AsteriskFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(attic, every_call())
    for number in range(len(NAMES), 400):
        attic.write(a_call("second_operator_answers", number, 100 * number))
    whole = add_events
    count = 0

    def breaks(*arguments: object) -> object:
        nonlocal count
        count += 1
        if count == 3:
            raise StoreError("the power is gone")
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("hotline_ivr.launch.ingesting.add_events", breaks)
    with pytest.raises(StoreError):
        await ingest(place, attic.cel, attic.queue_log)
    assert 0 < len(await rows(place)) < 300
    await ingest(place, attic.cel, attic.queue_log)
    assert len(await rows(place)) == 400 + 1
    assert (await ingest(place, attic.cel, attic.queue_log)).added == 0
    assert (await refold(place)).changed == 0


async def test_lines_that_are_no_records_are_counted_and_the_rest_is_taken(
    place: Place, attic: AsteriskFiles
) -> None:
    call = a_call("answered_caller_hangs_up")
    attic.add(b"".join(map(cel_line, call.events[:5])) + b"\x00rubbish\n")
    attic.add(b"".join(map(cel_line, call.events[5:])) + cel_line(call.events[0])[:50])
    done = await ingest(place, attic.cel)
    assert (done.added, done.rejected) == (len(call.events), 2)


async def test_lines_that_are_no_records_are_kept_once_as_the_service_keeps_them(
    place: Place, attic: AsteriskFiles
) -> None:
    write(attic, [a_call("answered_caller_hangs_up")])
    whole = attic.cel.read_bytes()
    attic.add(b"\x00rubbish\n")
    attic.add_queue(b"17|not a line\n1795451")
    await ingest(place, attic.cel, attic.queue_log)
    lines = attic.queue_log.read_bytes()
    wanted = [
        ("cel", len(whole), 8, "not-a-record", b"\x00rubbish"),
        ("queue_log", lines.index(b"17|not"), 13, "not-a-record", b"17|not a line"),
        ("queue_log", len(lines) - 7, 7, "cut-off", b"1795451"),
    ]
    assert await kept_apart(place) == wanted
    packed = attic.cel.with_name("again.gz")
    packed.write_bytes(gzip.compress(attic.cel.read_bytes(), mtime=0))
    await ingest(place, packed, attic.queue_log)
    assert await kept_apart(place) == wanted


async def test_a_line_that_the_service_has_kept_apart_is_not_kept_again(place: Place) -> None:
    place.write(a_call("answered_caller_hangs_up"))
    place.files.add(b"\x00rubbish\n")
    await place.keep()
    stood = await kept_apart(place)
    assert len(stood) == 1
    assert (await ingest(place, place.files.cel)).rejected == 1
    assert await kept_apart(place) == stood


async def kept_apart(place: Place) -> list[tuple[object, ...]]:
    columns = rejected_line.c
    wanted = select(columns.source, columns.start, columns.length, columns.reason, columns.data)
    store = open_store(place.settings.database)
    try:
        found = await store.read(
            lambda connection: connection.execute(wanted.order_by(columns.source, columns.start)).all()
        )
    finally:
        await store.close()
    return [tuple(row) for row in found]


@pytest.mark.parametrize("names", ["own and later", "two later"])
async def test_lines_of_a_call_back_under_all_its_names_are_kept(
    place: Place, attic: AsteriskFiles, names: str
) -> None:
    """queue_log names the call by the channel that waits: our own, or that of who was rung."""
    call = a_call("called_back_and_answered")
    later = sorted({event.channel for event in call.events} - {call.id})
    first, second = (call.id, later[0]) if names == "own and later" else (later[0], later[1])
    lines = [
        line._replace(call=first if number < 2 else second) for number, line in enumerate(call.queue_events)
    ]
    assert {line.call for line in lines} == {first, second}
    # Another file, and another day: nothing remembers the channels but the record.
    attic.add(b"".join(map(cel_line, call.events)))
    await ingest(place, attic.cel)
    attic.add_queue(started(-1) + b"".join(map(queue_line, lines)))
    done = await ingest(place, attic.queue_log)
    assert done.added == len(lines) + 1
    wanted = {call.id: [(line.at, line.kind) for line in call.queue_events]}
    assert await lines_of_calls(place) == wanted
    assert (await ingest(place, attic.queue_log)).added == 0
    assert await lines_of_calls(place) == wanted


async def lines_of_calls(place: Place) -> dict[str, list[tuple[int, str]]]:
    """queue_log's lines as the record has them, by call."""
    columns = call_event.c
    wanted = select(columns.call_id, columns.generation, columns.start, columns.events).where(
        columns.source == "queue_log"
    )
    store = open_store(place.settings.database)
    try:
        rows = await store.read(lambda connection: connection.execute(wanted).all())
    finally:
        await store.close()
    found: dict[str, list[tuple[int, str]]] = {}
    for ident, generation, start, data in rows:
        lines = kept_queue_events(data, ident, generation, start)
        found.setdefault(ident, []).extend((line.at, line.kind) for line in lines)
    return found


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no whole line"),
        (b"no line end", "holds no whole line"),
        (b"Dear Sir,\nwe write to you\n" * 50, "is no log of Asterisk: of its first 100 lines 0 can be read"),
        (bytes(range(256)) * 100, "is no log of Asterisk"),
        (b'{"eventtype":"HANGUP"}\n' * 20, "is no log of Asterisk"),
        (gzip.compress(b"Dear Sir,\n" * 9, mtime=0), "is no log of Asterisk"),
        (gzip.compress(b"x" * 9000, mtime=0)[:30], "cannot be read"),
    ],
)
async def test_what_is_no_log_is_refused_before_anything_is_written(
    place: Place, attic: AsteriskFiles, content: bytes, said: str
) -> None:
    write(attic, [a_call("answered_caller_hangs_up")])
    wrong = attic.cel.with_name("letter.txt")
    wrong.write_bytes(content)
    with pytest.raises(ArgumentError, match=said):
        await ingest(place, attic.cel, wrong)
    assert (await counts(place))["call"] == 0


async def test_a_file_that_is_not_there_and_a_folder_are_refused(place: Place, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(ArgumentError, match="cannot be read"):
            await ingest(place, path)


async def test_calls_of_another_node_are_taken_in_under_its_name_alone(
    place: Place, attic: AsteriskFiles
) -> None:
    write(attic, [a_call("answered_caller_hangs_up")])
    for file in (attic.cel, attic.queue_log):
        file.write_bytes(file.read_bytes().replace(b"main-", b"spare-"))
    with pytest.raises(ArgumentError, match="its calls are of node spare, not main: say --node spare"):
        await ingest(place, attic.cel)
    await ingest(place, attic.cel, attic.queue_log, node="spare")
    (row,) = [row for key, row in (await rows(place)).items() if key != "legs"]
    assert row[0] == "spare"


async def test_of_a_damaged_archive_what_was_whole_is_taken_and_the_place_is_told(
    place: Place, attic: AsteriskFiles
) -> None:
    for number in range(300):
        attic.write(a_call("second_operator_answers", number, 20 * number))
    data = lzma.compress(attic.cel.read_bytes())
    packed = attic.cel.with_name("cel.xz")
    packed.write_bytes(data[: len(data) * 3 // 4])
    with pytest.raises(ArgumentError, match=r"damaged behind byte [0-9]+"):
        await ingest(place, packed)
    assert (await counts(place))["call"] > 10
    packed.write_bytes(data)
    await ingest(place, packed)
    assert (await counts(place))["call"] == 300


def test_a_large_archive_is_never_held_whole(attic: AsteriskFiles) -> None:
    lines = b"".join(map(cel_line, a_call("second_operator_answers").events))
    packed = attic.cel.with_name("large.gz")
    with gzip.open(packed, "wb", compresslevel=1) as file:
        for _ in range(4_000):
            file.write(lines)
    size = len(lines) * 4_000
    assert size > 20_000_000
    archive = look_at(packed)
    tracemalloc.start()
    count = sum(len(piece.events) for piece in pieces(archive, -1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == len(a_call("second_operator_answers").events) * 4_000
    assert peak < 8_000_000

"""Service and receiver are killed together at any moment: every call is told, its versions in order."""

from __future__ import annotations

import json
import multiprocessing
import random
import signal
import socket
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from hotline_ivr.store.engine import open_store
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.testing.ports import free_port
from tests.calls.asterisk_files import AsteriskFiles
from tests.calls.hook_processes import receive, serve_until_killed
from tests.calls.keeping import many_calls, mixed, written

MOST_LIVES = 60
MOMENTS = (60, 500)
CALLS = 60


def started(target: object, *arguments: object) -> ForkServerProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.calls.hook_processes"])
    process = context.Process(target=target, args=arguments)  # type: ignore[arg-type]
    process.start()
    return process


def live(url: str, folder: Path, port: int, moment: int) -> int | None:
    """One life of both; the receiver dies with the service. The service's exit code."""
    receiver = started(receive, port, str(folder / "arrived"))
    while not _answers(port):
        assert receiver.is_alive()
    service = started(serve_until_killed, url, str(folder), port, moment)
    service.join(60)
    receiver.kill()
    receiver.join(20)
    return service.exitcode


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.timeout(240)
async def test_nothing_is_lost_and_nothing_overtakes(tmp_path: Path, database_url: str) -> None:
    chance = random.Random(7)
    calls = many_calls(CALLS)
    cel, queue_log = mixed(calls)
    files = AsteriskFiles(tmp_path)
    files.add(cel)
    files.add_queue(queue_log)
    (tmp_path / "secret").write_text("s3cret")
    await upgrade(database_url)
    port, codes = free_port(), list[int | None]()
    while 0 not in codes:
        assert len(codes) < MOST_LIVES
        codes.append(live(database_url, tmp_path, port, chance.randint(*MOMENTS)))
    # A quick machine is done after few lives.
    assert codes.count(-signal.SIGKILL) >= 1, codes
    arrived = [json.loads(line) for line in (tmp_path / "arrived").read_text().splitlines()]
    store = open_store(database_url)
    rows = await written(store)
    told: dict[str, Any] = {}
    for body in arrived:
        known = told.get(body["subject"], {"version": 0, "id": ""})
        # What comes again is the message that came last; what is new is the next version.
        assert body["id"] == known["id"] or body["version"] == known["version"] + 1, body["id"]
        told[body["subject"]] = body
    assert set(told) == set(rows)
    assert max(body["version"] for body in arrived) > 1
    outcomes = await store.read(
        lambda connection: connection.exec_driver_sql("SELECT id, outcome, talk_ms, stage FROM call").all()
    )
    for ident, outcome, talk_ms, stage in outcomes:
        call = told[ident]["data"]["call"]
        assert (call["outcome"], call["talk_ms"], call["stage"]) == (outcome, talk_ms, stage)
    # Of each life at most what was under way and not yet noted comes twice.
    assert len(arrived) - len({body["id"] for body in arrived}) <= 40 * len(codes)
    await store.close()

"""The power fails two hundred times while a service writes: what was acknowledged is there each time.

The disk is `disk.py`'s: real ext4 on a real block device, whose cache is lost by lot. `keeper.py` writes on
it and says what is safe. The disk as the cut has left it is mounted as a machine would, and read by the
product.
"""

from __future__ import annotations

import mmap
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from hotline_ivr.control.alert_spool import AlertSpool
from hotline_ivr.control.audit import AuditTrail
from hotline_ivr.control.erasures_file import ErasuresFile
from hotline_ivr.control.overrides_file import OverridesFile
from hotline_ivr.control.presence_file import PresenceFile
from hotline_ivr.errors import HotlineError
from tests.power.disk import Mounted, PowerCutDisk, make_ext4
from tests.power.keeper import BEGUN, EVENTS_EACH, NAMES

CUTS = 100
"""Of each of both sorts."""
DISK_BYTES = 32 * 2**20
LONGEST_BETWEEN_S = 0.08
CHECKOUT = Path(__file__).parents[2]

pytestmark = pytest.mark.timeout(300)


@dataclass
class Keeper:
    """The process that writes, and what it has said so far."""

    process: subprocess.Popen[str]
    said: dict[str, int] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):  # the last one, of a process that was killed, may be cut off
                name, _, count = line.partition(" ")
                with self.changed:
                    self.said[name] = int(count)
                    self.changed.notify_all()

    def wait(self, wanted: Mapping[str, int], deadline: float = 30) -> None:
        def there() -> bool:
            return all(self.said.get(name, 0) >= count for name, count in wanted.items())

        with self.changed:
            assert self.changed.wait_for(there, deadline), f"after {deadline} s only {self.said}"

    def ask(self, name: str) -> None:
        """Have one thing written; it is acknowledged when this returns."""
        wanted = self.said.get(name, 0) + 1
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        self.wait({name: wanted})


@dataclass
class Node:
    """A disk, who writes on it, and what cuts have left."""

    disk: PowerCutDisk
    keeper: Keeper
    place: Path
    image: mmap.mmap
    dice: random.Random
    missing: Counter[str] = field(default_factory=Counter)
    in_part: list[str] = field(default_factory=list)

    def cut(self) -> None:
        # First what was said, then the cut: what is said in between may be there or not.
        said = dict(self.keeper.said)
        self.disk.cut(self.dice, self.image)
        # So that the disk need not hold what would be written while it is looked at.
        self.keeper.process.send_signal(signal.SIGSTOP)
        with Mounted(self.place / "image", self.place / "after") as folder:
            for name, read in READ.items():
                try:
                    self.missing[name] += read(folder) < said.get(name, 0)
                except (AssertionError, sqlite3.Error, HotlineError) as error:
                    self.in_part.append(f"{name} of {said}: {error}")
        self.keeper.process.send_signal(signal.SIGCONT)


@contextmanager
def writing(place: Path, log: Path, *options: str) -> Iterator[Node]:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201
    with (place / "image").open("w+b") as file:
        file.truncate(DISK_BYTES)
        image = mmap.mmap(file.fileno(), DISK_BYTES)
    with (
        closing(image),
        PowerCutDisk(place / "disk", DISK_BYTES) as disk,
        keeping_on(disk, place / "before", log, *options) as keeper,
    ):
        keeper.wait({"ready": 1})
        yield Node(disk, keeper, place, image, random.Random(seed))


@contextmanager
def keeping_on(disk: PowerCutDisk, folder: Path, log: Path, *options: str) -> Iterator[Keeper]:
    make_ext4(disk.device)
    command = [sys.executable, "-m", "tests.power.keeper", str(folder), *options]
    pipe = subprocess.PIPE
    with Mounted(disk.device, folder), log.open("ab") as errors:
        process = subprocess.Popen(command, cwd=CHECKOUT, stdin=pipe, stdout=pipe, stderr=errors, text=True)
        keeper = Keeper(process)
        listener = threading.Thread(target=keeper.listen)
        listener.start()
        try:
            yield keeper
            assert process.poll() is None, log.read_text(encoding="utf-8")
        finally:
            process.kill()
            process.wait()
            listener.join()
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                stream.close()


# What is found after a cut: of each kind the number up to which nothing is missing. They raise AssertionError
# where something is there in part.


def record(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "hotline.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        offset = connection.execute("SELECT coalesce(max(offset), 0) FROM spool_position").fetchone()[0]
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in ("call", "call_event", "webhook_delivery", "webhook_subject")
        ]
    assert counts == [offset // EVENTS_EACH] * 4, f"a batch in part: {counts}, log at {offset}"
    return int(counts[0])


def entries(folder: Path) -> int:
    """And their words in the index."""
    with closing(sqlite3.connect(folder / "hotline.db")) as connection:
        count, indexed = (
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in ("register_entry", "register_search")
        )
    assert count == indexed, f"{count} entries, {indexed} in the index"
    return int(count)


def overrides(folder: Path) -> int:
    found = [int(kept.override.id[1:]) for kept in OverridesFile(folder / "overrides.json").all()]
    return max(found, default=0)


def presence(folder: Path) -> int:
    present = PresenceFile(folder / "operators.json").load().presences
    return int(present["anna"].reason.removeprefix("nr-")) if present else 0


def alerts(folder: Path) -> int:
    found = {int(each.alert.id[1:]) for each in AlertSpool(folder / "alerts").queued()}
    return next(number for number in range(len(found) + 1) if number + 1 not in found)


def trail(folder: Path) -> int:
    found = [
        (entry.at - BEGUN) // timedelta(days=1) for entry in AuditTrail(folder / "audit.jsonl").entries()
    ]
    assert found == list(range(1, len(found) + 1))
    return len(found)


def erasures(folder: Path) -> int:
    found = [each.person for each in ErasuresFile(folder / "erasures.jsonl").all()]
    assert found == [f"~nr{number}" for number in range(1, len(found) + 1)]
    return len(found)


def careless(folder: Path) -> int:
    try:
        return int((folder / "careless").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0


READ = {
    each.__name__: each for each in (record, entries, overrides, presence, alerts, trail, erasures, careless)
}


def judge(node: Node, what: str) -> None:
    """A line for docs/faults.md, shown with `-s` or when the test fails; then what must be so."""
    lost_of_careless = node.missing.pop("careless")
    print(  # noqa: T201
        f"R9 {CUTS} power cuts {what}, {node.disk.flushes} flushes, {node.keeper.said['record']} batches:"
        f" missing {dict(+node.missing)}, in part {len(node.in_part)}; what nobody syncs {lost_of_careless}"
    )
    assert not node.in_part, node.in_part[:5]
    assert not +node.missing, +node.missing
    # Otherwise nothing was cut at all.
    assert lost_of_careless > 0


def test_what_was_acknowledged_is_there_if_the_power_fails_right_then(place: Path, tmp_path: Path) -> None:
    with writing(place, tmp_path / "keeper.log", "asked") as node:
        for number in range(CUTS):
            node.keeper.ask(NAMES[number % len(NAMES)])
            node.cut()
        judge(node, "right after something was acknowledged")


def test_what_was_acknowledged_is_there_if_the_power_fails_at_any_moment(place: Path, tmp_path: Path) -> None:
    with writing(place, tmp_path / "keeper.log") as node:
        node.keeper.wait(dict.fromkeys(NAMES, 1))
        for _ in range(CUTS):
            time.sleep(node.dice.uniform(0, LONGEST_BETWEEN_S))
            node.cut()
        judge(node, "at random moments")

"""Writes what a service writes, as it writes it, and says on standard output what has been acknowledged.

    python -m tests.power.keeper FOLDER [asked]

Run on a disk whose power is cut. Each line is a name and how many of it are safe by now: whoever reads it may
hold the disk to it. It writes on and on, or, `asked`, one thing for each name on standard input.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from hotline_ivr.control.alert_spool import AlertSpool
from hotline_ivr.control.audit import AuditEntry, AuditTrail
from hotline_ivr.control.erasures_file import Erasure, ErasuresFile
from hotline_ivr.control.overrides_file import OverridesFile
from hotline_ivr.control.presence_file import PresenceFile
from hotline_ivr.routing.alerts import Alert, AlertState, Channel, Delivery, QueuedAlert
from hotline_ivr.routing.cel import Source
from hotline_ivr.routing.fold import fold
from hotline_ivr.routing.kept import keep_events
from hotline_ivr.routing.ledger import Batch, KeptEvents, Position
from hotline_ivr.routing.overrides import Override, OverrideKind
from hotline_ivr.routing.presence import Presence, Standing
from hotline_ivr.routing.presence_kept import KeptPresences
from hotline_ivr.routing.webhooks import Subscription
from hotline_ivr.store.engine import Store, open_store
from hotline_ivr.store.ledger import DatabaseLedger
from hotline_ivr.store.migrate import upgrade
from hotline_ivr.store.register_book import DatabaseRegister
from hotline_ivr.store.webhook_spool import subscribe
from tests.routing.call_tables import CALL, FOLDER, read_call
from tests.store.register_entries import an_entry

NODE = "main"
BEGUN = datetime(2026, 8, 17, 8, tzinfo=UTC)
NAMES = ("record", "entries", "overrides", "presence", "alerts", "trail", "erasures", "careless")
A_DAY = timedelta(days=1)
EVENTS_EACH = 1_000
"""Bytes by which a batch says that it moved the log."""


def acknowledged(name: str, count: int) -> None:
    # In one write: several threads say something.
    os.write(1, f"{name} {count}\n".encode())


RECORDED = read_call(FOLDER / "second_operator_answers.txt")


def batch(number: int) -> Batch:
    """One call each: the first is 1."""
    record = fold(RECORDED.events, RECORDED.queue_events, node=NODE)
    assert record is not None
    call = f"{CALL}{number}"
    before = Position(Source.CEL, 1, 7, (number - 1) * EVENTS_EACH, "1:a") if number > 1 else None
    return Batch(
        node=NODE,
        moves=[(before, Position(Source.CEL, 1, 7, number * EVENTS_EACH, "1:a"))],
        events=[KeptEvents(NODE, call, "cel", 1, number * EVENTS_EACH, keep_events(RECORDED.events))],
        records=[record._replace(id=call)],
    )


class Keeper:
    """One way to write for each name; the first of each is 1."""

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder = folder
        self._ledger = DatabaseLedger(store, NODE)
        self._register = DatabaseRegister(store, NODE)

    async def write(self, name: str, number: int) -> None:
        if name == "record":
            await self._ledger.commit(batch(number))
        elif name == "entries":
            await self._register.add(an_entry(f"Question {number}?", f"Answer {number}", id=f"entry{number}"))
        else:
            await asyncio.to_thread(getattr(self, f"_{name}"), number, BEGUN + timedelta(days=number))
        acknowledged(name, number)

    def _overrides(self, number: int, at: datetime) -> None:
        over = Override(f"o{number}", "open", OverrideKind.CLOSE, at, at + timedelta(seconds=30), "test")
        OverridesFile(self._folder / "overrides.json").add(over, at)

    def _presence(self, number: int, at: datetime) -> None:
        present = {"anna": Presence(Standing.PAUSED, at, reason=f"nr-{number}")}
        PresenceFile(self._folder / "operators.json").save(KeptPresences(present))

    def _alerts(self, number: int, at: datetime) -> None:
        alert = Alert(f"a{number}", "record", AlertState.TOLD, "record", at, "title", "text")
        queued = QueuedAlert(alert, (Delivery(Channel.MAIL, "ops@example.org", at),))
        AlertSpool(self._folder / "alerts").add(queued)

    def _trail(self, number: int, at: datetime) -> None:
        entry = AuditEntry(at, "test", "command", f"nr-{number}", "line open", {})
        AuditTrail(self._folder / "audit.jsonl").note(entry)

    def _erasures(self, number: int, at: datetime) -> None:
        ErasuresFile(self._folder / "erasures.jsonl").note(Erasure(at, f"~nr{number}", "test"))

    def _careless(self, number: int, _at: datetime) -> None:
        """What the others are held against: a file as many programs put it in place, nothing synced."""
        draft = self._folder / "careless.new"
        draft.write_text(str(number), encoding="ascii")
        draft.replace(self._folder / "careless")


async def go_on(keeper: Keeper, names: Sequence[str]) -> None:
    for number in count(1):
        for name in names:
            await keeper.write(name, number)


async def when_asked(keeper: Keeper) -> None:
    numbers = {name: count(1) for name in NAMES}
    while name := (await asyncio.to_thread(sys.stdin.readline)).strip():
        await keeper.write(name, next(numbers[name]))


async def main(folder: Path, *, asked: bool) -> None:
    url = f"sqlite:///{folder / 'hotline.db'}"
    await upgrade(url)
    store = open_store(url)
    hook = Subscription("desk", frozenset({"call-ended"}), frozenset(), numbers=False, give_up_after=A_DAY)
    await store.write(lambda connection: subscribe(connection, NODE, [hook]))
    keeper = Keeper(folder, store)
    acknowledged("ready", 1)
    if asked:
        await when_asked(keeper)
        return
    async with asyncio.TaskGroup() as group:
        group.create_task(go_on(keeper, ["record"]))
        group.create_task(go_on(keeper, [name for name in NAMES if name != "record"]))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), asked=sys.argv[2:] == ["asked"]))

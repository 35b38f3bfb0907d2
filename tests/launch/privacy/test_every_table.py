"""Each table of the database has a word about persons: a new one without it fails here."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, inspect

from hotline_ivr.launch.privacy.kinds import KINDS
from hotline_ivr.store.engine import open_store
from hotline_ivr.store.migrate import upgrade

NOTHING = "nothing of a person"

HELD: dict[str, str] = {
    # table: kinds that take it away (launch/privacy/kinds.py), or why none has to
    "call": "numbers keys calls",
    "call_event": "numbers keys calls",
    "leg": "calls",
    "open_call": "calls",
    "voicemail_message": "voicemail calls",
    "recording": "recordings calls",
    "promise": "numbers promises",
    "promise_call": "numbers promises calls",
    "promise_act": "numbers promises",
    "callback_attempt": "numbers promises",
    "register_entry": "entries numbers",
    # Of its words nothing is left when the entry's are gone: triggers, and tidy_index.
    "register_search": "entries",
    "webhook_delivery": "webhooks numbers keys calls",
    # A hash of what was told, with the number in it.
    "webhook_subject": "webhooks numbers keys calls",
    # Keyed hashes of rows of spreadsheets: they keep what was erased from coming back with the same file.
    "register_import": NOTHING,
    "register_batch": NOTHING,
    # Keys that a program made up for what it sent.
    "register_request": NOTHING,
    # Lines that were none: a full disk cuts one also behind the number.
    "rejected_line": "numbers keys logs",
    "operator_period": NOTHING,
    "queue_event": NOTHING,
    "spool_position": NOTHING,
    "log_clock": NOTHING,
    "balance_night": NOTHING,
    "webhook": NOTHING,
    "purge": NOTHING,
    "node_lease": NOTHING,
    "alembic_version": NOTHING,
}


def names(connection: Connection) -> set[str]:
    found = inspect(connection).get_table_names()
    # The parts of which FTS5 makes its index.
    return {name for name in found if not name.startswith("register_search_")}


@pytest.mark.postgres
async def test_privacy_knows_of_every_table(database_url: str) -> None:
    await upgrade(database_url)
    store = open_store(database_url)
    found = await store.read(names)
    await store.close()
    assert found == set(HELD)
    kinds = {each.name for each in KINDS}
    for table, words in HELD.items():
        assert words == NOTHING or set(words.split()) <= kinds, table

"""The tables of the record. Every row knows its node.

What Asterisk wrote is kept: `call_event` holds the events of a call, one row for all that one reading of a
file held of that call. A row for each event would take several times the work (docs/record.md) and serve
nobody: events are always read by call. A call's row can be folded again from them at any time.

`spool_position` says how far each generation of each file has been read. It changes in the same transaction
as all that came of what was read.

Texts have no longest length here: one that is too long must not stop the record, and neither database would
gain by it. The bounds are where text comes in (asterisk/spool.py, routing/caller.py).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from hotline_ivr.store.columns import Instant

metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"}
)

# Columns in the order of CallRecord's fields.
call = Table(
    "call",
    metadata,
    Column("node", String, nullable=False),
    Column("id", String, nullable=False),
    Column("line", String, nullable=False),
    Column("number", String, nullable=False),
    Column("caller", String, nullable=False),
    Column("caller_name", String, nullable=False),
    Column("caller_kind", String, nullable=False),
    Column("arrived_at", Instant, nullable=False),
    Column("picked_up_at", Instant),
    Column("greeting_started_at", Instant),
    Column("greeting_ended_at", Instant),
    Column("queued_at", Instant),
    Column("ringing_at", Instant),
    Column("connected_at", Instant),
    Column("ended_at", Instant),
    Column("last_event_at", Instant, nullable=False),
    Column("wait_ms", BigInteger),
    Column("talk_ms", BigInteger),
    Column("total_ms", BigInteger),
    Column("queue", String),
    Column("operator", String),
    Column("outcome", String),
    Column("stage", String, nullable=False),
    Column("ended_by", String),
    Column("end_cause", Integer),
    Column("queue_status", String),
    Column("route", String),
    Column("plan_version", String),
    Column("reasons", Text, nullable=False),
    Column("rings", Integer, nullable=False),
    Column("unanswered_rings", Integer, nullable=False),
    Column("discrepancy", String),
    Column("finished", Boolean, nullable=False),
    Column("keys", Text, nullable=False, server_default=""),
    Column("centre", String),
    Column("outside_number", String),
    Column("outside_ring_ms", BigInteger),
    Column("outside_talk_ms", BigInteger),
    Column("confirmation", String),
    Column("kind", String, nullable=False, server_default="caller"),
    Column("attempt", String),
    # 0 is before versions were counted.
    Column("fold_version", Integer, nullable=False, server_default="0"),
    Column("consent", String),
    Column("recorded", Integer),
    PrimaryKeyConstraint("node", "id"),
    # Lists and reports go by time.
    Index(None, "arrived_at"),
)

# Columns: the call's key, then the order of LegRecord's fields.
leg = Table(
    "leg",
    metadata,
    Column("node", String, nullable=False),
    Column("call_id", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("channel_name", String, nullable=False),
    Column("operator", String),
    Column("device", String),
    Column("started_at", Instant),
    Column("answered_at", Instant),
    Column("connected_at", Instant),
    Column("ended_at", Instant),
    Column("cause", Integer),
    Column("talk_ms", BigInteger),
    Column("result", String),
    PrimaryKeyConstraint("node", "call_id", "channel"),
)

# Calls that are not over: what to look at after a start, and what a restart of Asterisk cut off.
open_call = Table(
    "open_call",
    metadata,
    Column("node", String, nullable=False),
    Column("call_id", String, nullable=False),
    PrimaryKeyConstraint("node", "call_id"),
)

# Events of a call as routing/kept.py writes them; `start` is where in the file the first of them began.
call_event = Table(
    "call_event",
    metadata,
    Column("node", String, nullable=False),
    Column("call_id", String, nullable=False),
    Column("source", String, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("events", LargeBinary, nullable=False),
    PrimaryKeyConstraint("node", "call_id", "source", "generation", "start"),
)

# queue_log lines that are of no call: operators coming, going and pausing, Asterisk starting.
queue_event = Table(
    "queue_event",
    metadata,
    Column("node", String, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("event", String, nullable=False),
    Column("queue", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("data", Text, nullable=False),
    PrimaryKeyConstraint("node", "generation", "start"),
    Index(None, "node", "event", "at"),
)

# Where each operator stood, from when to when: the pause ledger. A line without an end is how it is now.
operator_period = Table(
    "operator_period",
    metadata,
    Column("node", String, nullable=False),
    Column("operator", String, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("standing", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("began_by", String, nullable=False),
    Column("ended_by", String, nullable=False),
    PrimaryKeyConstraint("node", "operator", "began_at"),
    Index(None, "began_at"),
)

# What was no record: kept for a human to look at, never dropped.
rejected_line = Table(
    "rejected_line",
    metadata,
    Column("node", String, nullable=False),
    Column("source", String, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("node", "source", "generation", "start"),
)

spool_position = Table(
    "spool_position",
    metadata,
    Column("node", String, nullable=False),
    Column("source", String, nullable=False),
    Column("generation", Integer, nullable=False),
    # Inode numbers are unsigned 64 bit; as text they fit every database.
    Column("inode", String, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("fingerprint", String, nullable=False),
    PrimaryKeyConstraint("node", "source", "generation"),
)

# From this line of a file on it was written by another clock: which start of the machine that was, and how
# far its time of day (since 1970 UTC) was ahead of the time since that start, in microseconds.
log_clock = Table(
    "log_clock",
    metadata,
    Column("node", String, nullable=False),
    Column("source", String, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("boot", String, nullable=False),
    Column("ahead_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("node", "source", "generation", "start"),
)

# A message that a caller has left: its file lies below Asterisk's folder until `removed_at`. The row stays,
# so that what was done with it can be told when the voice itself has long been deleted.
voicemail_message = Table(
    "voicemail_message",
    metadata,
    Column("node", String, nullable=False),
    Column("call_id", String, nullable=False),
    Column("box", String, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("length_ms", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("heard_at", Instant),
    Column("heard_by", String, nullable=False),
    Column("done_at", Instant),
    Column("done_by", String, nullable=False),
    Column("notified_at", Instant),
    Column("removed_at", Instant),
    PrimaryKeyConstraint("node", "call_id"),
    Index(None, "recorded_at"),
)

# The promise ledger: entries as routing/promises.py makes them from the calls and acts below.
promise = Table(
    "promise",
    metadata,
    Column("node", String, nullable=False),
    # That of the call which opened it.
    Column("id", String, nullable=False),
    Column("person", String, nullable=False),
    Column("line", String, nullable=False),
    Column("queue", String, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("reasons", String, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("owner", String, nullable=False),
    Column("state", String, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", String, nullable=False),
    Column("note", Text, nullable=False),
    # Where to ring, if not at the person's own number; since when they have waited if they keep the place.
    Column("number", String, nullable=False, server_default=""),
    Column("place_at", Instant),
    PrimaryKeyConstraint("node", "id"),
    Index(None, "person"),
    Index(None, "state", "opened_at"),
)

# Calls that entries are made of, and conversations that closed them: each call once.
promise_call = Table(
    "promise_call",
    metadata,
    Column("node", String, nullable=False),
    Column("call_id", String, nullable=False),
    Column("person", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("outcome", String, nullable=False),
    Column("line", String, nullable=False),
    Column("queue", String, nullable=False),
    # Of a call that was promised another: the number that was agreed on, and the place that is kept.
    Column("number", String, nullable=False, server_default=""),
    Column("place_at", Instant),
    PrimaryKeyConstraint("node", "call_id"),
    Index(None, "person", "at"),
    Index(None, "number"),
)

# What people did about an entry; never changed.
promise_act = Table(
    "promise_act",
    metadata,
    # Where it was done.
    Column("node", String, nullable=False),
    Column("person", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", String, nullable=False),
    Column("by", String, nullable=False),
    Column("operator", String, nullable=False),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("person", "at"),
)

# Calls back that the service made, each tried once: the key is what no two services can both take.
callback_attempt = Table(
    "callback_attempt",
    metadata,
    # Who dials.
    Column("node", String, nullable=False),
    Column("promise_node", String, nullable=False),
    Column("promise_id", String, nullable=False),
    Column("number", Integer, nullable=False),
    # Names the file for Asterisk, and stands in the record of the call.
    Column("id", String, nullable=False),
    Column("person", String, nullable=False),
    Column("queue", String, nullable=False),
    # The file's text: what is dialled, decided once.
    Column("file", Text, nullable=False),
    Column("claimed_at", Instant, nullable=False),
    # Not to be dialled any more after that.
    Column("until", Instant, nullable=False),
    # claimed, written, over
    Column("state", String, nullable=False),
    Column("ended_at", Instant),
    Column("result", String, nullable=False),
    Column("call_id", String, nullable=False),
    PrimaryKeyConstraint("promise_node", "promise_id", "number"),
    Index(None, "id"),
    Index(None, "state"),
    Index(None, "claimed_at"),
)

# What the nightly balance proof of a node's day has found; `report` is JSON.
balance_night = Table(
    "balance_night",
    metadata,
    Column("node", String, nullable=False),
    # The day on the organisation's clock, as 2026-11-27.
    Column("day", String, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("arrivals", Integer, nullable=False),
    Column("callbacks", Integer, nullable=False),
    Column("under_way", Integer, nullable=False),
    Column("differences", Integer, nullable=False),
    Column("even", Boolean, nullable=False),
    Column("report", Text, nullable=False),
    # When somebody was told that it is not even.
    Column("told_at", Instant),
    PrimaryKeyConstraint("node", "day"),
)

# Recordings of conversations: a row a part of a call, which outlives its file.
recording = Table(
    "recording",
    metadata,
    Column("node", String, nullable=False),
    Column("call_id", String, nullable=False),
    Column("part", Integer, nullable=False),
    # When it began.
    Column("recorded_at", Instant, nullable=False),
    Column("length_ms", BigInteger, nullable=False),
    # Of the file as it is kept: its bytes, and their SHA-256.
    Column("size", BigInteger, nullable=False),
    Column("sha256", String, nullable=False),
    Column("encrypted", Boolean, nullable=False),
    Column("removed_at", Instant),
    Column("removed_by", String, nullable=False),
    PrimaryKeyConstraint("node", "call_id", "part"),
    Index(None, "recorded_at"),
)

# What the purge of a node's day has taken away; `report` is JSON, kind by kind.
purge = Table(
    "purge",
    metadata,
    Column("node", String, nullable=False),
    # The day on the organisation's clock, as 2026-11-27.
    Column("day", String, nullable=False),
    Column("begun_at", Instant, nullable=False),
    # Without it, it was stopped: what it left is taken by the next.
    Column("done_at", Instant),
    Column("report", Text, nullable=False),
    PrimaryKeyConstraint("node", "day"),
)

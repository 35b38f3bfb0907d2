"""Tables of web hooks: who is told, what has been told, and what is on its way."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from hotline_ivr.store.columns import Instant
from hotline_ivr.store.tables import metadata

# Programs that are told of what happens at a node, for whoever writes of it, also beside the service.
webhook = Table(
    "webhook",
    metadata,
    Column("node", String, nullable=False),
    Column("hook", String, nullable=False),
    # Separated by blanks; no lines are all.
    Column("events", Text, nullable=False),
    Column("lines", Text, nullable=False),
    Column("numbers", Boolean, nullable=False),
    Column("give_up_s", Integer, nullable=False),
    # How long a call is waited for before it is told of.
    Column("settle_s", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("node", "hook"),
)

# What has been told of a subject: by which version, and the hash of what that said.
webhook_subject = Table(
    "webhook_subject",
    metadata,
    Column("node", String, nullable=False),
    Column("event", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("node", "event", "subject"),
    Index(None, "at"),
)

# What is on its way to receivers, written in the transaction of what it tells of.
webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("node", String, nullable=False),
    Column("hook", String, nullable=False),
    Column("event", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    # Tried so long, and once at least.
    Column("expires_at", Instant, nullable=False),
    # waiting, sent, failed
    Column("state", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tried_at", Instant),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("node", "hook", "event", "subject", "version"),
    Index(None, "node", "hook", "state", "next_at"),
)

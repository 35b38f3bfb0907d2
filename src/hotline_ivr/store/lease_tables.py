"""The table of leases: which service is the one of its node."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, String, Table

from hotline_ivr.store.columns import Instant
from hotline_ivr.store.tables import metadata

node_lease = Table(
    "node_lease",
    metadata,
    Column("node", String, nullable=False),
    # By lot, one for each process.
    Column("holder", String, nullable=False),
    # The state folder that it runs from, so that its next process is known again.
    Column("place", String, nullable=False),
    # For people: machine, process and folder.
    Column("host", String, nullable=False),
    Column("process", Integer, nullable=False),
    Column("folder", String, nullable=False),
    # Counts its renewals: whoever sees it stand still may take it.
    Column("turn", BigInteger, nullable=False),
    Column("taken_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    PrimaryKeyConstraint("node"),
)

"""Recordings of conversations, and whether callers agreed to them."""

import sqlalchemy as sa
from alembic import op

from hotline_ivr.store.columns import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("call", sa.Column("consent", sa.String()))
    op.add_column("call", sa.Column("recorded", sa.Integer()))
    op.create_table(
        "recording",
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("length_ms", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("encrypted", sa.Boolean(), nullable=False),
        sa.Column("removed_at", Instant()),
        sa.Column("removed_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("node", "call_id", "part", name="pk_recording"),
    )
    op.create_index("ix_recording_recorded_at", "recording", ["recorded_at"])

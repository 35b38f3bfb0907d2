"""Messages that callers have left, and what people did with them."""

import sqlalchemy as sa
from alembic import op

from hotline_ivr.store.columns import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voicemail_message",
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("box", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("length_ms", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", Instant()),
        sa.Column("heard_by", sa.String(), nullable=False),
        sa.Column("done_at", Instant()),
        sa.Column("done_by", sa.String(), nullable=False),
        sa.Column("notified_at", Instant()),
        sa.Column("removed_at", Instant()),
        sa.PrimaryKeyConstraint("node", "call_id", name="pk_voicemail_message"),
    )
    op.create_index("ix_voicemail_message_recorded_at", "voicemail_message", ["recorded_at"])

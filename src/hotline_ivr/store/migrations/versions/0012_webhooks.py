"""Web hooks of the record: who is told, what was told of what, and what is on its way."""

import sqlalchemy as sa
from alembic import op

from hotline_ivr.store.columns import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("hook", sa.String(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("numbers", sa.Boolean(), nullable=False),
        sa.Column("give_up_s", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("node", "hook", name="pk_webhook"),
    )
    op.create_table(
        "webhook_subject",
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("node", "event", "subject", name="pk_webhook_subject"),
    )
    op.create_index("ix_webhook_subject_at", "webhook_subject", ["at"])
    op.create_table(
        "webhook_delivery",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("node", "hook", "event", "subject")),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.Column(name, Instant(), nullable=False) for name in ("created_at", "next_at", "expires_at")),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tried_at", Instant()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("node", "hook", "event", "subject", "version", name="pk_webhook_delivery"),
    )
    op.create_index(
        "ix_webhook_delivery_node_hook_state_next_at",
        "webhook_delivery",
        ["node", "hook", "state", "next_at"],
    )
